"""The demo, and what bringing the database up to date grants."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from gigs.enums import GigStatus
from gigs.models import Gig, Milestone
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from outbox import services
from outbox.enums import Beat
from outbox.models import Heartbeat, Job
from tests.factories import AT
from tests.rules import checksums
from wallets import integrity
from wallets.management.commands.provision import APPEND_ONLY, KEPT
from wallets.management.commands.provision import Command as Provision

pytestmark = pytest.mark.django_db


def said(command, *arguments):
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_the_demo_is_a_lived_in_platform_with_its_books_in_order(provider):
    services.enqueue("invoice.issued", key="of somebody else")
    Job.objects.update(created_at=AT)

    logins = said("demo")

    assert [line.split()[0] for line in logins.splitlines()] == [
        "Commissioner",
        "Freelancer",
        "Staff",
    ]
    assert User.objects.filter(is_staff=False).count() == 6
    assert set(Gig.objects.values_list("status", flat=True)) == set(GigStatus.values)
    invoices = Invoice.objects.all()
    assert invoices.count() >= 30
    assert {InvoiceStatus.PAID, InvoiceStatus.SENT} <= set(
        invoices.values_list("status", flat=True)
    )
    assert invoices.dates("issued_on", "month").count() >= 10
    assert integrity.differences() == []
    pending = Job.objects.pending().exclude(topic="invoice.document")
    clocks = pending.filter(topic__startswith="review.")
    assert not clocks.filter(due_at__lte=timezone.now()).exists()
    in_review = Milestone.objects.filter(status="in_review").order_by("review_ends_at")
    [soonest, _] = [milestone.review_ends_at - timezone.now() for milestone in in_review]
    assert soonest.days == 3
    pending = pending.exclude(topic__startswith="review.")
    assert [job.key for job in pending] == ["of somebody else"]


def test_a_second_demo_changes_nothing():
    first = said("demo")
    before = checksums()

    assert said("demo") == first
    assert checksums() == before


def test_the_demo_needs_the_sandbox(settings):
    settings.SANDBOX_PROVIDER = False

    with pytest.raises(CommandError, match="sandbox provider"):
        said("demo")

    assert not User.objects.exists()


def test_provision_forgets_the_heartbeats_of_an_earlier_run():
    services.heartbeat(Beat.RELAY)
    services.heartbeat(Beat.WORKER)

    assert said("provision") == ""

    assert not Heartbeat.objects.exists()


@pytest.fixture
def role():
    name = f"provisioned_{connection.settings_dict['NAME']}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name}")
    Provision()._grant("default", role=name)
    return name


def may(role, table, right):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right])
        return cursor.fetchone()[0]


LEDGER = ("wallets_account", "wallets_balance", "wallets_entry", "wallets_journal")


@pytest.mark.parametrize(
    ("tables", "rights", "others"),
    [
        (LEDGER, {"SELECT"}, {"INSERT", "UPDATE", "DELETE"}),
        (APPEND_ONLY, {"SELECT", "INSERT"}, {"UPDATE", "DELETE"}),
        (KEPT, {"SELECT", "INSERT", "UPDATE"}, {"DELETE"}),
        (("django_migrations",), {"SELECT"}, {"INSERT", "UPDATE", "DELETE"}),
        (("outbox_job", "accounts_user"), {"SELECT", "INSERT", "UPDATE", "DELETE"}, set()),
    ],
)
def test_the_application_gets_these_rights_and_no_more(role, tables, rights, others):
    for table in tables:
        granted = {right for right in rights | others | {"TRUNCATE"} if may(role, table, right)}
        assert (table, granted) == (table, rights)


REFUSED_BY_TRIGGER = """
    SELECT relname, tgtype & 16 <> 0, tgtype & 8 <> 0
    FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE proname IN ('tranche_refuse_change', 'wallets_refuse_change') AND tgqual IS NULL
"""


def test_no_right_is_granted_that_a_trigger_refuses(role):
    """An append-only table that the lists forget is found by its trigger."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSED_BY_TRIGGER)
        refused = cursor.fetchall()

    assert len({table for table, _, _ in refused}) >= 24
    granted = [
        (table, right)
        for table, no_update, no_delete in refused
        for right, is_refused in (("UPDATE", no_update), ("DELETE", no_delete))
        if is_refused and may(role, table, right)
    ]
    assert granted == []


def test_the_rights_cover_every_table(role):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        unreadable = [table for (table,) in cursor if not may(role, table, "SELECT")]

    assert unreadable == []


def test_books_without_any_money_are_in_order(capsys):
    call_command("verify_money")

    count = len(integrity.checks())
    assert capsys.readouterr().out == f"The books are in order: {count} checks, 0 differences.\n"
