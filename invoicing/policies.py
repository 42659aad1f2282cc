"""Who may do what to invoices."""

from accounts.models import User
from accounts.policies import may_administer
from gigs.models import Project
from invoicing.models import Invoice, InvoiceDraft


def is_seller(user: User, invoice: Invoice) -> bool:
    return invoice.seller_id == user.pk


def may_draft(user: User, project: Project) -> bool:
    return project.freelancer_id == user.pk


def may_change(user: User, draft: InvoiceDraft) -> bool:
    return draft.seller_id == user.pk


def may_give_mandate(user: User) -> bool:
    """Freelancers let invoices be issued in their name."""
    return user.is_freelancer


def may_credit(user: User, invoice: Invoice) -> bool:
    """The seller, and staff who are no party of it."""
    if may_administer(user) and user.pk != invoice.buyer_id:
        return True
    return is_seller(user, invoice)


def may_pay(user: User, invoice: Invoice) -> bool:
    return invoice.buyer_id == user.pk
