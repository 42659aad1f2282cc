"""A freelancer's wallet: balances, earnings, statement, and the statement as a table."""

from datetime import datetime
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.money import amount_text
from common.spreadsheets import csv_lines, csv_response, harmless
from wallets import selectors
from wallets.forms import MomentForm
from wallets.selectors import PastMoney, StatementRow

LINES_IN_WALLET: Final = 8
COLUMNS: Final = (
    "Time (UTC)",
    "Kind",
    "Invoice",
    "Project",
    "Milestone",
    "Amount",
    "Balance",
    "Currency",
)


@require_safe
@login_required
@role_required(Role.FREELANCER)
def wallet(request: SignedInRequest) -> HttpResponse:
    """Balances, what is in clearing, earnings by month, and the latest lines of the statement."""
    user = request.user
    currency = _currency(request)
    balances = selectors.wallet_balances(user.pk)
    chart = selectors.earnings_by_month(user, currency=currency, at=timezone.now())
    context = {
        "balances": balances,
        "currencies": [balance.currency for balance in balances],
        "clearings": selectors.clearings_of(user, currency=currency),
        "currency": currency,
        "chart": chart,
        "chart_source": chart.source("Net earnings"),
        "statement": selectors.statement(user.pk, currency=currency, size=LINES_IN_WALLET),
        "withdrawals": selectors.withdrawals_under_way(user),
        "holds": selectors.holds_in_force(user),
    }
    return render(request, "wallets/wallet.html", context)


@require_safe
@login_required
@role_required(Role.FREELANCER)
def statement(request: SignedInRequest) -> HttpResponse:
    """Each movement of money in one currency, newest first, with what the wallet had then.

    With a day, as it was at the end of that day.
    """
    user, currency = request.user, _currency(request)
    form = MomentForm(request.GET if request.GET.get("until") else None)
    until = form.moment() if form.is_valid() else None
    context = {
        "currencies": [balance.currency for balance in selectors.wallet_balances(user.pk)],
        "currency": currency,
        "form": form,
        "until": until,
        "past": _past(request, currency, until),
        "statement": selectors.statement(
            user.pk,
            currency=currency,
            before=place_in(request.GET.get("before", "")),
            until=until,
        ),
    }
    return render(request, "wallets/statement.html", context)


@require_safe
@login_required
@role_required(Role.FREELANCER)
@never_cache
def statement_csv(request: SignedInRequest) -> HttpResponseBase:
    """The whole statement in one currency as a table for spreadsheets."""
    currency = _currency(request)
    rows = selectors.statement_rows(request.user.pk, currency=currency)
    name = f"tranche-statement-{currency}-{timezone.now():%Y-%m-%d}.csv"
    return csv_response(csv_lines(COLUMNS, map(_cells, rows)), name=name)


def _past(request: SignedInRequest, currency: str, until: datetime | None) -> PastMoney | None:
    """What the wallet had at that moment; None when no moment is asked for."""
    if until is None:
        return None
    return selectors.past_money(request.user.pk, currency=currency, at=until)


def _cells(row: StatementRow) -> list[str]:
    invoice = row.invoice
    return [
        f"{row.posted_at:%Y-%m-%d %H:%M:%S}",
        row.label,
        invoice.number if invoice else "",
        harmless(invoice.project.title if invoice else ""),
        harmless(invoice.subject if invoice else ""),
        amount_text(row.amount),
        amount_text(row.balance_after),
        row.amount.currency.code,
    ]


def _currency(request: SignedInRequest) -> str:
    return selectors.wallet_currency(
        request.user.pk, asked=request.GET.get("currency", ""), preferred=request.user.currency
    )


def place_in(text: str) -> int | None:
    """A place in a statement from a URL; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
