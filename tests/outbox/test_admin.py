import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services.stuck_work import stuck_job_resolve, stuck_job_retry
from common.exceptions import Invalid, PermissionRefused
from outbox.enums import Beat, Outcome
from outbox.models import Heartbeat, Job
from outbox.services import JobNotStuck, enqueue, heartbeat
from tests.rules import checksums

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending():
    enqueue("test.waiting", key="a", payload={"invoice": 7})
    return Job.objects.get(key="a")


@pytest.fixture
def dead():
    enqueue("test.broken", key="b")
    Job.objects.filter(key="b").update(
        attempts=8, dead_at=timezone.now(), last_error="ValueError: no"
    )
    return Job.objects.get(key="b")


@pytest.fixture
def done():
    enqueue("test.finished", key="c")
    Job.objects.filter(key="c").update(done_at=timezone.now(), outcome=Outcome.DONE)
    return Job.objects.get(key="c")


def url(model, page, *args):
    return reverse(f"admin:outbox_{model._meta.model_name}_{page}", args=args)


def act(client, action, *jobs, **values):
    data = {"action": action, "_selected_action": [job.pk for job in jobs], **values}
    return client.post(url(Job, "changelist") + "?state=all", data, follow=True)


def text_of(response):
    return " ".join(response.content.decode().split())


def test_staff_list_work_by_state(client_for, staff, pending, dead, done):
    client = client_for(staff)

    def listed(**query):
        return set(client.get(url(Job, "changelist"), query).context["cl"].result_list)

    assert listed() == listed(state="nonsense") == {pending, dead}
    assert listed(state="all") == {pending, dead, done}
    assert listed(state="dead") == {dead}
    assert listed(state="pending") == {pending}
    assert listed(state="done") == {done}
    assert listed(topic="test.broken") == {dead}
    assert listed(q="b") == {dead}
    assert listed(q=done.public_id, state="all") == {done}


def test_staff_read_a_job(client_for, staff, pending, dead):
    client = client_for(staff)

    waiting = text_of(client.get(url(Job, "change", pending.pk)))
    broken = text_of(client.get(url(Job, "change", dead.pk)))

    assert "{&quot;invoice&quot;: 7}" in waiting
    assert "Pending" in waiting
    assert "Given up" in broken
    assert "ValueError: no" in broken


def test_what_a_mail_says_is_not_shown(client_for, staff):
    enqueue("mail.send", key="reset", payload={"path": "/accounts/secret-link/"})
    job = Job.objects.get(key="reset")

    assert "secret-link" not in text_of(client_for(staff).get(url(Job, "change", job.pk)))


@pytest.mark.parametrize("model", [Job, Heartbeat])
def test_forged_posts_change_nothing(client_for, staff, dead, model):
    heartbeat(Beat.RELAY)
    pk = {Job: dead.pk, Heartbeat: "relay"}[model]
    client = client_for(staff)
    before = checksums()
    forged = {"attempts": "0", "outcome": "done", "post": "yes", "_save": "Save"}

    answers = [
        client.post(url(model, "add"), forged).status_code,
        client.post(url(model, "change", pk), forged).status_code,
        client.post(url(model, "delete", pk), forged).status_code,
    ]
    deleting = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    client.post(url(model, "changelist"), deleting)

    assert answers == [403, 403, 403]
    assert checksums() == before


@pytest.mark.parametrize("person", [None, "freelancer"])
def test_others_neither_see_nor_act(request, client_for, dead, person):
    client = client_for(request.getfixturevalue(person) if person else None)

    assert client.get(url(Job, "changelist")).url.startswith("/admin/login/")
    act(client, "retry", dead)

    dead.refresh_from_db()
    assert dead.attempts == 8


def test_a_dead_job_is_retried_with_an_audit_row(client_for, staff, dead):
    response = act(client_for(staff), "retry", dead)

    dead.refresh_from_db()
    assert (dead.attempts, dead.dead_at, dead.done_at) == (0, None, None)
    assert "Job test.broken b is tried again." in text_of(response)
    event = AuditEvent.objects.get(event="job.retried")
    assert (event.target, event.actor, event.before) == (
        dead.public_id,
        staff.public_id,
        {"last_error": "ValueError: no"},
    )


def test_a_job_that_is_not_stuck_is_left_alone(client_for, staff, pending, done):
    before = {job.pk: Job.objects.filter(pk=job.pk).values().get() for job in (pending, done)}
    client = client_for(staff)

    for action, values in (("retry", {}), ("resolve", {"note": "Not needed."})):
        response = act(client, action, pending, done, **values)
        assert text_of(response).count("This job is not stuck.") == 2

    for pk, values in before.items():
        assert Job.objects.filter(pk=pk).values().get() == values
    assert AuditEvent.objects.count() == 0


def test_resolving_asks_why_first(client_for, staff, dead):
    client = client_for(staff)

    asked = act(client, "resolve", dead)
    blank = act(client, "resolve", dead, note="  ")

    for response in (asked, blank):
        assert "Why need this not be done" in text_of(response)
        assert f'name="_selected_action" value="{dead.pk}"' in text_of(response)
    assert "This field is required." in text_of(blank)
    dead.refresh_from_db()
    assert dead.done_at is None


def test_a_dead_job_is_resolved_with_its_reason(client_for, staff, dead):
    response = act(client_for(staff), "resolve", dead, note=" Paid by hand. ")

    dead.refresh_from_db()
    assert dead.done_at is not None
    assert (dead.outcome, dead.outcome_note) == (Outcome.RESOLVED, "Paid by hand.")
    assert "Job test.broken b is resolved." in text_of(response)
    event = AuditEvent.objects.get(event="job.resolved")
    assert (event.target, event.actor, event.after) == (
        dead.public_id,
        staff.public_id,
        {"outcome": "resolved", "note": "Paid by hand."},
    )


def test_only_staff_may_touch_stuck_work(dead, freelancer, at):
    with pytest.raises(PermissionRefused):
        stuck_job_retry(job_id=dead.pk, by=freelancer, at=at)
    with pytest.raises(PermissionRefused):
        stuck_job_resolve(job_id=dead.pk, note="No.", by=freelancer, at=at)

    dead.refresh_from_db()
    assert (dead.attempts, dead.done_at) == (8, None)


def test_work_that_is_not_stuck_is_left_alone(pending, staff, at):
    with pytest.raises(JobNotStuck):
        stuck_job_retry(job_id=pending.pk, by=staff, at=at)
    with pytest.raises(JobNotStuck):
        stuck_job_resolve(job_id=pending.pk, note="Not needed.", by=staff, at=at)


def test_stuck_work_is_not_resolved_without_a_reason(dead, staff, at):
    with pytest.raises(Invalid) as refusal:
        stuck_job_resolve(job_id=dead.pk, note="  ", by=staff, at=at)

    assert [error.field for error in refusal.value.errors] == ["note"]


def test_heartbeats_are_listed(client_for, staff):
    heartbeat(Beat.WORKER)

    listed = client_for(staff).get(url(Heartbeat, "changelist"))

    assert [beat.name for beat in listed.context["cl"].result_list] == ["worker"]
    assert client_for(staff).get(url(Heartbeat, "change", "worker")).status_code == 200
