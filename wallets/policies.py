"""Who may do what to payment methods and wallets."""

from accounts.models import User
from wallets.models import PaymentMethod


def may_store_method(user: User) -> bool:
    return user.is_commissioner


def may_remove_method(user: User, method: PaymentMethod) -> bool:
    return method.user_id == user.pk
