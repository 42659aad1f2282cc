"""What the product's tables say, in the oracle's words."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, models

from accounts.models import User
from gigs.models import Milestone, Project, RefundRequest
from invoicing.models import Invoice, InvoiceDraft
from tests.oracle.banking import Bank
from wallets.models import BankStatementLine, Clearing, Hold, Payment, Withdrawal
from wallets.selectors import credit_of_user

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
        assert (model, pk) in self.handles, f"{model.__name__} {pk} should not be"
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
                "pk", "agreed_minor", "invoiced_minor", "fees_minor", "status", *EXTRAS
            )
        },
        "milestones": dict(_milestones(names)),
        **_invoices(names),
        "drafts": {
            names.of(InvoiceDraft, pk): tuple(rest)
            for pk, *rest in InvoiceDraft.objects.values_list("pk", "subtotal_minor", "status")
        },
        "clearings": {
            (names.of(Invoice, invoice), part and names.of(Payment, part)): amount - taken
            for invoice, part, amount, taken in Clearing.objects.waiting().values_list(
                "invoice", "part", "amount_minor", "taken_minor"
            )
        },
        "payments": {
            names.of(Payment, pk): tuple(rest)
            for pk, *rest in Payment.objects.exclude(provider="held", outcome="exact").values_list(
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
            names.of(Withdrawal, pk): (*rest, frozen_at is not None)
            for pk, *rest, frozen_at in Withdrawal.objects.values_list(
                "pk", "amount_minor", "fee_minor", "status", "rail", "frozen_at"
            )
        },
        "holds": {
            names.of(Hold, pk): (amount, released_at is not None)
            for pk, amount, released_at in Hold.objects.values_list(
                "pk", "amount_minor", "released_at"
            )
        },
        "lines": _lines(names),
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
            (owner, kind, currency): held for owner, kind, currency, _, held, _ in rows if held
        },
        "lifetime": {key: amount for key, amount in lifetime.items() if amount},
    }  # fmt: skip


EXTRAS = ("extra_minor", "extra_invoiced_minor")
MILESTONE = ("bonus_minor", "status", "version", "review_ends_at", "approved_at", "approved_by")


def _milestones(names):
    rows = Milestone.objects.values_list("pk", "amount", "currency", *MILESTONE)
    for pk, amount, currency, bonus, status, version, ends_at, approved_at, approved_by in rows:
        yield (
            names.of(Milestone, pk),
            (
                minor(amount, currency),
                bonus,
                status,
                version,
                seconds(ends_at),
                seconds(approved_at),
                approved_at is not None and approved_by is None,
            ),
        )


AMOUNTS = ("subtotal", "tax", "total", "fee", "net")
CREDITED = ("credited", "credited_tax", "credited_fee")


def _invoices(names):
    """The invoices, and the notes that take some of them back."""
    invoices, notes = {}, {}
    rows = Invoice.objects.values_list(
        "pk",
        "kind",
        "status",
        "credits",
        "series__year",
        "position",
        "currency",
        *AMOUNTS,
        *CREDITED,
        "part_paid",
    )
    for pk, kind, status, credits, year, position, currency, *amounts in rows:
        *written, credited, credited_tax, credited_fee, part = (minor(x, currency) for x in amounts)
        handle, number = names.of(Invoice, pk), (year, position)
        if credits is not None:
            notes[handle] = (names.of(Invoice, credits), *written, number)
            continue
        taken = credited, credited_tax, credited_fee, part
        invoices[handle] = (*written, kind, status, number, *taken)
    return {"invoices": invoices, "notes": notes}


def _lines(names):
    """What each line of the bank is; its handle is its reference."""
    found = {}
    rows = BankStatementLine.objects.values_list(
        "reference",
        "matches__kind",
        "matches__withdrawal",
        "matches__payment",
        "matches__amount_minor",
    )
    for reference, kind, withdrawal, payment, amount in rows.order_by("matches__pk"):
        matches = found.setdefault(int(reference), [])
        if kind is not None:
            pair = (Payment, payment) if withdrawal is None else (Withdrawal, withdrawal)
            matches.append((kind, names.of(*pair), amount))
    return found


def sources_in_product(names: Names) -> dict[int, int]:
    """What can go back along each payment."""
    found = {}
    for pk in names.people:
        _, sources = credit_of_user(User.objects.get(pk=pk))
        found |= {names.of(Payment, source.payment_id): source.left for source in sources}
    return found


def sources_in_oracle(books: Bank) -> dict[int, int]:
    found = {
        payment: books.is_credit_still(payment)
        for payment, row in books.payments.items()
        if books.is_source(row) and (row["method"] != "transfer" or row["account"])
    }
    return {payment: left for payment, left in found.items() if left}


def in_oracle(books: Bank) -> dict[str, dict]:
    """The same of the oracle's books."""

    def of(rows, *columns):
        return {handle: tuple(row[column] for column in columns) for handle, row in rows.items()}

    return {
        "balances": {key: amount for key, amount in books.balances.items() if amount},
        "reserved": {key: amount for key, amount in books.reserved.items() if amount},
        "lifetime": {key: amount for key, amount in books.lifetime.items() if amount},
        "projects": of(
            books.projects, "agreed", "invoiced", "fees", "status", "extra", "extra_invoiced"
        ),
        "milestones": of(
            books.milestones, "price", "bonus", "status", "version", "ends", "approved", "silent"
        ),
        "invoices": of(
            books.invoices, "gross", "tax", "total", "fee", "net", "kind", "status", "number",
            "credited", "credited_tax", "credited_fee", "part",
        ),
        "notes": of(books.notes, "invoice", "gross", "tax", "total", "fee", "net", "number"),
        "drafts": of(books.drafts, "amount", "status"),
        "clearings": {
            (row["invoice"], row["part"]): row["left"]
            for row in books.clearings.values()
            if row["left"]
        },
        "payments": of(books.payments, "amount", "received", "status", "outcome"),
        "refunds": of(books.refunds, "milestone", "status", "ends"),
        "withdrawals": of(books.withdrawals, "amount", "fee", "status", "rail", "frozen"),
        "holds": of(books.holds, "amount", "released"),
        "lines": {line: row["matches"] for line, row in books.lines.items()},
    }  # fmt: skip
