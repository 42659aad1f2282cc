from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money

from gigs import selectors
from gigs.models import FeePolicy
from gigs.services import PlannedTask, milestone_request_changes
from tests.builders import (
    active_project,
    milestone_of,
    open_gig,
    pending_application,
    submitted_milestone,
)
from tests.factories import AT

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_the_fee_rate_is_the_latest_policy_that_holds(settings):
    settings.PLATFORM_FEE_RATE = "0.0500"
    FeePolicy.objects.create(valid_from=AT, rate=Decimal("0.0400"))
    FeePolicy.objects.create(valid_from=AT + DAY, rate=Decimal("0.0300"))

    rates = [selectors.fee_rate_at(AT + offset) for offset in (-DAY, 0 * DAY, DAY, 2 * DAY)]

    assert rates == [Decimal("0.0500"), Decimal("0.0400"), Decimal("0.0300"), Decimal("0.0300")]


def test_a_split_takes_fees_cumulatively():
    parts = [(name, Money("33.33", "USD")) for name in "abc"]

    split = selectors.split_with_fees(parts, rate=Decimal("0.1000"))

    assert [(str(row.fee.amount), str(row.net.amount)) for row in split.rows] == [
        ("3.33", "30.00"),
        ("3.34", "29.99"),
        ("3.33", "30.00"),
    ]
    assert (split.total, split.fee, split.net) == (
        Money("99.99", "USD"),
        Money("10.00", "USD"),
        Money("89.99", "USD"),
    )


def test_a_commissioner_is_told_what_waits(commissioner):
    project = active_project(commissioner=commissioner)
    submitted = submitted_milestone(project, position=2)
    draft = open_gig(by=commissioner, title="Draft", is_draft=True)
    wanted = pending_application(gig=open_gig(by=commissioner, title="Wanted")).gig
    pending_application(gig=wanted)
    open_gig(by=commissioner, title="Unnoticed")
    submitted_milestone()

    todo = selectors.todo_commissioner(commissioner)

    assert (todo.to_review, todo.drafts, todo.is_empty) == ([submitted], [draft], False)
    assert [(gig, gig.pending_count) for gig in todo.gigs_with_candidates] == [(wanted, 2)]


def test_a_freelancer_is_told_what_waits(freelancer):
    tasks = tuple(
        PlannedTask(title=title, due_on=due)
        for title, due in (
            ("Later", date(2027, 1, 1)),
            ("Sooner", date(2026, 12, 1)),
            ("Whenever", None),
            ("Sent", None),
            ("Back", None),
        )
    )
    project = active_project(freelancer=freelancer, milestones=tasks)
    submitted_milestone(project, position=4)
    back = submitted_milestone(project, position=5)
    milestone_request_changes(milestone_id=back.pk, comment="No.", by=project.commissioner, at=AT)
    application = pending_application(by=freelancer)
    active_project()

    todo = selectors.todo_freelancer(freelancer)

    assert [milestone.title for milestone in todo.due] == ["Sooner", "Later", "Whenever"]
    assert [milestone.title for milestone in todo.in_review] == ["Sent"]
    assert [milestone.title for milestone in todo.to_revise] == ["Back"]
    assert (todo.applications, todo.is_empty) == ([application], False)


def test_nothing_waits_for_a_stranger(stranger):
    active_project()

    assert selectors.todo_commissioner(stranger).is_empty
    assert selectors.todo_freelancer(stranger).is_empty


@pytest.mark.parametrize("side", ["commissioner", "freelancer"])
def test_what_waits_asks_as_much_for_many_rows_as_for_few(side, commissioner, freelancer):
    user = {"commissioner": commissioner, "freelancer": freelancer}[side]
    todo_of = getattr(selectors, f"todo_{side}")
    request = RequestFactory().get("/")
    request.user = user
    counts = []
    for turn in "ab":
        project = active_project(commissioner=commissioner, freelancer=freelancer, title=turn)
        submitted_milestone(project)
        pending_application(gig=open_gig(by=commissioner, title=f"Open {turn}"), by=freelancer)
        with CaptureQueriesContext(connection) as queries:
            html = render_to_string(f"gigs/_todo_{side}.html", {"todo": todo_of(user)}, request)
        assert milestone_of(project).title in html
        counts.append(len(queries))

    assert counts[0] == counts[1]
