"""Approving a part of a price."""

import pytest
from django.urls import reverse
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from gigs.enums import Remainder
from gigs.exceptions import MilestoneTransitionRefused, NoNextMilestone
from gigs.models import Amendment, Milestone, Project
from gigs.services import Part, milestone_approve_part
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    paid_invoice,
    pay,
    run_jobs,
    submitted_milestone,
)
from tests.factories import AT
from tests.rules import REWRITES, copy, refused_by, rewrite, rewrite_all
from wallets import integrity
from wallets.selectors import wallet_balances

pytestmark = pytest.mark.django_db
NEXT, BACK = Remainder.NEXT_MILESTONE, Remainder.GIVE_BACK


def usd(amount):
    return Money(amount, "USD")


def approve(milestone, amount="2500.00", remainder=NEXT, by=None):
    return milestone_approve_part(
        milestone_id=milestone.pk,
        part=Part(usd(amount), remainder),
        by=by or milestone.project.commissioner,
        at=AT,
    )


def prices(project):
    rows = Milestone.objects.filter(project=project).order_by("position")
    return [str(row.amount.amount) for row in rows]


def test_the_rest_goes_to_the_next_milestone():
    milestone = submitted_milestone()
    project = milestone.project

    approved = approve(milestone)
    run_jobs("milestone.approved")

    assert (approved.status, approved.amount) == ("approved", usd("2500.00"))
    assert prices(project) == ["2500.0000", "4166.6700", "3333.3300"]
    assert Project.objects.get().agreed_minor == 1_000_000
    rows = Amendment.objects.order_by("pk").values_list(
        "milestone__position", "number", "before", "after", "reason"
    )
    assert [(place, number, str(b), str(a), reason) for place, number, b, a, reason in rows] == [
        (2, 1, "3333.3300", "4166.6700", "remainder"),
        (1, 1, "3333.3400", "2500.0000", "approved_in_part"),
    ]
    assert integrity.differences() == []


def test_the_rest_is_taken_off_what_is_agreed():
    project = active_project(tasks=1)
    milestone = submitted_milestone(project)

    approve(milestone, "2500.00", BACK)
    run_jobs("milestone.approved")
    pay(milestone_of(project).invoice)

    project.refresh_from_db()
    assert (project.agreed_minor, project.invoiced_minor, project.fees_minor) == (
        250_000,
        250_000,
        12_500,
    )
    assert (project.budget, project.status) == (usd("10000.00"), "completed")
    [balance] = wallet_balances(project.freelancer_id)
    assert balance.available == 237_500
    assert integrity.differences() == []


def test_a_part_is_audited_and_told():
    milestone = submitted_milestone()

    approve(milestone)

    event = AuditEvent.objects.get(event="milestone.price_amended", target=milestone.public_id)
    assert (event.before, event.after) == (
        {"amount": "3333.34"},
        {"amount": "2500.00", "currency": "USD", "reason": "approved_in_part"},
    )
    assert event.actor == milestone.project.commissioner.public_id
    mail = Job.objects.get(payload__template="approved_in_part")
    assert mail.payload["to"] == milestone.project.freelancer.email


def test_the_rest_skips_what_is_delivered_already():
    project = active_project()
    submitted_milestone(project, position=2)

    approve(submitted_milestone(project, position=1))

    assert prices(project) == ["2500.0000", "3333.3300", "4166.6700"]


def test_without_an_open_milestone_the_rest_cannot_go_on():
    project = active_project(tasks=2)
    paid_invoice(project, position=1)
    milestone = submitted_milestone(project, position=2)

    with pytest.raises(NoNextMilestone) as refusal:
        approve(milestone, "1.00")

    assert refusal.value.code == "no_next_milestone"
    milestone.refresh_from_db()
    assert (milestone.status, milestone.amendment_count) == ("in_review", 0)


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (usd("3333.34"), "out_of_range"),
        (usd("3333.35"), "out_of_range"),
        (usd("0.00"), "out_of_range"),
        (Money("1.00", "EUR"), "currency_mismatch"),
    ],
)
def test_what_is_no_part_of_the_price_is_refused(amount, code):
    milestone = submitted_milestone()

    with pytest.raises(Invalid) as refusal:
        milestone_approve_part(
            milestone_id=milestone.pk,
            part=Part(amount, BACK),
            by=milestone.project.commissioner,
            at=AT,
        )

    assert [(error.field, error.code) for error in refusal.value.errors] == [("amount", code)]
    assert prices(milestone.project) == ["3333.3400", "3333.3300", "3333.3300"]


def test_a_part_of_what_is_not_in_review_or_not_ones_own_is_refused(stranger):
    project = active_project()
    milestone = submitted_milestone(project)

    for other in (project.freelancer, stranger):
        with pytest.raises(PermissionRefused):
            approve(milestone, by=other)
    with pytest.raises(MilestoneTransitionRefused):
        approve(milestone_of(project, 2))
    with pytest.raises(MilestoneTransitionRefused):
        approve(approved_milestone(project, position=3))
    assert prices(project) == ["3333.3400", "3333.3300", "3333.3300"]


@pytest.mark.parametrize(
    "changes",
    [
        "amount = 1, amendment_count = amendment_count + 1",
        "amendment_count = amendment_count + 1",
        "amount = 3333.34, amendment_count = 1",
        "amount = 3333.34",
    ],
)
def test_a_price_moves_by_its_next_amendment_alone(changes):
    milestone = submitted_milestone()
    approve(milestone)

    with refused_by("gigs_milestone_price_frozen"):
        rewrite(milestone_of(milestone.project, 2), changes)
    with refused_by("gigs_milestone_price_frozen"):
        rewrite(milestone, changes)


@pytest.mark.parametrize("statement", REWRITES)
def test_an_amendment_is_written_once(statement):
    approve(submitted_milestone())

    with refused_by("gigs_amendment_append_only"):
        rewrite_all(statement, "gigs_amendment", "number")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("gigs_amendment_number_unique", {}),
        ("gigs_amendment_reason_valid", {"number": "2", "reason": "'whim'"}),
        ("gigs_amendment_before_positive", {"number": "2", "before": "0"}),
        ("gigs_amendment_after_positive", {"number": "2", "after": "-1"}),
        ("gigs_amendment_in_sub_units", {"number": "2", "after": "1.005"}),
    ],
)
def test_the_database_refuses_an_amendment(rule, changes):
    approve(submitted_milestone())

    with refused_by(rule):
        copy(Amendment.objects.first(), **changes)


def test_a_part_is_approved_in_the_browser(client_for):
    milestone = submitted_milestone()
    client = client_for(milestone.project.commissioner)
    address = reverse("milestones:approve-part", args=[milestone.public_id])
    preview = reverse("wallets:part-preview", args=[milestone.public_id])
    values = {"amount": "2500.00", "remainder": "next_milestone"}

    review = client.get(reverse("milestones:review", args=[milestone.public_id])).content.decode()
    form = client.get(address).content.decode()
    shown = client.get(preview, values).content.decode()
    empty = client.get(preview, {**values, "amount": ""}).content.decode()
    mistyped = client.get(preview, {**values, "amount": "2,500.00"}).content.decode()
    wrong = client.post(address, {**values, "amount": "9999.00"})
    done = client.post(address, values)

    assert address in review
    assert preview in form
    assert "2,375.00" in shown
    assert "Write how much you approve." in empty
    assert "Leave out thousands separators" in mistyped
    assert wrong.status_code == 422
    assert "less than 3333.34" in wrong.content.decode()
    assert done.url == reverse("projects:detail", args=[milestone.project.public_id])
    assert prices(milestone.project) == ["2500.0000", "4166.6700", "3333.3300"]
    following = milestone_of(milestone.project, 2)
    page = client_for(milestone.project.freelancer).get(
        reverse("milestones:submit", args=[following.public_id])
    )
    assert "Remainder of an earlier milestone" in page.content.decode()
