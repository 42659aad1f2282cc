"""From approval to wallet through relay and worker, with the queue idle and with 5,000 waiting."""

import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import User
from gigs.enums import Category, MilestoneStatus
from gigs.models import Milestone
from gigs.services import (
    GigDraft,
    PlannedTask,
    application_submit,
    gig_match,
    gig_post,
    milestone_approve,
    milestone_submit,
)
from outbox.services import enqueue_many
from wallets.services import payment_method_add

TASKS = 50
PRICE = Money("100.00", "USD")
PATIENCE_SECONDS = 180


def prepare(*, projects: int, label: str) -> list[int]:
    """Planned milestones of projects that pay automatically; their ids."""
    at = timezone.now() - timedelta(hours=1)
    ids: list[int] = []
    with transaction.atomic():
        for number in range(projects):
            buyer = person(f"{label}-buyer-{number}@bench.example", Role.COMMISSIONER)
            seller = person(f"{label}-seller-{number}@bench.example", Role.FREELANCER)
            payment_method_add(
                provider="sandbox", token="test_ok", is_default=True, by=buyer, at=at
            )
            ids += _project(buyer, seller, number=number, at=at)
    return ids


def person(email: str, role: Role) -> User:
    return User.objects.create(
        email=email, name=email.split("@")[0], legal_name=email, roles=[role], password="!"
    )


def _project(buyer: User, seller: User, *, number: int, at: datetime) -> list[int]:
    draft = GigDraft(
        title=f"Bench {number}",
        description="A gig of the benchmark.",
        category=Category.OTHER,
        budget=Money(PRICE.amount * TASKS, "USD"),
        milestones=tuple(PlannedTask(title=f"Part {n}", amount=PRICE) for n in range(1, TASKS + 1)),
        is_auto_pay=True,
    )
    gig, _ = gig_post(draft=draft, by=buyer, at=at)
    application = application_submit(
        gig_id=gig.pk, pitch="I can do this.", links=[], by=seller, at=at
    )
    project = gig_match(gig_id=gig.pk, application_id=application.pk, by=buyer, at=at)
    return list(project.milestones.order_by("pk").values_list("pk", flat=True))


def approve_one(milestone_id: int) -> tuple[float, float]:
    """Approve by the service; seconds until the invoice exists, and until the wallet is credited."""
    buyer = User.objects.get(commissioned_projects__milestones=milestone_id)
    seller = User.objects.get(freelance_projects__milestones=milestone_id)
    milestone_submit(
        milestone_id=milestone_id, message="Done.", links=[], by=seller, at=timezone.now()
    )
    began = time.perf_counter()
    milestone_approve(milestone_id=milestone_id, by=buyer, at=timezone.now())
    invoiced = _until(
        "SELECT 1 FROM invoicing_invoice WHERE milestone_id = %s", milestone_id, began
    )
    settled = _until(
        "SELECT 1 FROM gigs_milestone WHERE id = %s AND status = 'settled'", milestone_id, began
    )
    return invoiced, settled


def approve_all(milestone_ids: list[int]) -> None:
    """Approve many at once, as rows: the jobs wait the moment that this commits."""
    rows = Milestone.objects.filter(pk__in=milestone_ids)
    with transaction.atomic():
        first = rows.select_related("project").first()
        assert first is not None
        rows.update(
            status=MilestoneStatus.APPROVED,
            approved_at=timezone.now(),
            approved_by=first.project.commissioner_id,
        )
        enqueue_many(
            "milestone.approved",
            [(row.public_id, {"milestone": row.pk}) for row in rows.order_by("pk")],
        )


def wait_until_settled(milestone_ids: list[int], began: float) -> float:
    """Seconds from `began` until the last of them is settled."""
    last = "SELECT 1 WHERE NOT EXISTS (SELECT FROM gigs_milestone WHERE id = ANY(%s)"
    return _until(f"{last} AND status <> 'settled')", milestone_ids, began)


def _until(query: str, parameter: object, began: float) -> float:
    with connection.cursor() as cursor:
        while True:
            cursor.execute(query, [parameter])
            if cursor.fetchone():
                return time.perf_counter() - began
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise TimeoutError(query)
            time.sleep(0.005)
