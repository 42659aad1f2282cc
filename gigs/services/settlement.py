"""What invoices and payments do to projects and milestones, many at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts import audit
from accounts.services.mail import Mail, Page, mail_enqueue_many
from common import context
from common.arrays import bigints
from common.database import fetch_rows
from common.public_ids import format_public_id
from gigs.enums import MILESTONE_TRANSITIONS, MilestoneStatus, ProjectStatus
from gigs.exceptions import MilestoneTransitionRefused
from gigs.models import Milestone, Project

NOTE_INVOICED = "SELECT gigs_note_invoiced(%s::bigint[], %s::bigint[], %s::bigint[])"
FUND = """
UPDATE gigs_milestone SET status = %s
WHERE id = ANY(%s) AND status = ANY(%s)
RETURNING id, uuid, position, title, status
"""
SETTLE = "SELECT gigs_settle(%s::bigint[], %s, %s, %s::inet)"
COMPLETE = "SELECT gigs_complete(%s::bigint[], %s, %s, %s::inet)"


def _states_before(status: MilestoneStatus) -> list[str]:
    return [
        before.value for before, following in MILESTONE_TRANSITIONS.items() if status in following
    ]


FUNDED_FROM = _states_before(MilestoneStatus.FUNDED)


def projects_start(*, project_ids: Sequence[int], at: datetime) -> list[int]:
    """Start those of the projects, locked by the caller, that awaited their upfront payment."""
    waiting = Project.objects.filter(
        pk__in=project_ids, status=ProjectStatus.AWAITING_UPFRONT
    ).select_related("freelancer", "commissioner")
    projects = list(waiting.order_by("pk"))
    if not projects:
        return []
    for project in projects:
        project.move_to(ProjectStatus.ACTIVE)
        project.save(update_fields=["status"])
    audit.record_many(
        [
            audit.Record(
                event="project.started",
                target=project,
                before={"status": ProjectStatus.AWAITING_UPFRONT},
                after={"status": project.status},
            )
            for project in projects
        ],
        by=None,
        at=at,
    )
    mail_enqueue_many(
        Mail.PROJECT_STARTED,
        [
            (
                project.freelancer,
                project.public_id,
                {
                    "project": project.title,
                    "commissioner": project.commissioner.name,
                    "path": Page("projects:detail", (project.public_id,)),
                },
            )
            for project in projects
        ],
    )
    return [project.pk for project in projects]


def projects_note_invoiced(totals: Mapping[int, tuple[int, int]]) -> None:
    """Write what projects, locked by the caller, have invoiced and paid in fees, in minor units."""
    with connection.cursor() as cursor:
        cursor.execute(
            NOTE_INVOICED,
            [
                bigints(totals),
                bigints(invoiced for invoiced, _ in totals.values()),
                bigints(fees for _, fees in totals.values()),
            ],
        )


def milestones_fund(*, milestone_ids: Sequence[int], at: datetime) -> None:
    """Mark planned milestones, locked by the caller, as funded: their money was set aside.

    MilestoneTransitionRefused when one is not planned.
    """
    with connection.cursor() as cursor:
        cursor.execute(FUND, [MilestoneStatus.FUNDED, list(milestone_ids), FUNDED_FROM])
        rows: list[tuple[int, UUID, int, str, str]] = cursor.fetchall()
    if len(rows) != len(set(milestone_ids)):
        raise MilestoneTransitionRefused("Only a planned milestone can become funded.")
    audit.record_many(
        [
            audit.Record(
                event="milestone.funded",
                target=audit.Subject(
                    format_public_id(Milestone.PREFIX, uuid), f"#{pk} {position}. {title}"
                ),
                before={"status": MilestoneStatus.PLANNED},
                after={"status": status},
            )
            for pk, uuid, position, title, status in rows
        ],
        by=None,
        at=at,
    )


def milestones_settle(*, milestone_ids: Sequence[int], at: datetime) -> None:
    """Mark approved milestones, locked by the caller, as settled: their wallets were credited.

    MilestoneTransitionRefused when one is not approved.
    """
    ((settled,),) = fetch_rows(SETTLE, [bigints(milestone_ids), at, *context.served()])
    if settled != len(set(milestone_ids)):
        raise MilestoneTransitionRefused("Only an approved milestone can become settled.")


def projects_complete(*, project_ids: Sequence[int], at: datetime) -> list[int]:
    """Complete those of the projects, locked by the caller, of which every milestone is settled or
    cancelled.
    """
    return [pk for (pk,) in fetch_rows(COMPLETE, [bigints(project_ids), at, *context.served()])]
