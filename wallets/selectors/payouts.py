"""Payout methods as their owner sees them."""

from accounts.models import User
from common.models import LockableQuerySet
from wallets.models import PayoutMethod


def payout_methods_of(user: User) -> LockableQuerySet[PayoutMethod]:
    """The user's bank accounts, the newest on top."""
    return PayoutMethod.objects.of(user).order_by("-created_at", "-pk")
