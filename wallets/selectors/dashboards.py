"""What the two dashboards show, and their charts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from djmoney.money import Money

from accounts.models import User
from common.money import amount_text, exponent_of, sum_money, zero
from gigs import selectors as gig_selectors
from gigs.enums import MilestoneStatus, ProjectStatus
from gigs.models import Milestone
from invoicing import selectors as invoice_selectors
from invoicing.enums import Side
from invoicing.models import Invoice
from invoicing.selectors import MonthAmount, Outstanding
from wallets.selectors.ledger import WalletBalance, wallet_balances

MONTHS: Final = 12
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class MonthlyChart:
    """Twelve months in one currency, the current one last."""

    currency: str
    months: list[MonthAmount]
    total: Money

    def source(self, name: str) -> dict[str, Any]:
        """What static/js/charts.js draws."""
        return {
            "currency": self.currency,
            "decimals": exponent_of(self.currency),
            "labels": [f"{month.month:%b %y}" for month in self.months],
            "series": [{"name": name, "values": [amount_text(m.amount) for m in self.months]}],
        }


@dataclass(frozen=True, slots=True)
class FreelancerBoard:
    """A freelancer's dashboard."""

    balances: list[WalletBalance]
    chart: MonthlyChart
    currencies: list[str]
    todo: gig_selectors.FreelancerTodo
    waiting: list[Outstanding]
    invoices: list[Invoice]


@dataclass(frozen=True, slots=True)
class CommissionerBoard:
    """A commissioner's dashboard."""

    chart: MonthlyChart
    currencies: list[str]
    todo: gig_selectors.CommissionerTodo
    to_pay: list[Invoice]
    outstanding: list[Outstanding]
    projects: list[gig_selectors.ProjectView]
    project_count: int
    review_count: int


def freelancer_board(user: User, *, asked: str, at: datetime) -> FreelancerBoard:
    """What a freelancer sees first; the chart is of the currency asked for, or of their own."""
    earned = invoice_selectors.earned_by_month(user, since=_first_month(at))
    balances = wallet_balances(user.pk)
    currencies = sorted({balance.currency for balance in balances})
    return FreelancerBoard(
        balances=balances,
        chart=chart_of(earned, currency=_shown(currencies, asked, user.currency), at=at),
        currencies=currencies,
        todo=gig_selectors.todo_freelancer(user),
        waiting=invoice_selectors.outstanding(user, Side.SENT),
        invoices=invoice_selectors.latest_invoices(user, Side.SENT, limit=SHOWN),
    )


def commissioner_board(user: User, *, asked: str, at: datetime) -> CommissionerBoard:
    """What a commissioner sees first."""
    spent = invoice_selectors.spent_by_month(user, since=_first_month(at))
    currencies = sorted({month.amount.currency.code for month in spent})
    projects = gig_selectors.project_pages(user).filter(
        commissioner=user, status__in=[ProjectStatus.AWAITING_UPFRONT, ProjectStatus.ACTIVE]
    )
    return CommissionerBoard(
        chart=chart_of(spent, currency=_shown(currencies, asked, user.currency), at=at),
        currencies=currencies,
        todo=gig_selectors.todo_commissioner(user),
        to_pay=invoice_selectors.invoices_to_pay(user, limit=SHOWN),
        outstanding=invoice_selectors.outstanding(user, Side.RECEIVED),
        projects=[
            gig_selectors.project_view(project)
            for project in projects.order_by("-started_at", "-pk")[:SHOWN]
        ],
        project_count=projects.count(),
        review_count=Milestone.objects.filter(
            project__commissioner=user, status=MilestoneStatus.IN_REVIEW
        ).count(),
    )


def earnings_by_month(user: User, *, currency: str, at: datetime) -> MonthlyChart:
    """Net earnings of the last twelve months in one currency."""
    earned = invoice_selectors.earned_by_month(user, since=_first_month(at))
    return chart_of(earned, currency=currency, at=at)


def chart_of(amounts: Iterable[MonthAmount], *, currency: str, at: datetime) -> MonthlyChart:
    """The months of one currency, those without money too."""
    by_month = {
        (row.month.year, row.month.month): row.amount
        for row in amounts
        if row.amount.currency.code == currency
    }
    months = [
        MonthAmount(month=month, amount=by_month.get((month.year, month.month), zero(currency)))
        for month in _months(at)
    ]
    return MonthlyChart(
        currency=currency,
        months=months,
        total=sum_money([month.amount for month in months], currency),
    )


def _months(at: datetime) -> list[datetime]:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    numbers = [first.year * 12 + first.month - 1 - back for back in range(MONTHS - 1, -1, -1)]
    return [first.replace(year=number // 12, month=number % 12 + 1) for number in numbers]


def _first_month(at: datetime) -> datetime:
    return _months(at)[0]


def _shown(currencies: list[str], asked: str, preferred: str) -> str:
    for currency in (asked, preferred):
        if currency in currencies:
            return currency
    return currencies[0] if currencies else preferred
