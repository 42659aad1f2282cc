import re
import time
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.mail.backends import smtp
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from djmoney.money import Money

from accounts import jobs, services
from accounts.jobs import send
from accounts.services.mail import NEEDS, Mail
from outbox import leases, registry, runner
from outbox.models import Job
from tests.builders import run_jobs

pytestmark = pytest.mark.django_db

SAMPLE = {
    "back": "in your wallet",
    "about": "This is the invoice for “Architecture”, which is approved.",
    "amount": Money("3333.34", "USD"),
    "bonus": Money("250.00", "USD"),
    "comment": "Please <b>move</b> the logo.\nAnd the map.",
    "commissioner": "Clara & Co",
    "count": "2",
    "due_on": date(2026, 12, 6),
    "expires_on": date(2026, 12, 6),
    "file": "tranche-invoices-sent.zip",
    "effect": "Nothing is due for the invoice any more.",
    "event": "The password of your account was changed",
    "fate": "goes to the next milestone",
    "fee": Money("166.67", "USD"),
    "first": "ledger_sums_to_zero: currency USD: balances add up to 1",
    "freelancer": "Fred <Freelancer>",
    "ends_on": date(2026, 12, 6),
    "gig": "Museum & web site",
    "kind": "Fee credit note",
    "invoice": "K7QM-2026-00011",
    "left": "3 days",
    "month": "November 2026",
    "method": "Commerzbank, DE•• •••• 3000",
    "milestone": 'The "first" part',
    "milestones": "“Architecture”, “Launch”",
    "net": Money("3166.67", "USD"),
    "number": "K7QM-2026-00012",
    "outcome": "returned",
    "part": Money("2800.00", "USD"),
    "path": "/projects/prj_1/",
    "project": "Museum & web site",
    "clause": "Terms 7.2",
    "proposer": "Petra <Staff>",
    "review_on": date(2026, 12, 6),
    "reason": "The account is closed.",
    "rest": Money("833.34", "USD"),
    "total": Money("3333.34", "USD"),
    "url": "https://tranche.example/secret",
    "words": "The commissioner has it back as credit.",
}


def ask(freelancer, template=Mail.MILESTONE_SUBMITTED, key="mst_1"):
    context = {name: SAMPLE[name] for name in NEEDS[template]}
    services.mail_enqueue(template, to=freelancer, key=key, context=context)


@pytest.mark.parametrize("template", list(Mail))
def test_every_mail_shows_all_that_it_is_given(template, freelancer, settings):
    settings.SITE_URL = "https://tranche.example"
    [engine] = settings.TEMPLATES
    options = {**engine["OPTIONS"], "string_if_invalid": "MISSING %s"}
    settings.TEMPLATES = [{**engine, "OPTIONS": options}]
    ask(freelancer, template)

    run_jobs("mail.send")

    (message,) = mail.outbox
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    assert message.to == ["Fred Freelancer <freelancer@example.com>"]
    assert "\n" not in message.subject
    for part in (message.subject, message.body, html):
        assert part.strip()
        assert "MISSING" not in part
        assert "{{" not in part
    assert "&amp;" not in message.subject + message.body
    assert "&quot;" not in message.subject + message.body
    assert "<b>" not in html
    for name in NEEDS[template] - {"path", "url"}:
        words = message.subject + message.body
        assert _words(SAMPLE[name]) in words, name
    link = "https://tranche.example/"
    if NEEDS[template] & {"path", "url"}:
        assert link in message.body
        assert f'href="{link}' in html


def _words(value) -> str:
    if isinstance(value, Money):
        return f"{value.amount:,} USD"
    return "6 December 2026" if isinstance(value, date) else value


def test_asking_twice_for_the_same_event_sends_one_mail(freelancer):
    ask(freelancer)
    ask(freelancer)

    run_jobs("mail.send")

    assert len(mail.outbox) == 1


def test_asking_for_another_event_sends_another_mail(freelancer, commissioner):
    ask(freelancer, key="mst_1")
    ask(freelancer, key="mst_2")
    ask(commissioner, key="mst_1")

    run_jobs("mail.send")

    assert len(mail.outbox) == 3


def test_a_mail_that_lacks_something_is_never_asked_for(freelancer):
    with pytest.raises(ValueError, match="needs freelancer, path"):
        services.mail_enqueue(
            "milestone_submitted",
            to=freelancer,
            key="mst_1",
            context={"milestone": "First", "project": "Museum"},
        )

    assert Job.objects.count() == 0


def test_a_mail_that_is_done_is_not_sent_again(freelancer):
    ask(freelancer)
    ids = list(Job.objects.values_list("pk", flat=True))

    runner.run(ids)
    runner.run(ids)

    assert len(mail.outbox) == 1
    assert Job.objects.get().done_at is not None


def test_a_mail_repeated_after_a_crash_has_the_same_message_id(freelancer):
    ask(freelancer)
    claimed = leases.claim([Job.objects.get().pk], topics=["mail.send"])

    send(claimed)
    send(claimed)

    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert re.fullmatch(r"<job_[0-9a-f]{32}@127\.0\.0\.1>", first.extra_headers["Message-ID"])


def test_a_mail_too_late_for_its_lease_is_left_to_the_other_worker(freelancer, monkeypatch):
    ask(freelancer)
    claimed = leases.claim([Job.objects.get().pk], topics=["mail.send"])
    monkeypatch.setattr("accounts.jobs.NEEDED_LEASE", registry.OUTSIDE_LEASE + timedelta(seconds=1))

    settle = send(claimed)

    assert mail.outbox == []
    assert settle() == registry.Left(later=[claimed[0].pk])


@pytest.fixture
def refused_address(monkeypatch):
    """The mail server refuses this person's mails."""
    deliver = EmailBackend.send_messages

    def send_messages(self, messages):
        if "poison" in messages[0].to[0]:
            raise OSError("mailbox unavailable")
        return deliver(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)


def test_a_refused_mail_neither_repeats_nor_stops_its_neighbours(
    freelancer, commissioner, refused_address
):
    for number in range(5):
        ask(freelancer, key=f"mst_{number}")
    Job.objects.filter(key__startswith="milestone_submitted:mst_2").update(
        payload={**Job.objects.first().payload, "to": "poison@example.com"}
    )

    run_jobs("mail.send")

    assert len(mail.outbox) == 4
    assert Job.objects.filter(done_at__isnull=False).count() == 4
    poison = Job.objects.get(done_at__isnull=True)
    assert poison.attempts == 1
    assert poison.last_error == "OSError: mailbox unavailable"
    assert poison.due_at > timezone.now()


def test_a_round_ends_with_the_first_mail_that_fails(freelancer, monkeypatch):
    """A server that lets each wait for its time-out holds a worker for one of them."""
    for number in range(3):
        ask(freelancer, key=f"mst_{number}")
    claimed = leases.claim(Job.objects.values_list("pk", flat=True), topics=["mail.send"])
    error = TimeoutError("timed out")
    tried = []

    def time_out(self, messages):
        tried.append(messages)
        raise error

    monkeypatch.setattr(EmailBackend, "send_messages", time_out)

    first, *rest = (job.pk for job in claimed)
    assert send(claimed)() == registry.Left(later=rest, failed={first: error})
    assert len(tried) == 1


def test_a_mail_server_without_connection_was_asked_nothing(freelancer, settings, monkeypatch):
    """However long that lasts, no mail is given up; the server is tried once a minute."""
    monkeypatch.setattr(jobs, "_away_until", 0.0)
    tries, connect = [], smtp.EmailBackend.open

    def open_(self):
        tries.append(self)
        return connect(self)

    monkeypatch.setattr(smtp.EmailBackend, "open", open_)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    ask(freelancer)

    for _ in range(10):
        assert run_jobs("mail.send") == 0

    left = Job.objects.values_list("attempts", "done_at", "dead_at", "last_error")
    refused = "Unreachable: no connection to the mail server: [Errno 111] Connection refused"
    assert list(left) == [(0, None, None, refused)]
    assert len(tries) == 1
    monkeypatch.setattr(jobs, "_away_until", time.monotonic())
    run_jobs("mail.send")
    assert len(tries) == 2
    monkeypatch.setattr(jobs, "_away_until", time.monotonic())
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert run_jobs("mail.send") == 1


def test_links_that_open_accounts_leave_the_row_once_sent(freelancer):
    ask(freelancer, Mail.PASSWORD_RESET)

    run_jobs("mail.send")

    assert "https://tranche.example/secret" in mail.outbox[0].body
    assert Job.objects.get().payload == {
        "template": "password_reset",
        "to": "freelancer@example.com",
    }
