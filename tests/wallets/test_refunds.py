"""Refund requests: each way one ends, the clock, and what is refused."""

from datetime import timedelta

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.exceptions import (
    GiveBackTooLate,
    NoRefundRequest,
    NothingHeld,
    RefundAlreadyRequested,
    WorkSubmitted,
)
from gigs.models import Amendment, Project, RefundRequest
from gigs.selectors import next_step, project_view, projects_with_figures
from gigs.services import (
    milestone_request_changes,
    milestone_start,
    refund_decline,
    refund_request,
    refund_withdraw,
)
from outbox import runner
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    fund,
    held_project,
    milestone_of,
    submitted_milestone,
)
from tests.factories import AT
from tests.rules import assert_refused, copy, refused_by
from tests.wallets.paying import traces
from tests.wallets.test_integrity import corrupt, fired
from wallets import integrity
from wallets.models import Release
from wallets.selectors import credit_balance
from wallets.services import (
    funds_give_back,
    refund_agree,
    refund_agree_preview,
    refund_conclude,
    refund_preview,
)

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def project(commissioner, freelancer):
    made = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(made)
    return made


def ask(project: Project, **changes) -> RefundRequest:
    values = {
        "milestone_id": milestone_of(project).pk,
        "reason": "Plans have changed.",
        "by": project.commissioner,
        "at": AT,
    }
    return refund_request(**{**values, **changes})


def about(project: Project, by) -> dict:
    return {"milestone_id": milestone_of(project).pk, "by": by, "at": AT}


def outcome(asked: RefundRequest) -> tuple[str, str]:
    asked.refresh_from_db()
    asked.milestone.refresh_from_db()
    return asked.status, asked.milestone.status


def credit_of(project: Project) -> Money:
    return credit_balance(project.commissioner_id, "USD")


def mailed(template: str) -> list[str]:
    jobs = Job.objects.filter(payload__template=template).order_by("pk")
    return [job.payload["to"] for job in jobs]


def step_of(project: Project) -> str:
    view = project_view(projects_with_figures().get(pk=project.pk))
    return next_step(view, user=project.freelancer).kind


def everything() -> dict[str, object]:
    return {
        **traces(),
        "requests": sorted(RefundRequest.objects.values_list("pk", "status")),
        "amendments": Amendment.objects.count(),
        "releases": Release.objects.count(),
    }


def test_asking_starts_the_clock(project, freelancer):
    asked = ask(project)

    assert (asked.status, asked.number, asked.ends_at) == ("open", 1, AT + WEEK)
    due = dict(Job.objects.filter(topic__startswith="refund.").values_list("key", "due_at"))
    key = f"{asked.milestone.public_id}:1"
    assert due == {
        key: AT + WEEK,
        f"{key}:3": AT + timedelta(days=4),
        f"{key}:1": AT + timedelta(days=6),
    }
    assert mailed("refund_requested") == [freelancer.email]
    assert AuditEvent.objects.get(event="refund.requested").target == asked.milestone.public_id
    assert step_of(project) == "answer_refund"
    assert integrity.differences() == []


def test_the_days_are_those_of_the_day_of_asking(project, settings):
    settings.REFUND_DAYS = 2
    asked = ask(project)

    assert asked.ends_at == AT + timedelta(days=2)
    assert Job.objects.filter(topic="refund.warning").count() == 1


def test_agreeing_gives_it_back_at_once(project, freelancer, commissioner):
    asked = ask(project)

    returned = refund_agree(**about(project, freelancer))

    assert outcome(asked) == ("agreed", "cancelled")
    assert (returned.amount, credit_of(project)) == (Money("3333.34", "USD"),) * 2
    assert (returned.release.cause, returned.release.by) == ("refund_agreed", freelancer)
    assert mailed("refund_ended") == [commissioner.email]
    assert integrity.differences() == []


def test_declining_takes_a_word_and_moves_nothing(project, freelancer, commissioner):
    asked = ask(project)

    refund_decline(answer="I deliver on Friday.", **about(project, freelancer))

    assert outcome(asked) == ("declined", "funded")
    assert (asked.answer, asked.ended_by) == ("I deliver on Friday.", freelancer)
    assert credit_of(project) == Money("0.00", "USD")
    assert mailed("refund_ended") == [commissioner.email]
    assert ask(project).number == 2
    assert integrity.differences() == []


def test_silence_gives_it_back(project, freelancer, commissioner):
    asked = ask(project, at=AT - WEEK)
    assert refund_conclude(request_id=asked.pk, at=AT - timedelta(seconds=1)) is None

    job = Job.objects.get(topic="refund.ended")
    runner.run([job.pk])

    assert outcome(asked) == ("unanswered", "cancelled")
    release = Release.objects.get()
    assert (release.cause, release.by) == ("refund_unanswered", None)
    assert credit_of(project) == Money("3333.34", "USD")
    assert set(mailed("refund_ended")) == {freelancer.email, commissioner.email}
    assert AuditEvent.objects.get(event="milestone.cancelled").actor == ""
    assert refund_conclude(request_id=asked.pk, at=AT) is None
    assert integrity.differences() == []


def test_work_that_was_begun_does_not_end_the_request(project, freelancer):
    asked = ask(project)

    milestone_start(**about(project, freelancer))

    assert outcome(asked) == ("open", "in_progress")
    refund_conclude(request_id=asked.pk, at=asked.ends_at)
    assert outcome(asked) == ("unanswered", "cancelled")
    assert integrity.differences() == []


def test_submitted_work_ends_the_request(project, freelancer, commissioner):
    asked = ask(project)

    submitted_milestone(project)

    assert outcome(asked) == ("lapsed", "in_review")
    assert asked.ended_by == freelancer
    assert refund_conclude(request_id=asked.pk, at=asked.ends_at) is None
    assert mailed("refund_ended") == [commissioner.email]
    assert integrity.differences() == []


def test_giving_all_of_it_back_is_agreeing(project, freelancer):
    asked = ask(project)

    funds_give_back(**about(project, freelancer))

    assert outcome(asked) == ("agreed", "cancelled")
    assert Release.objects.get().cause == "given_back"
    assert integrity.differences() == []


def test_after_a_part_the_request_is_about_the_rest(project, freelancer):
    asked = ask(project)
    funds_give_back(amount=Money("333.34", "USD"), **about(project, freelancer))

    refund_conclude(request_id=asked.pk, at=asked.ends_at)

    assert outcome(asked) == ("unanswered", "cancelled")
    assert credit_of(project) == Money("3333.34", "USD")
    assert integrity.differences() == []


def test_a_request_can_be_withdrawn(project, freelancer, commissioner):
    asked = ask(project)

    refund_withdraw(**about(project, commissioner))

    assert outcome(asked) == ("withdrawn", "funded")
    assert mailed("refund_ended") == [freelancer.email]
    assert refund_conclude(request_id=asked.pk, at=asked.ends_at) is None
    assert integrity.differences() == []


def test_the_freelancer_is_reminded_while_it_waits(project, freelancer):
    ask(project)
    first, second = Job.objects.filter(topic="refund.warning").order_by("due_at")
    Job.objects.filter(topic="refund.warning").update(due_at=AT)
    RefundRequest.objects.update(ends_at=AT + timedelta(days=36_500))

    runner.run([first.pk])
    refund_decline(answer="No.", **about(project, freelancer))
    runner.run([second.pk])

    assert mailed("refund_warning") == [freelancer.email]


def test_previews_change_nothing(project, freelancer, commissioner):
    before = everything()

    asked, preview = refund_preview(reason="Plans.", **about(project, commissioner))
    assert (asked.ends_at, preview.returned) == (AT + WEEK, Money("3333.34", "USD"))
    assert preview.agreed_after == Money("6666.66", "USD")
    assert everything() == before

    ask(project)
    before = everything()
    assert refund_agree_preview(**about(project, freelancer)).returned == Money("3333.34", "USD")
    assert everything() == before


def on_invoice(project):
    return active_project(commissioner=project.commissioner, title="Other")


def unfunded(project):
    return held_project(commissioner=project.commissioner, title="Other")


def asked_for(project):
    ask(project)
    return project


def submitted(project):
    submitted_milestone(project)
    return project


def handed_back(project):
    submitted(project)
    milestone_request_changes(comment="More.", **about(project, project.commissioner))
    return project


def approved(project):
    approved_milestone(project)
    return project


@pytest.mark.parametrize(
    ("reach", "refusal"),
    [
        (on_invoice, NothingHeld),
        (unfunded, NothingHeld),
        (asked_for, RefundAlreadyRequested),
        (submitted, WorkSubmitted),
        (handed_back, WorkSubmitted),
        (approved, GiveBackTooLate),
    ],
)
def test_asking_is_refused(project, reach, refusal):
    about_it = reach(project)
    before = everything()

    with pytest.raises(refusal):
        ask(about_it)
    assert everything() == before


def test_without_a_request_there_is_nothing_to_answer(project, freelancer, commissioner):
    before = everything()

    for answer in (
        lambda: refund_agree(**about(project, freelancer)),
        lambda: refund_decline(answer="No.", **about(project, freelancer)),
        lambda: refund_withdraw(**about(project, commissioner)),
    ):
        with pytest.raises(NoRefundRequest):
            answer()
    assert everything() == before


def test_each_side_says_its_own_part(project, freelancer, commissioner, stranger):
    ask(project)
    before = everything()

    for by in (commissioner, stranger):
        with pytest.raises(PermissionRefused):
            refund_agree(**about(project, by))
        with pytest.raises(PermissionRefused):
            refund_decline(answer="No.", **about(project, by))
    for by in (freelancer, stranger):
        with pytest.raises(PermissionRefused):
            refund_withdraw(**about(project, by))
        with pytest.raises(PermissionRefused):
            ask(project, by=by)
    assert everything() == before


def test_a_milestone_has_one_request_at_a_time(project):
    asked = ask(project)

    with refused_by("gigs_refund_request_one_open_per_milestone"):
        copy(asked, number="2")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("gigs_refund_request_status_valid", "status = 'lost', ended_at = now()"),
        ("gigs_refund_request_reason_not_empty", "reason = ''"),
        ("gigs_refund_request_ends_after_it_began", "ends_at = asked_at"),
        ("gigs_refund_request_ended_at_iff_ended", "ended_at = now()"),
        ("gigs_refund_request_ended_by_iff_by_somebody", "ended_by_id = asked_by_id"),
        ("gigs_refund_request_declined_with_words", "answer = 'No.'"),
        (
            "gigs_refund_request_silence_waits_for_the_end",
            "status = 'unanswered', ended_at = ends_at - interval '1 second'",
        ),
    ],
)
def test_the_database_refuses_the_change(project, rule, changes):
    assert_refused(rule, ask(project), changes)


def test_requests_of_a_milestone_are_counted(project, commissioner):
    asked = ask(project)
    refund_withdraw(**about(project, commissioner))
    asked.refresh_from_db()

    with refused_by("gigs_refund_request_number_unique"):
        copy(asked)


def test_only_time_releases_without_anybody(project, freelancer):
    release = funds_give_back(amount=Money("1.00", "USD"), **about(project, freelancer)).release

    with refused_by("wallets_release_by_nobody_iff_unanswered"):
        copy(release, number="2", cause="'refund_unanswered'")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM outbox_job WHERE topic = 'refund.ended'",
        "UPDATE gigs_milestone SET version = 1 WHERE position = 1",
        "UPDATE gigs_refundrequest SET status = 'agreed'",
    ],
)
def test_a_request_that_does_not_end_as_it_says_is_seen(project, statement):
    ask(project)
    corrupt("ALTER TABLE gigs_refundrequest DROP CONSTRAINT gigs_refund_request_ended_at_iff_ended")
    corrupt(
        "ALTER TABLE gigs_refundrequest DROP CONSTRAINT gigs_refund_request_ended_by_iff_by_somebody"
    )
    corrupt("ALTER TABLE gigs_milestone DROP CONSTRAINT gigs_milestone_submitted_at_iff_submitted")

    corrupt(statement)

    assert "refund_requests_end" in fired()
