"""From approval to wallet through relay and worker, with the queue idle and with 5,000 waiting."""

import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import User
from common.money import to_minor
from gigs.enums import (
    ApplicationStatus,
    Category,
    GigStatus,
    InvoicingMethod,
    MilestoneStatus,
    PaymentMode,
    ProjectStatus,
)
from gigs.models import Application, Gig, Milestone, PlannedMilestone, Project
from gigs.services import milestone_approve
from outbox.services import enqueue_many
from wallets.models import PaymentMethod

TASKS = 50
PRICE = Money("100.00", "USD")
PATIENCE_SECONDS = 180


def prepare(*, projects: int, label: str) -> list[int]:
    """Milestones in review, of projects that pay automatically; their ids."""
    at = timezone.now() - timedelta(hours=1)
    ids: list[int] = []
    with transaction.atomic():
        for number in range(projects):
            buyer = _user(f"{label}-buyer-{number}@bench.example", Role.COMMISSIONER)
            seller = _user(f"{label}-seller-{number}@bench.example", Role.FREELANCER)
            PaymentMethod.objects.create(
                user=buyer,
                provider="sandbox",
                token="test_ok",
                label="Bench",
                is_default=True,
                created_at=at,
            )
            ids += _project(buyer, seller, at=at)
    return ids


def _user(email: str, role: Role) -> User:
    return User.objects.create(
        email=email, name=email.split("@")[0], legal_name=email, roles=[role], password="!"
    )


def _project(buyer: User, seller: User, *, at: object) -> list[int]:
    budget = Money(PRICE.amount * TASKS, "USD")
    terms = {
        "title": "Bench",
        "budget": budget,
        "invoicing_method": InvoicingMethod.MILESTONE,
        "payment_mode": PaymentMode.ON_INVOICE,
        "is_auto_pay": True,
    }
    gig = Gig.objects.create(
        commissioner=buyer,
        description="Bench",
        category=Category.OTHER,
        status=GigStatus.MATCHED,
        created_at=at,
        posted_at=at,
        **terms,
    )
    PlannedMilestone.objects.bulk_create(
        PlannedMilestone(gig=gig, position=n, title=f"Part {n}", amount=PRICE)
        for n in range(1, TASKS + 1)
    )
    application = Application.objects.create(
        gig=gig,
        freelancer=seller,
        pitch="Bench",
        status=ApplicationStatus.ACCEPTED,
        created_at=at,
        decided_at=at,
    )
    project = Project.objects.create(
        gig=gig,
        application=application,
        commissioner=buyer,
        freelancer=seller,
        fee_rate="0.0500",
        agreed_minor=to_minor(budget),
        status=ProjectStatus.ACTIVE,
        started_at=at,
        **terms,
    )
    rows = Milestone.objects.bulk_create(
        Milestone(
            project=project,
            position=n,
            title=f"Part {n}",
            amount=PRICE,
            status=MilestoneStatus.IN_REVIEW,
            version=1,
            submitted_at=at,
        )
        for n in range(1, TASKS + 1)
    )
    return [row.pk for row in rows]


def approve_one(milestone_id: int) -> tuple[float, float]:
    """Approve by the service; seconds until the invoice exists, and until the wallet is credited."""
    buyer = User.objects.get(commissioned_projects__milestones=milestone_id)
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
