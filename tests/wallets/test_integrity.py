"""Each check of verify_money sees the corruption that it is for, and the clean books are clean."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.builders import active_project, paid_invoice, sent_invoice, submitted_milestone
from wallets import integrity
from wallets.services.anchors import anchor_draft, anchor_keep

PAID, SENT, IN_REVIEW = 1, 2, 3
ELSEWHERE = """additions_are_in_the_ledger bank_book_agrees bank_statements_follow
credit_notes_are_in_the_ledger credit_notes_match_invoices extras_are_agreed
fee_invoices_match_fees parts_are_in_the_ledger payout_book_agrees refund_requests_end releases_are_in_the_ledger
reservations_are_explained sandbox_refunds_agree take_backs_are_in_the_ledger
upfront_comes_first withdrawals_are_in_the_ledger"""  # corrupted in files of their own
pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    """A project whose milestones are paid, invoiced and in review, in that order."""
    project = active_project()
    paid_invoice(project, position=PAID)
    sent_invoice(project, position=SENT)
    submitted_milestone(project, position=IN_REVIEW)
    anchor_keep(anchor_draft())
    return project


def corrupt(*statements: str) -> None:
    """Run statements as a superuser who has switched triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount == 1 or statement.startswith("ALTER"), statement
        cursor.execute("SET LOCAL session_replication_role = origin")


def fired() -> set[str]:
    return {difference.check for difference in integrity.differences()}


@dataclass(frozen=True)
class Corruption:
    """What a superuser does, the check that is for it, and others that see it as well."""

    check: str
    statements: tuple[str, ...]
    also: frozenset[str] = frozenset()


def case(check: str, *statements: str, also: tuple[str, ...] = ()) -> Corruption:
    return Corruption(check, statements, frozenset(also))


def milestone(position: int) -> str:
    return f"(SELECT id FROM gigs_milestone WHERE position = {position})"


def account(kind: str) -> str:
    return f"(SELECT id FROM wallets_account WHERE kind = '{kind}')"


BUYER = "(SELECT commissioner_id FROM gigs_project)"
JOURNAL = "(SELECT id FROM wallets_journal)"
AVAILABLE = f"account_id = {account('available')}"
INVOICE_OF = "UPDATE invoicing_invoice SET {change} WHERE milestone_id = {milestone}"
AUDITED = (
    "INSERT INTO accounts_auditevent (at, event, actor, actor_name, target, target_label, before,"
    " after, request_id, journal_key)"
    " VALUES (now(), 'payment.settled', '', '', 'pay_x', '', '{}', '{}', '', 'made:up')"
)
JOURNAL_WITHOUT_ENTRIES = (
    "INSERT INTO wallets_journal (about_id, posted_at, kind, about_type, key)"
    " VALUES (1, now(), '{kind}', 'invoice', 'made:up')"
)
SECOND_PAYMENT = """
INSERT INTO wallets_payment (uuid, purpose, invoice_id, payer_id, provider, token, label,
  amount_minor, received_minor, currency, is_automatic, status, outcome, failure_code, created_at,
  ended_at)
SELECT gen_random_uuid(), 'invoice', i.id, i.buyer_id, 'sandbox', 'test_ok', '', 333333, 333333,
  'USD', false, 'succeeded', 'exact', '', now(), now()
FROM invoicing_invoice i WHERE i.position = 2
"""
CHARGES_OF_PAYMENTS = """
INSERT INTO wallets_sandboxcharge (key, token, amount_minor, currency, result, failure_code,
  created_at)
SELECT 'pay_' || replace(uuid::text, '-', ''), 'test_ok', 333333, 'USD', 'succeeded', '', now()
FROM wallets_payment WHERE invoice_id = (SELECT id FROM invoicing_invoice WHERE position = 2)
"""
ENTRY_TWICE = (
    "INSERT INTO wallets_entry SELECT journal_id, account_id, seq, amount, balance_after, leg + 50,"
    f" shard, currency, hash FROM wallets_entry WHERE {AVAILABLE}"
)
CASES = [
    case(
        "anchors_hold",
        "DELETE FROM wallets_entry WHERE hash IN (SELECT head FROM wallets_anchoredhead"
        f" WHERE {AVAILABLE})",
        also=(
            "balances_follow_entries",
            "chains_hold",
            "journals_balance",
            "ledger_sums_to_zero",
            "lifetime_follows_settlements",
            "paid_invoices_are_in_the_ledger",
        ),
    ),
    case(
        "amendments_lead_to_the_price",
        f"UPDATE gigs_milestone SET amendment_count = 1 WHERE position = {IN_REVIEW}",
    ),
    case(
        "approvals_lead_to_invoices",
        "UPDATE gigs_milestone SET status = 'approved', approved_at = now() - interval '61 s',"
        " review_ends_at = NULL,"
        f" approved_by_id = (SELECT commissioner_id FROM gigs_project) WHERE position = {IN_REVIEW}",
    ),
    case(
        "balances_follow_entries",
        f"UPDATE wallets_balance SET posted = posted + 1 WHERE {AVAILABLE}",
        also=("chains_hold",),
    ),
    case("budgets_hold", "UPDATE gigs_project SET agreed_minor = agreed_minor + 1"),
    case(
        "chains_hold",
        f"UPDATE wallets_entry SET hash = sha256('another') WHERE {AVAILABLE}",
        also=("anchors_hold",),
    ),
    case(
        "chains_hold",
        "UPDATE wallets_journal SET posted_at = posted_at - interval '1 microsecond'",
    ),
    case(
        "currencies_agree",
        f"UPDATE wallets_balance SET currency = 'EUR' WHERE {AVAILABLE}",
        also=("chains_hold",),
    ),
    case(
        "currencies_agree",
        f"UPDATE wallets_entry SET currency = 'EUR' WHERE {AVAILABLE}",
        also=(
            "chains_hold",
            "journals_balance",
            "ledger_sums_to_zero",
            "paid_invoices_are_in_the_ledger",
            "payments_are_in_the_ledger",
        ),
    ),
    case(
        "entries_have_journals",
        "DELETE FROM wallets_journal",
        also=(
            "chains_hold",
            "lifetime_follows_settlements",
            "money_is_audited",
            "paid_invoices_are_in_the_ledger",
            "payments_are_in_the_ledger",
        ),
    ),
    case(
        "fees_are_cumulative",
        "UPDATE gigs_project SET fees_minor = fees_minor + 1",
        INVOICE_OF.format(change="fee = fee + 0.01, net = net - 0.01", milestone=milestone(SENT)),
    ),
    case(
        "floors_hold",
        "ALTER TABLE wallets_balance DROP CONSTRAINT wallets_balance_not_below_floor",
        f"UPDATE wallets_balance SET held = posted + 1 WHERE {AVAILABLE}",
        also=("reservations_are_explained",),
    ),
    case(
        "fundings_match_payments",
        "INSERT INTO wallets_milestonefunding"
        " (payment_id, milestone_id, amount_minor, returned_minor, status)"
        f" SELECT id, {milestone(IN_REVIEW)}, 1, 0, 'pending' FROM wallets_payment",
    ),
    case("held_funds_are_explained", "UPDATE gigs_project SET payment_mode = 'held'"),
    case(
        "invoice_amounts_match_milestones",
        INVOICE_OF.format(change="fee_rate = 0.06", milestone=milestone(SENT)),
    ),
    case(
        "invoice_amounts_match_milestones",
        INVOICE_OF.format(
            change="buyer_id = seller_id, seller_id = buyer_id", milestone=milestone(SENT)
        ),
        also=("numbers_are_gapless",),
    ),
    case(
        "invoices_add_up",
        "UPDATE invoicing_invoiceline SET amount = amount + 0.01"
        " WHERE invoice_id = (SELECT id FROM invoicing_invoice WHERE status = 'sent')",
    ),
    case(
        "invoices_add_up",
        "ALTER TABLE invoicing_invoice DROP CONSTRAINT invoicing_invoice_total_is_fee_and_net",
        INVOICE_OF.format(change="net = net - 0.01", milestone=milestone(SENT)),
    ),
    case(
        "taxes_add_up",
        "UPDATE invoicing_invoiceline SET tax_category = 'E', tax_rate = 0"
        " WHERE invoice_id = (SELECT id FROM invoicing_invoice WHERE status = 'sent')",
    ),
    case(
        "taxes_add_up",
        INVOICE_OF.format(
            change="tax = tax + 0.01, subtotal = subtotal - 0.01", milestone=milestone(SENT)
        ),
        also=("budgets_hold", "invoices_add_up", "invoice_amounts_match_milestones"),
    ),
    case(
        "journals_balance",
        JOURNAL_WITHOUT_ENTRIES.format(kind="reversal"),
        AUDITED,
    ),
    case(
        "ledger_sums_to_zero",
        f"UPDATE wallets_entry SET amount = amount + 1 WHERE {AVAILABLE}",
        also=(
            "balances_follow_entries",
            "chains_hold",
            "journals_balance",
            "lifetime_follows_settlements",
            "paid_invoices_are_in_the_ledger",
            "statements_run",
        ),
    ),
    case(
        "lifetime_follows_settlements",
        f"UPDATE wallets_balance SET lifetime = lifetime + 1 WHERE {AVAILABLE}",
    ),
    case(
        "money_is_audited",
        "UPDATE accounts_auditevent SET journal_key = NULL WHERE journal_key IS NOT NULL",
    ),
    case("money_is_audited", AUDITED),
    case(
        "numbers_are_gapless",
        "UPDATE invoicing_invoiceseries SET last_number = last_number + 1",
    ),
    case(
        "numbers_are_gapless",
        INVOICE_OF.format(change="number = 'XXXX-2026-00002'", milestone=milestone(SENT)),
    ),
    case("numbers_are_gapless", "UPDATE invoicing_invoiceseries SET family = 'credit_note'"),
    case(
        "paid_invoices_are_in_the_ledger",
        INVOICE_OF.format(change="status = 'paid', paid_at = now()", milestone=milestone(SENT)),
        f"UPDATE gigs_milestone SET status = 'settled', settled_at = now() WHERE position = {SENT}",
        SECOND_PAYMENT,
        CHARGES_OF_PAYMENTS,
        also=("payments_are_in_the_ledger",),
    ),
    case(
        "payments_are_in_the_ledger",
        "UPDATE wallets_payment SET provider = 'credit'",
        also=("sandbox_book_agrees",),
    ),
    case(
        "payments_match_invoices",
        "UPDATE wallets_payment SET amount_minor = amount_minor + 1,"
        " received_minor = received_minor + 1",
        "UPDATE wallets_sandboxcharge SET amount_minor = amount_minor + 1",
        also=("payments_are_in_the_ledger",),
    ),
    case(
        "plans_add_up",
        "UPDATE gigs_plannedmilestone SET amount = amount + 0.01 WHERE position = 1",
        also=("amendments_lead_to_the_price",),
    ),
    case(
        "projects_complete",
        "UPDATE gigs_project SET status = 'completed', completed_at = now()",
    ),
    case(
        "reviews_have_their_clock",
        "DELETE FROM outbox_job WHERE topic = 'review.ended' AND key LIKE 'mst_%' || (SELECT"
        f" replace(uuid::text, '-', '') FROM gigs_milestone WHERE position = {IN_REVIEW}) || ':%'",
    ),
    case(
        "reviews_have_their_clock",
        "UPDATE gigs_milestone SET review_ends_at = review_ends_at + interval '1 day'"
        f" WHERE position = {IN_REVIEW}",
    ),
    case(
        "invoice_amounts_match_milestones",
        "UPDATE gigs_project SET agreed_minor = agreed_minor + 1",
        f"UPDATE gigs_milestone SET bonus_minor = 1 WHERE position = {SENT}",
    ),
    case("sandbox_book_agrees", "DELETE FROM wallets_sandboxcharge"),
    case(
        "sandbox_book_agrees",
        "UPDATE wallets_sandboxcharge SET key = 'pay_' || repeat('0', 32)",
    ),
    case(
        "sandbox_book_agrees",
        "INSERT INTO wallets_sandboxcharge"
        " (key, token, amount_minor, currency, result, failure_code, created_at)"
        " VALUES ('pay_lost', 'test_ok', 1, 'USD', 'succeeded', '', now())",
    ),
    case(
        "settled_means_paid",
        f"UPDATE gigs_milestone SET status = 'settled', settled_at = now() WHERE position = {SENT}",
    ),
    case(
        "settlements_have_invoices",
        JOURNAL_WITHOUT_ENTRIES.format(kind="settlement"),
        AUDITED,
        also=("journals_balance",),
    ),
    case(
        "silence_waits_for_the_clock",
        f"UPDATE gigs_milestone SET approved_by_id = NULL WHERE position = {SENT}",
    ),
    case(
        "statements_run",
        f"UPDATE wallets_entry SET balance_after = balance_after + 1 WHERE {AVAILABLE}",
        also=("chains_hold",),
    ),
    case(
        "statements_run",
        "ALTER TABLE wallets_entry DROP CONSTRAINT wallets_entry_one_per_place_in_chain",
        ENTRY_TWICE,
        also=(
            "balances_follow_entries",
            "chains_hold",
            "journals_balance",
            "ledger_sums_to_zero",
            "lifetime_follows_settlements",
            "paid_invoices_are_in_the_ledger",
        ),
    ),
]


IN_CLEARING = [
    case(
        "pending_is_in_clearing",
        f"UPDATE wallets_clearing SET user_id = {BUYER}",
        also=("clearings_are_in_the_ledger",),
    ),
    case("clearings_are_in_the_ledger", "DELETE FROM outbox_job WHERE topic = 'clearing.due'"),
    case(
        "clearings_are_in_the_ledger",
        JOURNAL_WITHOUT_ENTRIES.format(kind="clearing"),
        AUDITED,
        also=("journals_balance",),
    ),
    case(
        "clearings_are_in_the_ledger",
        "UPDATE wallets_clearing SET cleared_at = available_at",
        also=("pending_is_in_clearing",),
    ),
]


@pytest.mark.parametrize("corruption", IN_CLEARING, ids=lambda corruption: corruption.check)
def test_a_corruption_of_what_is_in_clearing_is_seen(settings, corruption):
    settings.CLEARING_DAYS = 5
    paid_invoice()
    assert integrity.differences() == []

    corrupt(*corruption.statements)

    assert fired() == {corruption.check, *corruption.also}


@pytest.mark.parametrize("corruption", CASES, ids=lambda corruption: corruption.check)
def test_a_corruption_is_seen_by_its_check(books, corruption):
    assert integrity.differences() == []

    corrupt(*corruption.statements)

    assert fired() == {corruption.check, *corruption.also}


def test_each_check_has_a_corruption_that_it_is_for():
    names = [check.name for check in integrity.checks()]
    cases = [*CASES, *IN_CLEARING]
    assert {corruption.check for corruption in cases} | set(ELSEWHERE.split()) == set(names)
    assert names == sorted(set(names))


def test_each_check_says_what_it_promises():
    for check in integrity.checks():
        assert check.promise.endswith("."), check.name
        assert check.sql.startswith("-- "), check.name


def test_a_difference_names_check_subject_and_what_differs(books):
    corrupt("UPDATE gigs_project SET agreed_minor = agreed_minor + 1")

    [difference] = integrity.differences()

    assert difference == integrity.Difference(
        check="budgets_hold",
        subject=f"project {books.pk} Museum web site",
        detail="agreed 1000001 (milestones 10000.0000, bonuses 0), invoiced 666667 (invoices 6666.6700),"
        " fees 33333 (invoices 333.3300)",
    )


def test_the_command_prints_differences_and_exits_with_1(books, capsys):
    corrupt("UPDATE gigs_project SET agreed_minor = agreed_minor + 1")

    with pytest.raises(CommandError, match="1 differences in the books") as failed:
        call_command("verify_money")

    assert failed.value.returncode == 1
    assert capsys.readouterr().out.startswith(f"budgets_hold: project {books.pk} Museum web site: ")


def test_at_most_twenty_differences_of_a_check_are_shown(books):
    corrupt(
        "INSERT INTO wallets_journal (about_id, posted_at, kind, about_type, key)"
        " VALUES (1, now(), 'reversal', 'invoice', 'made:0')"
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO wallets_journal (about_id, posted_at, kind, about_type, key)"
            " SELECT 1, now(), 'reversal', 'invoice', 'made:' || n FROM generate_series(1, 30) n"
        )

    found = [difference.check for difference in integrity.differences()]

    assert found.count("journals_balance") == integrity.SHOWN


@pytest.mark.parametrize(("minutes", "expected"), [(14, set()), (16, {"sandbox_book_agrees"})])
def test_a_payment_may_be_on_its_way_for_a_quarter_of_an_hour(
    books, minutes: int, expected: set[str]
):
    started: Callable[[int], str] = (
        "INSERT INTO wallets_payment (uuid, purpose, invoice_id, payer_id, provider, token, label,"
        " amount_minor, currency, is_automatic, status, outcome, failure_code, created_at)"
        " SELECT gen_random_uuid(), 'invoice', id, buyer_id, 'sandbox', 'test_ok', '', 333333,"
        " 'USD', false, 'processing', '', '', now() - interval '{} minutes' FROM invoicing_invoice"
        " WHERE status = 'sent'"
    ).format
    corrupt(started(minutes))

    assert fired() == expected
