"""Runs of verify_money: what is kept, how far chains are proved, and who hears of a difference."""

import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from outbox import services as outbox_services
from outbox.models import Job
from tests.builders import active_project, paid_invoice, run_jobs, sent_invoice
from tests.factories import AT
from tests.rules import refused_by, rewrite_all, run
from tests.wallets.test_integrity import corrupt
from wallets import integrity
from wallets.enums import VerificationMode
from wallets.exceptions import VerificationPending
from wallets.models import Balance, Checkpoint, Entry, VerificationRun
from wallets.selectors import books_status
from wallets.services import verification_request
from wallets.services.verification import VERIFY, VERIFY_RECENT, verification_keep

pytestmark = pytest.mark.django_db
AVAILABLE = "(SELECT id FROM wallets_account WHERE kind = 'available')"
ONE_MORE = f"UPDATE wallets_balance SET posted = posted + 1 WHERE account_id = {AVAILABLE}"


@pytest.fixture
def project(commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    paid_invoice(project, position=1)
    return project


def proved(topic: str = VERIFY, key: str = "now") -> VerificationRun:
    outbox_services.enqueue(topic, key=key)
    assert run_jobs(topic) == 1
    return VerificationRun.objects.latest("pk")


def test_a_run_is_kept_with_what_it_proved(project):
    run = proved()

    assert (run.mode, run.is_green, run.entries) == ("full", True, 3)
    assert run.checks == len(integrity.checks())
    assert run.duration >= timedelta(0)
    assert str(run).startswith(f"#{run.pk} Everything 20")
    assert run.differences == []


def test_a_green_run_moves_the_checkpoints_to_the_heads(project):
    proved()

    heads = {
        (row.account_id, row.shard): (row.seq, row.posted, bytes(row.head))
        for row in Balance.objects.filter(seq__gt=0)
    }
    points = {
        (row.account_id, row.shard): (row.seq, row.posted, bytes(row.head))
        for row in Checkpoint.objects.all()
    }
    assert points == heads
    assert len(points) == 3


def test_the_first_recent_run_proves_everything(project):
    assert proved(VERIFY_RECENT).mode == "full"


def test_a_recent_run_proves_what_came_since_the_last_green_one(project):
    proved()
    paid_invoice(project, position=2)

    run = proved(VERIFY_RECENT)

    assert (run.mode, run.is_green, run.entries) == ("recent", True, 3)
    assert proved(VERIFY_RECENT, "again").entries == 0
    assert set(Checkpoint.objects.values_list("seq", flat=True)) == {2}


def test_a_run_that_finds_something_moves_no_checkpoint(project):
    proved()
    paid_invoice(project, position=2)
    corrupt(ONE_MORE)

    run = proved(VERIFY_RECENT)

    assert not run.is_green
    assert set(Checkpoint.objects.values_list("seq", flat=True)) == {1}


NEWEST = "(SELECT max(journal_id) FROM wallets_entry)"
RECENT_CASES = [
    ("chains_hold", f"UPDATE wallets_entry SET hash = sha256('x') WHERE journal_id = {NEWEST} AND leg = 2"),
    ("chains_hold", f"UPDATE wallets_journal SET about_id = 99 WHERE id = {NEWEST}"),
    ("chains_hold", f"UPDATE wallets_entry SET seq = 9 WHERE journal_id = {NEWEST} AND leg = 2"),
    ("chains_hold", f"UPDATE wallets_entry SET currency = 'EUR' WHERE journal_id = {NEWEST} AND leg = 2"),
    ("chains_hold", f"UPDATE wallets_entry SET leg = 9 WHERE journal_id = {NEWEST} AND leg = 2"),
    ("chains_hold", f"UPDATE wallets_entry SET journal_id = 1 WHERE journal_id = {NEWEST} AND leg = 2"),
    ("chains_hold", f"DELETE FROM wallets_entry WHERE journal_id = {NEWEST} AND leg = 2"),
    ("chains_hold", f"UPDATE wallets_balance SET seq = 0 WHERE account_id = {AVAILABLE}"),
    ("chains_hold", f"UPDATE wallets_balance SET head = sha256('x') WHERE account_id = {AVAILABLE}"),
    ("chains_hold", f"DELETE FROM wallets_balance WHERE account_id = {AVAILABLE}"),
    ("ledger_sums_to_zero", ONE_MORE),
    ("journals_balance", f"UPDATE wallets_entry SET amount = amount + 1 WHERE journal_id = {NEWEST} AND leg = 1"),
    ("money_is_audited", f"UPDATE accounts_auditevent SET journal_key = NULL WHERE journal_key = (SELECT key FROM wallets_journal WHERE id = {NEWEST})"),
    ("paid_invoices_are_in_the_ledger", "UPDATE invoicing_invoice SET status = 'sent', paid_at = NULL WHERE position = 2"),
    ("approvals_lead_to_invoices", "UPDATE gigs_milestone SET status = 'approved', approved_at = now() - interval '61 s', approved_by_id = (SELECT commissioner_id FROM gigs_project) WHERE position = 3"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "edit"), RECENT_CASES)
def test_a_recent_run_finds_what_is_wrong_since(project, check, edit):
    proved()
    paid_invoice(project, position=2)
    assert integrity.prove_recent().differences == []

    corrupt(edit)

    assert check in {difference.check for difference in integrity.prove_recent().differences}


def test_a_recent_run_finds_a_balance_below_its_floor(project):
    proved()
    corrupt(
        "ALTER TABLE wallets_balance DROP CONSTRAINT wallets_balance_not_below_floor",
        f"UPDATE wallets_balance SET held = posted + 1 WHERE account_id = {AVAILABLE}",
    )

    assert [entry.check for entry in integrity.prove_recent().differences] == ["floors_hold"]


def test_each_recent_check_is_a_part_of_a_promise_and_has_a_case():
    names = [check.name for check in integrity.recent_checks()]

    assert set(names) <= {check.name for check in integrity.checks()}
    assert {check for check, _ in RECENT_CASES} | {"floors_hold"} == set(names)
    assert all(check.promise.endswith(".") for check in integrity.recent_checks())


def test_a_difference_is_logged_and_mailed_to_staff_once_a_day(project, staff, caplog):
    corrupt(ONE_MORE)

    with caplog.at_level(logging.ERROR, "wallets.services.verification"):
        run = proved()
    proved(key="again")
    run_jobs("mail.send")

    assert [record.message for record in caplog.records].count("books differ") == 2
    [sent] = [message for message in mail.outbox if "books" in message.subject]
    assert sent.to == ["Stella Staff <staff@example.com>"]
    assert sent.subject == f"The books differ: {run.difference_count} findings"
    assert "balances_follow_entries: account " in sent.body
    assert reverse("admin:wallets_verificationrun_change", args=[run.pk]) in sent.body


def test_green_runs_bother_nobody(project, staff):
    proved()

    assert not Job.objects.filter(key__startswith="books_differ").exists()


def test_staff_ask_for_a_proof_once_at_a_time(staff, freelancer):
    verification_request(by=staff, at=AT)

    with pytest.raises(VerificationPending):
        verification_request(by=staff, at=AT)
    with pytest.raises(PermissionRefused):
        verification_request(by=freelancer, at=AT)
    job = Job.objects.get(topic=VERIFY)
    event = AuditEvent.objects.get(event="books.verification_requested")
    assert (event.target, event.actor) == (job.public_id, staff.public_id)


def test_the_admin_button_asks_and_says_so(client_for, staff, freelancer):
    address = reverse("admin:wallets_verificationrun_run")
    client = client_for(staff)

    assert client.get(address).status_code == 302
    assert not Job.objects.filter(topic=VERIFY).exists()
    assert client_for(freelancer).post(address).status_code == 302
    assert not Job.objects.filter(topic=VERIFY).exists()
    first = client.post(address, follow=True)
    second = client.post(address, follow=True)

    assert "The books are being proved" in first.content.decode()
    assert "waiting or running already" in second.content.decode()
    assert Job.objects.filter(topic=VERIFY).count() == 1


def test_the_admin_shows_what_a_run_found(client_for, staff, project):
    corrupt(ONE_MORE)
    run = proved()
    client = client_for(staff)

    page = client.get(reverse("admin:wallets_verificationrun_change", args=[run.pk]))
    found = client.get(reverse("admin:wallets_verificationrun_changelist") + "?result=differ")
    green = client.get(reverse("admin:wallets_verificationrun_changelist") + "?result=green")

    assert "balances_follow_entries" in page.content.decode()
    assert list(found.context["cl"].result_list) == [run]
    assert list(green.context["cl"].result_list) == []


def kept(**changes) -> VerificationRun:
    values = {"mode": "full", "started_at": AT, "ended_at": AT, "checks": 1, "entries": 0}
    return VerificationRun.objects.create(**{**values, "difference_count": 0, **changes})


def test_the_status_tells_the_last_green_run(client_for):
    assert books_status().state == "unproved"
    old = kept()
    assert books_status().state == "late"
    green = kept(mode="recent", started_at=timezone.now(), ended_at=timezone.now())
    assert (books_status().state, books_status().green, books_status().full) == (
        "green",
        green,
        old,
    )
    red = kept(
        started_at=timezone.now(),
        ended_at=timezone.now(),
        difference_count=1,
        differences=[["a", "b", "c"]],
    )

    status = books_status()

    assert (status.state, status.last, status.green) == ("differ", red, green)
    page = client_for(None).get(reverse("status")).content.decode()
    assert "Under examination" in page
    assert f"{green.ended_at:%H:%M:%S} UTC" in page
    ready = client_for(None).get("/readyz").json()
    assert ready["books"] == "differ"
    assert ready["books_last_green"] == green.ended_at.isoformat()


def test_the_command_proves_what_is_recent(project, capsys):
    proved()
    call_command("verify_money", "--incremental")
    assert capsys.readouterr().out == (
        f"The books are in order: {len(integrity.recent_checks())} checks, 0 differences.\n"
    )
    corrupt(ONE_MORE)

    with pytest.raises(CommandError):
        call_command("verify_money", "--incremental")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_verification_mode_valid", {"mode": "half"}),
        ("wallets_verification_ends_after_start", {"ended_at": AT - timedelta(seconds=1)}),
        ("wallets_verification_differences_are_kept", {"difference_count": 1}),
    ],
)
def test_impossible_runs_are_refused(rule, changes):
    with refused_by(rule):
        kept(**changes)


def test_a_checkpoint_counts_entries():
    with refused_by("wallets_checkpoint_seq_not_negative"):
        run("INSERT INTO wallets_checkpoint VALUES (1, 0, -1, 0, '')")


@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_runs_are_history(statement):
    kept()
    with refused_by("wallets_verification_run_is_append_only"):
        rewrite_all(statement, "wallets_verificationrun", "entries")


@pytest.mark.django_db(transaction=True)
def test_two_workers_see_one_moment_and_find_the_same(commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    for position in (1, 2):
        paid_invoice(project, position=position)
    sent_invoice(project, position=3)

    assert integrity.prove(workers=2).differences == []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE wallets_entry SET hash = sha256('x') WHERE seq = 1 AND shard = 0")
        cursor.execute("SET session_replication_role = origin")
    alone, together = integrity.prove(workers=1), integrity.prove(workers=2)

    assert Entry.objects.count() == 6
    assert [entry.detail for entry in alone.differences] == [
        "the hash does not follow from the entry"
    ] * 2
    assert together == alone


def test_keeping_a_proof_twice_moves_nothing_back(project):
    proof = integrity.prove()
    paid_invoice(project, position=2)
    newer = integrity.prove()
    for each in (newer, proof):
        verification_keep(mode=VerificationMode.FULL, proof=each, started_at=AT, at=AT)

    assert set(Checkpoint.objects.values_list("seq", flat=True)) == {2}
