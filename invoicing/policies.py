"""Who may do what to invoices."""

from accounts.models import User
from invoicing.models import Invoice


def may_pay(user: User, invoice: Invoice) -> bool:
    return invoice.buyer_id == user.pk
