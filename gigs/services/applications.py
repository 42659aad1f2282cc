"""Applying to gigs, and the match that makes a project of one application."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, mail_enqueue
from common.money import amount_text, to_minor
from gigs import policies
from gigs.enums import (
    ApplicationStatus,
    GigStatus,
    InvoicingMethod,
    MilestoneStatus,
    ProjectStatus,
)
from gigs.exceptions import (
    AlreadyApplied,
    GigAlreadyMatched,
    GigNotOpen,
    NotAnApplicant,
    OwnGig,
    ReapplyLater,
)
from gigs.models import Application, Gig, Milestone, PlannedMilestone, Project
from gigs.selectors import CompletionSplit, completion_split, fee_rate_at
from gigs.services import gates
from outbox.services import enqueue

AWAITS_UPFRONT: Final = "project.awaits_upfront"
REAPPLY_AFTER = timedelta(days=21)


@transaction.atomic
def application_submit(
    *, gig_id: int, pitch: str, links: list[str], by: User, at: datetime
) -> Application:
    """Apply to an open gig.

    PermissionRefused, OwnGig, AlreadyApplied, GigNotOpen, ReapplyLater; LegalDataIncomplete
    where legal data are required and the freelancer's lack something. Two at once: the unique
    constraint lets one through.
    """
    require(policies.may_apply(by), "Only freelancers can apply to gigs.")
    gig = Gig.objects.locked().get(pk=gig_id)
    if gig.commissioner_id == by.pk:
        raise OwnGig
    _refuse_second(gig, by=by, at=at)
    if gig.status != GigStatus.OPEN:
        raise GigNotOpen
    gates.refuse_unready(gig, by, by=by, at=at, own_only=True)
    try:
        with transaction.atomic():
            application = Application.objects.create(
                gig=gig,
                freelancer=by,
                pitch=pitch,
                links=links,
                status=ApplicationStatus.PENDING,
                created_at=at,
            )
    except IntegrityError as error:
        raise AlreadyApplied from error
    audit.record(
        audit.Record(
            event="application.submitted", target=application, after={"gig": gig.public_id}
        ),
        by=by,
        at=at,
    )
    return application


def _refuse_second(gig: Gig, *, by: User, at: datetime) -> None:
    earlier = Application.objects.filter(gig=gig, freelancer=by)
    if earlier.filter(status__in=[ApplicationStatus.PENDING, ApplicationStatus.ACCEPTED]).exists():
        raise AlreadyApplied
    rejected = earlier.filter(
        status=ApplicationStatus.REJECTED, decided_at__gt=at - REAPPLY_AFTER
    ).first()
    if rejected is not None and rejected.decided_at is not None:
        day = (rejected.decided_at + REAPPLY_AFTER).date()
        raise ReapplyLater(f"You can apply to this gig again from {day.isoformat()}.")


@transaction.atomic
def application_withdraw(*, application_id: int, by: User, at: datetime) -> Application:
    """Take an own application back. ApplicationTransitionRefused, PermissionRefused."""
    application = Application.objects.locked().get(pk=application_id)
    require(
        policies.may_withdraw(by, application), "Only the applicant can withdraw an application."
    )
    return _decide(application, ApplicationStatus.WITHDRAWN, by=by, at=at)


@transaction.atomic
def application_reject(*, application_id: int, by: User, at: datetime) -> Application:
    """Turn an application down. ApplicationTransitionRefused, PermissionRefused."""
    application = Application.objects.select_related("gig").locked().get(pk=application_id)
    require(
        policies.may_manage(by, application.gig), "Only the gig's owner can reject an application."
    )
    return _decide(application, ApplicationStatus.REJECTED, by=by, at=at)


@transaction.atomic
def gig_match(
    *,
    gig_id: int,
    application_id: int | None = None,
    freelancer_id: int | None = None,
    by: User,
    at: datetime,
) -> Project:
    """Hire an applicant: accept the application, reject the others, freeze terms and split.

    By the completion method the project awaits its upfront invoice, which a job issues.

    The gig's row is locked; a second match finds it matched. GigAlreadyMatched, GigNotOpen,
    NotAnApplicant, PermissionRefused; LegalDataIncomplete where legal data are required.
    """
    gig = Gig.objects.locked().get(pk=gig_id)
    require(policies.may_manage(by, gig), "Only the gig's owner can match it.")
    if gig.status == GigStatus.MATCHED:
        raise GigAlreadyMatched
    if gig.status != GigStatus.OPEN:
        raise GigNotOpen
    pending = Application.objects.filter(gig=gig, status=ApplicationStatus.PENDING)
    applications = list(pending.select_related("freelancer").locked())
    chosen = _chosen(applications, application_id, freelancer_id)
    gates.refuse_unready(gig, chosen.freelancer, by=by, at=at)
    for application in applications:
        accepted = application is chosen
        _decide(
            application,
            ApplicationStatus.ACCEPTED if accepted else ApplicationStatus.REJECTED,
            by=by,
            at=at,
        )
    gig.move_to(GigStatus.MATCHED)
    gig.save(update_fields=["status"])
    project = _project_of(gig, chosen, at=at)
    _announce(project, gig, by=by, at=at)
    return project


def _chosen(
    applications: list[Application], application_id: int | None, freelancer_id: int | None
) -> Application:
    """The application that is meant. NotAnApplicant."""
    if application_id is None and freelancer_id is None:
        raise NotAnApplicant
    for application in applications:
        if application_id in (None, application.pk) and freelancer_id in (
            None,
            application.freelancer_id,
        ):
            return application
    raise NotAnApplicant


def _decide(
    application: Application, status: ApplicationStatus, *, by: User, at: datetime
) -> Application:
    before = application.status
    application.move_to(status)
    application.decided_at = at
    application.save(update_fields=["status", "decided_at"])
    audit.record(
        audit.Record(
            event=f"application.{status}",
            target=application,
            before={"status": before},
            after={"status": application.status},
        ),
        by=by,
        at=at,
    )
    return application


def _project_of(gig: Gig, application: Application, *, at: datetime) -> Project:
    tasks = list(gig.planned_milestones.order_by("position"))
    parts: CompletionSplit | None = None
    if gig.invoicing_method == InvoicingMethod.COMPLETION:
        parts = completion_split(gig.budget, [task.amount for task in tasks])
    project = Project.objects.create(
        gig=gig,
        application=application,
        commissioner_id=gig.commissioner_id,
        freelancer=application.freelancer,
        organisation_id=gig.organisation_id,
        title=gig.title,
        budget=gig.budget,
        fee_rate=fee_rate_at(at),
        invoicing_method=gig.invoicing_method,
        upfront_rate=parts.rate if parts else None,
        payment_mode=gig.payment_mode,
        is_auto_pay=gig.is_auto_pay,
        is_self_billed=gig.is_self_billed,
        review_days=settings.REVIEW_DAYS,
        clearing_days=settings.CLEARING_DAYS,
        agreed_minor=to_minor(gig.budget),
        status=ProjectStatus.AWAITING_UPFRONT if parts else ProjectStatus.ACTIVE,
        started_at=at,
    )
    _write_milestones(project, tasks, parts)
    if parts:
        enqueue(AWAITS_UPFRONT, key=project.public_id, payload={"project": project.pk})
    return project


def _write_milestones(
    project: Project, tasks: Sequence[PlannedMilestone], parts: CompletionSplit | None
) -> None:
    shares = [to_minor(share) for share in parts.shares] if parts else [None] * len(tasks)
    Milestone.objects.bulk_create(
        Milestone(
            project=project,
            position=planned.position,
            title=planned.title,
            description=planned.description,
            due_on=planned.due_on,
            criteria=planned.criteria,
            amount=planned.amount,
            share_minor=share,
            status=MilestoneStatus.PLANNED,
        )
        for planned, share in zip(tasks, shares, strict=True)
    )


def _announce(project: Project, gig: Gig, *, by: User, at: datetime) -> None:
    audit.record_many(
        [
            audit.Record(
                event="gig.matched",
                target=gig,
                before={"status": GigStatus.OPEN},
                after={"status": gig.status, "project": project.public_id},
            ),
            audit.Record(
                event="project.matched" if project.is_by_completion else "project.started",
                target=project,
                after={
                    "status": project.status,
                    "budget": amount_text(project.budget),
                    "currency": project.budget.currency.code,
                    "fee_rate": str(project.fee_rate),
                },
            ),
        ],
        by=by,
        at=at,
    )
    mail_enqueue(
        Mail.APPLICATION_ACCEPTED,
        to=project.freelancer,
        key=project.public_id,
        context={
            "gig": gig.title,
            "commissioner": by.name,
            **({"upfront": project.upfront} if project.upfront is not None else {}),
            "path": Page("projects:detail", (project.public_id,)),
        },
    )
