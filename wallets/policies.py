"""Who may do what to payment methods and wallets."""

from accounts.models import User
from wallets.models import PaymentMethod, PayoutMethod


def may_store_method(user: User) -> bool:
    return user.is_commissioner


def may_remove_method(user: User, method: PaymentMethod) -> bool:
    return method.user_id == user.pk


def may_withdraw(user: User) -> bool:
    return user.is_active and user.is_freelancer


def may_remove_payout_method(user: User, method: PayoutMethod) -> bool:
    return method.user_id == user.pk
