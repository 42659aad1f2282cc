"""Who may do what to invoices."""

from accounts.models import User
from invoicing.models import Invoice


def is_seller(user: User, invoice: Invoice) -> bool:
    return invoice.seller_id == user.pk


def may_give_mandate(user: User) -> bool:
    """Freelancers let invoices be issued in their name."""
    return user.is_freelancer


def may_credit(user: User, invoice: Invoice) -> bool:
    """The seller, and staff who are no party of it."""
    if user.is_active and user.is_staff and user.pk != invoice.buyer_id:
        return True
    return is_seller(user, invoice)


def may_pay(user: User, invoice: Invoice) -> bool:
    return invoice.buyer_id == user.pk
