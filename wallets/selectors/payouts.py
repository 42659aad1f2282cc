"""Payout methods and withdrawals as their owner sees them."""

from typing import Final

from accounts.models import User
from common.models import LockableQuerySet
from common.pages import Page, newest_first
from wallets.enums import OPEN_WITHDRAWALS
from wallets.models import Hold, PayoutMethod, Withdrawal

PAGE_SIZE: Final = 25


def payout_methods_of(user: User) -> LockableQuerySet[PayoutMethod]:
    """The user's bank accounts, the newest on top."""
    return PayoutMethod.objects.of(user).order_by("-created_at", "-pk")


def withdrawals_of(user: User) -> LockableQuerySet[Withdrawal]:
    """The user's withdrawals with where they go, those of credit included."""
    return Withdrawal.objects.of(user).select_related("method", "payment")


def transfers_back_of(user: User) -> LockableQuerySet[Withdrawal]:
    """The user's credit that goes back, or went, to where a bank transfer came from."""
    return withdrawals_of(user).filter(payment__isnull=False)


def withdrawals_page(user: User, *, before: str = "", after: str = "") -> Page[Withdrawal]:
    """One page of what left the user's wallet, or is to leave it, newest first."""
    return newest_first(
        withdrawals_of(user).filter(payment__isnull=True),
        column="requested_at",
        limit=PAGE_SIZE,
        before=before,
        after=after,
    )


def withdrawals_under_way(user: User) -> list[Withdrawal]:
    """What the user's wallet waits for: reserved, and not paid yet."""
    waiting = withdrawals_of(user).filter(status__in=OPEN_WITHDRAWALS, payment__isnull=True)
    return list(waiting.order_by("-requested_at", "-pk")[:PAGE_SIZE])


def holds_of(user: User) -> LockableQuerySet[Hold]:
    """Money of the user that staff keep back or kept back."""
    return Hold.objects.of(user)


def holds_in_force(user: User) -> list[Hold]:
    """What is kept back of the user's money now, the newest on top."""
    return list(Hold.objects.of(user).live().order_by("-placed_at", "-pk")[:PAGE_SIZE])
