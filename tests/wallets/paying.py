"""Short ways to pay in tests, and all that a payment leaves behind."""

from djmoney.money import Money

from accounts.models import AuditEvent, User
from gigs.models import Milestone, Project
from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import SANDBOX_OK
from tests.factories import AT, CommissionerFactory
from wallets.enums import ChargeResult
from wallets.models import Account, Entry, Journal, Payment, PaymentMethod
from wallets.providers import Answer
from wallets.services import (
    MethodChoice,
    credit_top_up_begin,
    payment_ask,
    payment_begin,
    payment_conclude,
    payment_method_add,
)

SUCCEEDED = Answer(ChargeResult.SUCCEEDED)
DECLINED = Answer(ChargeResult.DECLINED, "card_declined")


def sandbox(token: str) -> MethodChoice:
    return MethodChoice(provider="sandbox", token=token)


def begin(invoice: Invoice, **changes) -> Payment:
    values = {"invoice_id": invoice.pk, "method": SANDBOX_OK, "by": invoice.buyer, "at": AT}
    return payment_begin(**{**values, **changes})


def store(user, *, token: str = "test_ok", is_default: bool = False) -> PaymentMethod:
    return payment_method_add(
        provider="sandbox", token=token, is_default=is_default, by=user, at=AT
    )


def topped_up(
    user: User | None = None, *, amount: str = "100.00", currency: str = "USD", method=SANDBOX_OK
) -> Payment:
    """Credit that came by a payment, as the request does it."""
    payment = credit_top_up_begin(
        amount=Money(amount, currency), method=method, by=user or CommissionerFactory(), at=AT
    )
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)


def legs() -> list[tuple[str, str, int]]:
    """Every entry of the ledger: whose account, of which kind, and what it gained."""
    return [
        (entry.account.owner, entry.account.kind, entry.amount)
        for entry in Entry.objects.select_related("account").order_by("journal_id", "leg")
    ]


def traces() -> dict[str, object]:
    """Whatever a payment could leave behind."""
    return {
        "payments": sorted(Payment.objects.values_list("pk", "status", "ended_at")),
        "methods": sorted(PaymentMethod.objects.values_list("pk", "is_default", "removed_at")),
        "invoices": sorted(Invoice.objects.values_list("pk", "status", "paid_at")),
        "milestones": sorted(Milestone.objects.values_list("pk", "status", "settled_at")),
        "projects": sorted(
            Project.objects.values_list("pk", "status", "invoiced_minor", "fees_minor")
        ),
        "jobs": sorted(Job.objects.values_list("topic", "key")),
        "audit": AuditEvent.objects.count(),
        "journals": Journal.objects.count(),
        "entries": legs(),
        "accounts": Account.objects.count(),
    }
