"""Payments and payment methods as their owner sees them."""

from accounts.models import User
from common.models import LockableQuerySet
from wallets.models import MilestoneFunding, Payment, PaymentMethod


def payment_methods_of(user: User) -> LockableQuerySet[PaymentMethod]:
    """The user's stored methods, the default one on top."""
    return PaymentMethod.objects.of(user).order_by("-is_default", "-created_at", "pk")


def payments_of(user: User) -> LockableQuerySet[Payment]:
    """Payments that the user made, with what they were for."""
    return Payment.objects.filter(payer=user).select_related(
        "invoice__project", "invoice__milestone", "project"
    )


def fundings_of(payment: Payment) -> list[MilestoneFunding]:
    """What a payment set aside, milestone by milestone."""
    rows = payment.fundings.select_related("milestone")
    return list(rows.order_by("milestone__position"))
