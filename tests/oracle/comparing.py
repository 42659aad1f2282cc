"""What the product's tables say, in the oracle's words."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, models

from gigs.models import Milestone, Project, RefundRequest
from invoicing.models import Invoice
from tests.oracle.leaving import Wallets
from wallets.models import Hold, Payment, Withdrawal

DECIMALS = {"USD": 2, "JPY": 0, "KWD": 3}
LEDGER = """
SELECT a.owner, a.kind, a.currency, sum(b.posted)::bigint, sum(b.held)::bigint,
       sum(b.lifetime)::bigint
FROM wallets_account a JOIN wallets_balance b ON b.account_id = a.id
GROUP BY a.id
"""


def minor(amount, currency):
    scaled = amount.scaleb(DECIMALS[currency])
    assert scaled == int(scaled)
    return int(scaled)


def seconds(moment: datetime | None):
    return None if moment is None else int(moment.timestamp())


@dataclass
class Names:
    """Which row is which handle, and who is who."""

    people: dict[int, str] = field(default_factory=dict)
    handles: dict[tuple[type, int], int] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)

    def name(self, handle: int, row: models.Model) -> None:
        """The handle stands for this row, and for no other one."""
        assert self.rows.setdefault(handle, row.pk) == row.pk
        assert self.handles.setdefault((type(row), row.pk), handle) == handle

    def of(self, model: type, pk: int) -> int:
        return self.handles[model, pk]

    def owner(self, text: str):
        kind, _, rest = text.partition(":")
        match kind:
            case "user":
                return self.people[int(rest)]
            case "milestone":
                return "milestone", self.of(Milestone, int(rest))
        return rest or kind


def in_product(names: Names) -> dict[str, dict]:
    """Every balance and status that the oracle knows of."""
    return {
        **_ledger(names),
        "projects": {
            names.of(Project, pk): tuple(rest)
            for pk, *rest in Project.objects.values_list(
                "pk", "agreed_minor", "invoiced_minor", "fees_minor", "status"
            )
        },
        "milestones": dict(_milestones(names)),
        "invoices": dict(_invoices(names)),
        "payments": {
            names.of(Payment, pk): tuple(rest)
            for pk, *rest in Payment.objects.exclude(provider="held").values_list(
                "pk", "amount_minor", "received_minor", "status", "outcome"
            )
        },
        "refunds": {
            names.of(RefundRequest, pk): (names.of(Milestone, milestone), status, seconds(ends_at))
            for pk, milestone, status, ends_at in RefundRequest.objects.values_list(
                "pk", "milestone", "status", "ends_at"
            )
        },
        "withdrawals": {
            names.of(Withdrawal, pk): (amount, fee, status, frozen_at is not None)
            for pk, amount, fee, status, frozen_at in Withdrawal.objects.values_list(
                "pk", "amount_minor", "fee_minor", "status", "frozen_at"
            )
        },
        "holds": {
            names.of(Hold, pk): (amount, released_at is not None)
            for pk, amount, released_at in Hold.objects.values_list(
                "pk", "amount_minor", "released_at"
            )
        },
    }


def _ledger(names):
    with connection.cursor() as cursor:
        cursor.execute(LEDGER)
        rows = [(names.owner(owner), *rest) for owner, *rest in cursor.fetchall()]
    lifetime = Counter()
    for owner, _, currency, *_, earned in rows:
        lifetime.update({(owner, currency): earned} if earned else {})
    return {
        "balances": {
            (owner, kind, currency): posted for owner, kind, currency, posted, *_ in rows if posted
        },
        "reserved": {
            (owner, currency): held for owner, _, currency, _, held, _ in rows if held
        },
        "lifetime": dict(lifetime),
    }  # fmt: skip


def _milestones(names):
    for row in Milestone.objects.all():
        yield (
            names.of(Milestone, row.pk),
            (
                minor(row.amount.amount, row.amount.currency.code),
                row.bonus_minor,
                row.status,
                row.version,
                seconds(row.review_ends_at),
                seconds(row.approved_at),
                row.approved_at is not None and row.approved_by_id is None,
            ),
        )


def _invoices(names):
    for row in Invoice.objects.select_related("series"):
        amounts = (row.subtotal, row.tax, row.total, row.fee, row.net)
        yield (
            names.of(Milestone, row.milestone_id),
            (
                *(minor(amount.amount, row.currency) for amount in amounts),
                row.status,
                (row.series.year, row.position),
            ),
        )


def in_oracle(books: Wallets) -> dict[str, dict]:
    """The same of the oracle's books."""

    def of(rows, *columns):
        return {handle: tuple(row[column] for column in columns) for handle, row in rows.items()}

    return {
        "balances": {key: amount for key, amount in books.balances.items() if amount},
        "reserved": {key: amount for key, amount in books.reserved.items() if amount},
        "lifetime": {key: amount for key, amount in books.lifetime.items() if amount},
        "projects": of(books.projects, "agreed", "invoiced", "fees", "status"),
        "milestones": of(
            books.milestones, "price", "bonus", "status", "version", "ends", "approved", "silent"
        ),
        "invoices": of(
            books.invoices, "gross", "tax", "total", "fee", "net", "status", "number"
        ),
        "payments": of(books.payments, "amount", "received", "status", "outcome"),
        "refunds": of(books.refunds, "milestone", "status", "ends"),
        "withdrawals": of(books.withdrawals, "amount", "fee", "status", "frozen"),
        "holds": of(books.holds, "amount", "released"),
    }  # fmt: skip
