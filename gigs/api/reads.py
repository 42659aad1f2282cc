"""The reads of the REST door: what a user may see, filtered by the query string."""

from typing import TypedDict, Unpack
from uuid import UUID

from django.db.models import Prefetch, Q

from accounts.models import User
from common.models import LockableQuerySet
from gigs.models import Application, Gig, Milestone, PlannedMilestone, Project
from gigs.selectors.projects import projects_with_figures


class GigQuery(TypedDict, total=False):
    status: str
    category: str
    skill: str
    commissioner_id: UUID


class ApplicationQuery(TypedDict, total=False):
    status: str
    gig_id: UUID


class ProjectQuery(TypedDict, total=False):
    status: str
    gig_id: UUID


class MilestoneQuery(TypedDict, total=False):
    status: str
    project_id: UUID


def gigs_for(user: User, **query: Unpack[GigQuery]) -> LockableQuerySet[Gig]:
    """Gigs that the user may see, with their plans."""
    gigs = (
        Gig.objects.visible_to(user)
        .joining("commissioner__uuid", "commissioner__name")
        .prefetch_related(
            Prefetch("planned_milestones", queryset=PlannedMilestone.objects.order_by("position"))
        )
    )
    if "status" in query:
        gigs = gigs.filter(status=query["status"])
    if "category" in query:
        gigs = gigs.filter(category=query["category"])
    if "skill" in query:
        gigs = gigs.filter(skills__contains=[query["skill"]])
    if "commissioner_id" in query:
        gigs = gigs.filter(commissioner__uuid=query["commissioner_id"])
    return gigs


def applications_for(
    user: User, **query: Unpack[ApplicationQuery]
) -> LockableQuerySet[Application]:
    """The user's own applications, and those to the user's gigs."""
    applications = Application.objects.filter(
        Q(freelancer=user) | Q(gig__commissioner=user)
    ).joining("gig__uuid", "freelancer__uuid", "freelancer__name")
    if "status" in query:
        applications = applications.filter(status=query["status"])
    if "gig_id" in query:
        applications = applications.filter(gig__uuid=query["gig_id"])
    return applications


def projects_for(user: User, **query: Unpack[ProjectQuery]) -> LockableQuerySet[Project]:
    """A party's projects, ready for `project_view`."""
    projects = projects_with_figures().filter(Q(commissioner=user) | Q(freelancer=user))
    if "status" in query:
        projects = projects.filter(status=query["status"])
    if "gig_id" in query:
        projects = projects.filter(gig__uuid=query["gig_id"])
    return projects


def milestone_of(user: User, public_id: str) -> Milestone:
    """A party's milestone, with its own invoices; DoesNotExist."""
    milestones = Milestone.objects.for_user(user).select_related("project")
    return milestones.prefetch_related("invoices").by_public_id(public_id)


def milestones_for(user: User, **query: Unpack[MilestoneQuery]) -> LockableQuerySet[Milestone]:
    """A party's milestones, with their invoices and those of their projects."""
    milestones = Milestone.objects.for_user(user).select_related("project")
    milestones = milestones.prefetch_related("invoices", "project__invoices")
    if "status" in query:
        milestones = milestones.filter(status=query["status"])
    if "project_id" in query:
        milestones = milestones.filter(project__uuid=query["project_id"])
    return milestones
