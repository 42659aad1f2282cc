from datetime import date, timedelta

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from gigs.enums import GigStatus
from gigs.exceptions import BudgetTooSmall, GigNotDraft, GigTransitionRefused
from gigs.models import Gig, PlannedMilestone
from gigs.services import PlannedTask, gig_close, gig_edit, gig_open, gig_post
from tests.builders import open_gig
from tests.factories import OrganisationFactory, gig_draft

pytestmark = pytest.mark.django_db


def test_post_splits_the_budget_over_the_milestones(commissioner, at):
    gig, created = gig_post(draft=gig_draft(), by=commissioner, at=at)

    assert created is True
    assert gig.status == GigStatus.OPEN
    assert gig.posted_at == at
    assert list(
        PlannedMilestone.objects.filter(gig=gig)
        .order_by("position")
        .values_list("position", "title", "amount", "currency")
    ) == [
        (1, "Part 1", Money("3333.3400", "USD").amount, "USD"),
        (2, "Part 2", Money("3333.3300", "USD").amount, "USD"),
        (3, "Part 3", Money("3333.3300", "USD").amount, "USD"),
    ]


def test_post_writes_who_did_what(commissioner, at):
    gig, _ = gig_post(draft=gig_draft(), by=commissioner, at=at)

    event = AuditEvent.objects.get()
    assert (event.event, event.actor, event.target, event.at) == (
        "gig.posted",
        commissioner.public_id,
        gig.public_id,
        at,
    )
    assert event.after == {
        "status": "open",
        "budget": "10000.00",
        "currency": "USD",
        "milestones": 3,
    }


def test_post_takes_the_organisation_of_its_owner(commissioner, at):
    organisation = OrganisationFactory(owner=commissioner)

    gig, _ = gig_post(draft=gig_draft(), by=commissioner, at=at)

    assert gig.organisation == organisation


def test_the_same_gig_within_a_minute_is_the_first_one(commissioner, at):
    first, _ = gig_post(draft=gig_draft(), by=commissioner, at=at)

    again, created = gig_post(draft=gig_draft(), by=commissioner, at=at + timedelta(seconds=59))

    assert (again, created) == (first, False)
    assert Gig.objects.count() == 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("later", "change"), [(timedelta(seconds=60), {}), (timedelta(0), {"title": "Another"})]
)
def test_a_later_or_different_gig_is_a_new_one(commissioner, at, later, change):
    gig_post(draft=gig_draft(), by=commissioner, at=at)

    _, created = gig_post(draft=gig_draft(**change), by=commissioner, at=at + later)

    assert created is True
    assert Gig.objects.count() == 2


def test_explicit_amounts_are_kept(commissioner, at):
    tasks = (
        PlannedTask(title="A", amount=Money("100.00", "EUR"), due_on=date(2026, 12, 6)),
        PlannedTask(title="B", amount=Money("200.50", "EUR"), criteria=("It works",)),
    )

    gig, _ = gig_post(
        draft=gig_draft(budget="300.50", currency="EUR", milestones=tasks), by=commissioner, at=at
    )

    planned = list(gig.planned_milestones.order_by("position"))
    assert [row.amount for row in planned] == [Money("100.00", "EUR"), Money("200.50", "EUR")]
    assert planned[0].due_on == date(2026, 12, 6)
    assert planned[1].criteria == ["It works"]


@pytest.mark.parametrize(
    ("tasks", "code"),
    [
        ((), "out_of_range"),
        (tuple(PlannedTask(title=str(n)) for n in range(51)), "out_of_range"),
        ((PlannedTask("A", amount=Money("100.00", "USD")), PlannedTask("B")), "amounts_incomplete"),
        ((PlannedTask("A", amount=Money("99.99", "USD")),), "amounts_do_not_add_up"),
        ((PlannedTask("A", amount=Money("100.00", "EUR")),), "currency_mismatch"),
    ],
)
def test_post_refuses_a_plan_that_does_not_add_up(commissioner, at, tasks, code):
    with pytest.raises(Invalid) as refusal:
        gig_post(draft=gig_draft(budget="100.00", milestones=tasks), by=commissioner, at=at)

    assert [(error.field, error.code) for error in refusal.value.errors] == [("milestones", code)]
    assert not Gig.objects.exists()


def test_post_refuses_less_than_a_sub_unit_each(commissioner, at):
    with pytest.raises(BudgetTooSmall) as refusal:
        gig_post(draft=gig_draft(budget="0.02"), by=commissioner, at=at)

    assert (refusal.value.code, refusal.value.status) == ("budget_too_small", 400)
    assert not Gig.objects.exists()


def test_post_refuses_a_freelancer(freelancer, at):
    with pytest.raises(PermissionRefused):
        gig_post(draft=gig_draft(), by=freelancer, at=at)

    assert not Gig.objects.exists()


def test_a_draft_is_opened_by_its_owner(commissioner, stranger, at):
    gig = open_gig(by=commissioner, is_draft=True)
    assert (gig.status, gig.posted_at) == (GigStatus.DRAFT, None)
    with pytest.raises(PermissionRefused):
        gig_open(gig_id=gig.pk, by=stranger, at=at)

    opened = gig_open(gig_id=gig.pk, by=commissioner, at=at)

    assert (opened.status, opened.posted_at) == (GigStatus.OPEN, at)
    with pytest.raises(GigTransitionRefused):
        gig_open(gig_id=gig.pk, by=commissioner, at=at)


def test_close_takes_a_gig_off_the_market_once(commissioner, stranger, at):
    gig = open_gig(by=commissioner)
    with pytest.raises(PermissionRefused):
        gig_close(gig_id=gig.pk, by=stranger, at=at)
    gig.refresh_from_db()
    assert gig.status == GigStatus.OPEN

    gig_close(gig_id=gig.pk, by=commissioner, at=at)

    gig.refresh_from_db()
    assert (gig.status, gig.closed_at) == (GigStatus.CLOSED, at)
    with pytest.raises(GigTransitionRefused) as refusal:
        gig_close(gig_id=gig.pk, by=commissioner, at=at)
    assert refusal.value.code == "transition_refused"


def written(gig):
    """Title, budget, status and plan of a gig as they are stored."""
    stored = Gig.objects.get(pk=gig.pk)
    plan = stored.planned_milestones.order_by("position")
    return (
        stored.title,
        stored.budget,
        stored.status,
        [(row.position, row.title, row.amount) for row in plan],
    )


def test_a_draft_is_written_anew_with_its_plan(commissioner, at):
    gig = open_gig(by=commissioner, is_draft=True)
    draft = gig_draft(title="Library", budget="900", currency="JPY", tasks=2, is_draft=True)

    edited = gig_edit(gig_id=gig.pk, draft=draft, by=commissioner, at=at)

    assert (edited.pk, edited.posted_at) == (gig.pk, None)
    assert written(gig) == (
        "Library",
        Money(900, "JPY"),
        "draft",
        [(1, "Part 1", Money(450, "JPY")), (2, "Part 2", Money(450, "JPY"))],
    )
    event = AuditEvent.objects.get(event="gig.edited")
    assert (event.actor, event.target, event.at) == (commissioner.public_id, gig.public_id, at)
    assert event.before == {"budget": "10000.00", "currency": "USD", "milestones": 3}
    assert event.after == {"budget": "900", "currency": "JPY", "milestones": 2}
    assert not AuditEvent.objects.filter(event="gig.posted").exists()


def test_a_draft_that_is_written_anew_may_be_posted_at_once(commissioner, at):
    gig = open_gig(by=commissioner, is_draft=True)

    edited = gig_edit(gig_id=gig.pk, draft=gig_draft(tasks=1), by=commissioner, at=at)

    assert (edited.status, edited.posted_at) == (GigStatus.OPEN, at)
    assert written(gig)[2:] == ("open", [(1, "Part 1", Money("10000.00", "USD"))])
    event = AuditEvent.objects.get(event="gig.posted")
    assert (event.before, event.after) == ({"status": "draft"}, {"status": "open"})


def test_what_is_open_is_not_edited(commissioner, at):
    gig = open_gig(by=commissioner)
    before = written(gig)

    with pytest.raises(GigNotDraft) as refusal:
        gig_edit(gig_id=gig.pk, draft=gig_draft(title="Other"), by=commissioner, at=at)

    assert (refusal.value.code, refusal.value.status) == ("gig_not_draft", 409)
    assert written(gig) == before


@pytest.mark.parametrize(
    ("by", "budget", "refusal"),
    [
        ("stranger", "10000.00", PermissionRefused),
        ("staff", "10000.00", PermissionRefused),
        ("commissioner", "0.02", BudgetTooSmall),
    ],
)
def test_a_refused_edit_changes_nothing(request, commissioner, at, by, budget, refusal):
    gig, user = open_gig(by=commissioner, is_draft=True), request.getfixturevalue(by)
    before, events = written(gig), AuditEvent.objects.count()
    draft = gig_draft(title="Other", budget=budget)

    with pytest.raises(refusal):
        gig_edit(gig_id=gig.pk, draft=draft, by=user, at=at)

    assert written(gig) == before
    assert AuditEvent.objects.count() == events
