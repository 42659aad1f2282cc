"""Agreeing on extra work, and invoicing it within what was agreed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, mail_enqueue
from common.exceptions import FieldError, Invalid
from common.money import amount_text, from_minor, to_minor
from gigs import policies
from gigs.enums import PaymentMode, ProjectStatus
from gigs.exceptions import ExceedsAgreed, FundsHeld, ProjectNotStarted
from gigs.models import Extra, Project


@transaction.atomic
def extra_agree(
    *,
    project_id: int,
    amount: Money,
    reason: str,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> Project:
    """Add a sum for work beside the milestones to what the project has agreed.

    The freelancer can then invoice up to it by hand. A second call with the same `request_key` adds
    nothing. The project is locked. FundsHeld where milestones are paid from held funds,
    ProjectNotStarted, PermissionRefused; Invalid for another currency.
    """
    project = Project.objects.select_related("freelancer").locked().get(pk=project_id)
    require(
        policies.may_agree(by, project), "Only the project's commissioner can agree on extra work."
    )
    if request_key is not None and project.extras.filter(request_key=request_key).exists():
        return project
    if project.payment_mode != PaymentMode.ON_INVOICE:
        raise FundsHeld("This project pays from held funds: extra work needs a project of its own.")
    if project.status == ProjectStatus.AWAITING_UPFRONT:
        raise ProjectNotStarted
    if amount.currency != project.budget.currency:
        message = "Extra work is in the currency of the budget."
        raise Invalid([FieldError("amount", "currency_mismatch", message)])
    extra = Extra(
        project=project,
        amount_minor=to_minor(amount),
        reason=reason,
        by=by,
        created_at=at,
        request_key=request_key,
    )
    return _add(extra, amount, by=by, at=at)


def _add(extra: Extra, amount: Money, *, by: User, at: datetime) -> Project:
    project, reason = extra.project, extra.reason
    before = project.agreed_minor
    project.agreed_minor += to_minor(amount)
    project.extra_minor += to_minor(amount)
    project.save(update_fields=["agreed_minor", "extra_minor"])
    extra.save()
    audit.record(
        audit.Record(
            event="project.extra_agreed",
            target=project,
            before={"agreed_minor": before},
            after={
                "agreed_minor": project.agreed_minor,
                "extra": amount_text(amount),
                "currency": amount.currency.code,
                "reason": reason,
            },
        ),
        by=by,
        at=at,
    )
    mail_enqueue(
        Mail.EXTRA_AGREED,
        to=project.freelancer,
        key=f"{project.public_id}:{extra.pk}",
        context={
            "project": project.title,
            "commissioner": by.name,
            "amount": amount,
            "reason": reason,
            "path": Page("projects:detail", (project.public_id,)),
        },
    )
    return project


def extra_note_invoiced(*, project_id: int, amount: int) -> None:
    """Note that so many minor units of extra work are invoiced; the project is locked.

    Less than nothing where such an invoice was credited in full. ExceedsAgreed when it is more than
    was agreed and not invoiced so far.
    """
    project = Project.objects.get(pk=project_id)
    left = project.extra_minor - project.extra_invoiced_minor
    if amount > left:
        words = amount_text(from_minor(left, project.budget.currency.code))
        raise ExceedsAgreed(
            f"{words} {project.budget.currency.code} are agreed for extra work and not invoiced:"
            " the commissioner can agree on more."
        )
    project.extra_invoiced_minor += amount
    project.save(update_fields=["extra_invoiced_minor"])
