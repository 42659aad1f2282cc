"""Payments and payment methods as their owner sees them."""

from accounts.models import User
from common.models import LockableQuerySet
from wallets.enums import PaymentOutcome
from wallets.models import Journal, MilestoneFunding, Payment, PaymentMethod


def payment_methods_of(user: User) -> LockableQuerySet[PaymentMethod]:
    """The user's stored methods, the default one on top."""
    return PaymentMethod.objects.of(user).order_by("-is_default", "-created_at", "pk")


def payments_of(user: User) -> LockableQuerySet[Payment]:
    """Payments that the user made, with what they were for."""
    return Payment.objects.filter(payer=user).select_related(
        "invoice__project", "invoice__milestone", "project"
    )


def is_undone(payment: Payment) -> bool:
    """Whether it paid an invoice in part, and a credit note has taken that back."""
    if payment.outcome != PaymentOutcome.PART:
        return False
    return Journal.objects.filter(key=f"unpart:{payment.public_id}").exists()


def fundings_of(payment: Payment) -> list[MilestoneFunding]:
    """What a payment set aside, milestone by milestone."""
    rows = payment.fundings.select_related("milestone")
    return list(rows.order_by("milestone__position"))
