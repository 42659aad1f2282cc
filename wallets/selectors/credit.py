"""A commissioner's credit."""

from djmoney.money import Money

from common.money import from_minor
from wallets.enums import AccountKind
from wallets.models import Balance


def credit_balance(user_id: int, currency: str) -> Money:
    """What the user can fund milestones and pay invoices with, in one currency."""
    row = Balance.objects.filter(
        account__owner=f"user:{user_id}", account__kind=AccountKind.CREDIT, currency=currency
    ).first()
    return from_minor(0 if row is None else row.posted - row.held, currency)
