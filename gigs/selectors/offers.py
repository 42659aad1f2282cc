"""Reads of gigs and applications."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least
from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet
from common.pages import Page, newest_first
from gigs.enums import ApplicationStatus, GigStatus, ProjectStatus
from gigs.models import Application, Gig, PlannedMilestone, Project

PAGE_SIZE: Final = 20
MAX_SEARCH_WORDS: Final = 8
SKILL_POINTS: Final = 80
PROJECT_POINTS: Final = 4
MOST_PROJECTS: Final = 5

Viewer = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class GigFilters:
    """What somebody looks for in the list of gigs; empty means anything."""

    search: str = ""
    category: str = ""
    skill: str = ""
    currency: str = ""
    min_budget: Money | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application, and how well its freelancer fits the gig."""

    application: Application
    score: int
    matching_skills: list[str]
    missing_skills: list[str]
    completed_projects: int


class SkillOverlap(Func):
    """How many words two arrays share, whatever their case."""

    template = "cardinality(ARRAY(SELECT lower(unnest(%(expressions)s))))"
    arg_joiner = ")) INTERSECT SELECT lower(unnest("
    output_field = IntegerField()


class JoinedText(Func):
    """The elements of an array between bars, in lower case: |django|css|."""

    function = "array_to_string"
    template = "lower('|' || %(function)s(%(expressions)s, '|') || '|')"
    output_field = TextField()


def gigs_open(
    filters: GigFilters, *, viewer: Viewer, before: str = "", after: str = ""
) -> Page[Gig]:
    """Open gigs that fit, newest first."""
    gigs = Gig.objects.filter(status=GigStatus.OPEN)
    for word in filters.search.split()[:MAX_SEARCH_WORDS]:
        gigs = gigs.annotate(words=JoinedText("skills")).filter(
            Q(title__icontains=word)
            | Q(description__icontains=word)
            | Q(words__contains=word.lower())
        )
    if filters.category:
        gigs = gigs.filter(category=filters.category)
    if filters.skill:
        gigs = gigs.annotate(words=JoinedText("skills")).filter(
            words__contains=f"|{filters.skill.lower()}|"
        )
    if filters.currency:
        gigs = gigs.filter(currency=filters.currency)
    if filters.min_budget is not None:
        gigs = gigs.filter(
            currency=filters.min_budget.currency.code, budget__gte=filters.min_budget.amount
        )
    listed = gigs.select_related("commissioner", "organisation").annotate(
        milestone_count=_milestone_count(), my_application=_my_application_status(viewer)
    )
    return newest_first(listed, column="posted_at", limit=PAGE_SIZE, before=before, after=after)


def gigs_of(user: User, *, status: str, before: str = "", after: str = "") -> Page[Gig]:
    """A commissioner's own gigs, newest first, with the number of applications that wait."""
    gigs = Gig.objects.filter(commissioner=user)
    if status:
        gigs = gigs.filter(status=status)
    listed = gigs.select_related("project").annotate(
        milestone_count=_milestone_count(), pending_count=_pending_count()
    )
    return newest_first(listed, column="created_at", limit=PAGE_SIZE, before=before, after=after)


def gig_pages(viewer: Viewer) -> LockableQuerySet[Gig]:
    """Gigs that the viewer may see, with all that a gig's page shows."""
    milestones = PlannedMilestone.objects.order_by("position")
    return (
        Gig.objects.visible_to(viewer if isinstance(viewer, User) else None)
        .select_related("commissioner__commissioner_profile", "organisation", "project")
        .prefetch_related(Prefetch("planned_milestones", queryset=milestones))
        .annotate(pending_count=_pending_count())
    )


def latest_application(gig: Gig, *, viewer: Viewer) -> Application | None:
    """The viewer's own newest application to the gig."""
    if not isinstance(viewer, User):
        return None
    return (
        Application.objects.filter(gig=gig, freelancer=viewer)
        .order_by("-created_at", "-pk")
        .select_related("project")
        .first()
    )


def applications_of(
    user: User, *, status: str, before: str = "", after: str = ""
) -> Page[Application]:
    """A freelancer's own applications, newest first."""
    applications = Application.objects.filter(freelancer=user)
    if status:
        applications = applications.filter(status=status)
    listed = applications.select_related("gig__commissioner", "gig__organisation", "project")
    return newest_first(listed, column="created_at", limit=PAGE_SIZE, before=before, after=after)


def application_pages(user: User) -> LockableQuerySet[Application]:
    """Applications that the user made, or received as the owner of their gig."""
    return Application.objects.filter(
        Q(freelancer=user) | Q(gig__commissioner=user)
    ).select_related("freelancer", "gig")


def applications_to(gig: Gig) -> LockableQuerySet[Application]:
    """All applications to the gig."""
    return Application.objects.filter(gig=gig).select_related("freelancer__freelancer_profile")


def candidates(gig: Gig) -> QuerySet[Application]:
    """Applications that were not withdrawn: those that wait first, the best fit on top.

    The score is of 100: up to 80 for the gig's skills, 4 for each completed project up to five.
    """
    completed = (
        Project.objects.filter(freelancer=OuterRef("freelancer"), status=ProjectStatus.COMPLETED)
        .order_by()
        .values("freelancer")
        .annotate(count=Count("pk"))
        .values("count")
    )
    turn = Case(
        When(status=ApplicationStatus.ACCEPTED, then=0),
        When(status=ApplicationStatus.PENDING, then=1),
        default=2,
        output_field=IntegerField(),
    )
    wanted = len({skill.lower() for skill in gig.skills})
    skill_points = F("overlap") * SKILL_POINTS / wanted if wanted else Value(SKILL_POINTS)
    skills = F("freelancer__freelancer_profile__skills")
    return (
        Application.objects.filter(gig=gig)
        .exclude(status=ApplicationStatus.WITHDRAWN)
        .select_related("freelancer__freelancer_profile", "project")
        .annotate(
            turn=turn,
            own_skills=skills,
            overlap=SkillOverlap(skills, F("gig__skills")),
            completed_count=Coalesce(Subquery(completed), 0),
            score=skill_points + PROJECT_POINTS * Least(F("completed_count"), MOST_PROJECTS),
        )
        .order_by("turn", "-score", "created_at", "pk")
    )


def candidate(gig: Gig, row: Any) -> Candidate:
    """A row of `candidates` with the reasons of its score."""
    own = {skill.lower() for skill in row.own_skills or []}
    return Candidate(
        application=row,
        score=row.score,
        matching_skills=[skill for skill in gig.skills if skill.lower() in own],
        missing_skills=[skill for skill in gig.skills if skill.lower() not in own],
        completed_projects=row.completed_count,
    )


def _milestone_count() -> Coalesce:
    counted = (
        PlannedMilestone.objects.filter(gig=OuterRef("pk"))
        .order_by()
        .values("gig")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(counted), 0)


def _pending_count() -> Coalesce:
    counted = (
        Application.objects.filter(gig=OuterRef("pk"), status=ApplicationStatus.PENDING)
        .order_by()
        .values("gig")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(counted), 0)


def _my_application_status(viewer: Viewer) -> Subquery | Value:
    if not isinstance(viewer, User):
        return Value("", output_field=CharField())
    own = Application.objects.filter(gig=OuterRef("pk"), freelancer=viewer)
    return Subquery(own.order_by("-created_at", "-pk").values("status")[:1])
