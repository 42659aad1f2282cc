"""The completion method on the side of gigs: its split, its frozen terms, and what waits for it."""

import pytest
from djmoney.money import Money

from common.exceptions import Invalid
from gigs.enums import InvoicingMethod, PaymentMode, Remainder
from gigs.exceptions import BudgetTooSmall, PriceFixed, ProjectNotStarted
from gigs.models import Gig, Milestone, Project
from gigs.selectors import next_step, project_pages, project_view, split_with_fees
from gigs.services import (
    Part,
    PlannedTask,
    milestone_approve_part,
    milestone_start,
    milestone_submit,
)
from outbox.models import Job
from tests.builders import active_project, completion_project, milestone_of, open_gig
from tests.builders import started_completion_project as started
from tests.factories import AT
from tests.rules import assert_refused, copy, refused_by

pytestmark = pytest.mark.django_db
COMPLETION = InvoicingMethod.COMPLETION


def priced(*amounts):
    return tuple(PlannedTask(title=f"Part {a}", amount=Money(a, "USD")) for a in amounts)


def shares(project):
    rows = Milestone.objects.filter(project=project).order_by("position")
    return list(rows.values_list("share_minor", flat=True))


def started_milestone():
    return milestone_of(started())


def test_the_match_freezes_the_upfront_part_and_the_shares():
    project = completion_project()

    assert (project.status, str(project.upfront_rate)) == ("awaiting_upfront", "0.1200")
    assert project.upfront == Money("396.00", "USD")
    assert shares(project) == [145_200, 145_200]
    job = Job.objects.get(topic="project.awaits_upfront")
    assert (job.key, job.payload) == (project.public_id, {"project": project.pk})


@pytest.mark.parametrize(
    ("draft", "upfront", "expected"),
    [
        ({"budget": "100.00", "tasks": 3}, "12.00", [2934, 2933, 2933]),
        ({"budget": "1000", "currency": "JPY", "tasks": 3}, "120", [294, 293, 293]),
        ({"budget": "0.313", "currency": "KWD", "tasks": 3}, "0.038", [92, 92, 91]),
        ({"budget": "0.05", "tasks": 1}, "0.01", [4]),
        ({"budget": "100.00", "milestones": priced("70.00", "20.00", "10.00")}, "12.00",
         [6160, 1760, 880]),
        ({"budget": "1.01", "milestones": priced("0.97", "0.02", "0.02")}, "0.12", [86, 2, 1]),
    ],
)  # fmt: skip
def test_the_shares_and_the_upfront_part_are_the_budget(draft, upfront, expected):
    project = completion_project(**draft)

    assert str(project.upfront.amount) == upfront
    assert shares(project) == expected


@pytest.mark.parametrize(
    "draft",
    [
        {"budget": "0.04", "tasks": 1},
        {"budget": "0.05", "tasks": 5},
        {"budget": "100.00", "milestones": priced("99.99", "0.01")},
    ],
)
def test_a_budget_that_gives_a_part_nothing_is_refused(draft):
    with pytest.raises(BudgetTooSmall):
        open_gig(invoicing_method=COMPLETION, **draft)

    assert not Gig.objects.exists()


def test_held_funds_do_not_go_with_it():
    with pytest.raises(Invalid) as refusal:
        open_gig(invoicing_method=COMPLETION, payment_mode=PaymentMode.HELD)

    [error] = refusal.value.errors
    assert (error.field, error.code) == ("payment_mode", "not_with_completion")
    assert not Gig.objects.exists()


def test_the_split_of_its_invoices_begins_with_the_upfront_part():
    prices = [("A", Money("1650.00", "USD")), ("B", Money("1650.00", "USD"))]

    split = split_with_fees(prices, rate=completion_project().fee_rate, method=COMPLETION)

    assert [(row.title, str(row.gross.amount), str(row.fee.amount)) for row in split.rows] == [
        ("Upfront", "396.00", "19.80"),
        ("A", "1452.00", "72.60"),
        ("B", "1452.00", "72.60"),
    ]


def test_nothing_begins_before_the_upfront_payment():
    project = completion_project()
    milestone = milestone_of(project)
    who = {"milestone_id": milestone.pk, "by": project.freelancer, "at": AT}

    with pytest.raises(ProjectNotStarted):
        milestone_start(**who)
    with pytest.raises(ProjectNotStarted):
        milestone_submit(message="Here.", links=[], **who)

    milestone.refresh_from_db()
    assert (milestone.status, milestone.version) == ("planned", 0)


def test_each_side_sees_what_it_waits_for():
    project = completion_project()

    steps = {
        user: next_step(project_view(project_pages(user).get()), user=user).kind
        for user in (project.commissioner, project.freelancer)
    }

    assert steps == {project.commissioner: "await_invoice", project.freelancer: "await_upfront"}


def test_a_part_of_a_price_cannot_be_approved():
    milestone = milestone_submit(
        milestone_id=started_milestone().pk,
        message="Here.",
        links=[],
        by=Project.objects.get().freelancer,
        at=AT,
    )
    part = Part(Money("1000.00", "USD"), Remainder.GIVE_BACK)

    with pytest.raises(PriceFixed):
        milestone_approve_part(
            milestone_id=milestone.pk, part=part, by=milestone.project.commissioner, at=AT
        )

    milestone.refresh_from_db()
    assert (milestone.status, milestone.amendment_count) == ("in_review", 0)


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        (
            "gigs_gig_completion_is_paid_on_invoice",
            open_gig,
            "invoicing_method = 'completion', payment_mode = 'held'",
        ),
        (
            "gigs_project_awaits_upfront_by_completion",
            active_project,
            "status = 'awaiting_upfront'",
        ),
        ("gigs_project_upfront_frozen", completion_project, "upfront_rate = 0.5"),
        ("gigs_milestone_share_frozen", started_milestone, "share_minor = 1"),
        (
            "gigs_milestone_waits_for_upfront",
            lambda: milestone_of(completion_project()),
            "status = 'in_progress'",
        ),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("gigs_project_completion_is_paid_on_invoice", {"payment_mode": "'held'"}),
        ("gigs_project_upfront_rate_iff_completion", {"upfront_rate": "NULL"}),
        ("gigs_project_upfront_rate_valid", {"upfront_rate": "0"}),
        ("gigs_project_upfront_rate_valid", {"upfront_rate": "1"}),
    ],
)
def test_the_database_refuses_a_project_on_such_terms(rule, changes):
    project = completion_project()

    with refused_by(rule):
        copy(project, **changes)


def test_the_database_refuses_a_share_of_nothing():
    row = started_milestone()

    with refused_by("gigs_milestone_share_positive"):
        copy(row, position="4", share_minor="0")
