"""The check of verify_money about the bank's own book sees the corruptions that it is for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import AT
from tests.wallets import banking
from tests.wallets.banking import by_bank_file, export, named, sample, table, take
from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import funded, request, resolve
from wallets import integrity
from wallets.models import BankAccount, BankStatement
from wallets.services import bank_line_set_aside

pytestmark = pytest.mark.django_db

CHECK = "bank_book_agrees"
FOLLOW = "bank_statements_follow"
DEBIT = "(SELECT id FROM wallets_bankstatementline WHERE amount_minor = -99900)"
ASIDE = "(SELECT id FROM wallets_bankstatementline WHERE amount_minor = -290)"
OF_DEBIT = f"WHERE line_id = {DEBIT}"


@pytest.fixture
def books(freelancer, staff, settings):
    """One withdrawal paid, one returned, the bank's charges set aside; five days on, all covered."""
    by_bank_file(settings)
    owner = funded(freelancer)
    paid, back = request(owner), request(owner, amount="500.00")
    export(paid, back, by=staff)
    taken = take(sample("02", paid=named(paid), returned=named(back)))
    charges = taken.statements[0].lines.get(amount_minor=-290)
    bank_line_set_aside(line_id=charges.pk, reason="Charges.", by=staff, at=AT)
    later = f"{timezone.now() + timedelta(days=6):%Y-%m-%d}"
    take(table({"amount": "1.00", "booked_on": later}, start=9))
    assert integrity.differences() == []
    return paid


MOVED = [
    f"UPDATE wallets_bankstatementline SET amount_minor = amount_minor + 1 WHERE id = {DEBIT}",
    f"UPDATE wallets_bankstatementline SET amount_minor = amount_minor + 1 WHERE id = {ASIDE}",
    "DELETE FROM wallets_bankstatementline WHERE amount_minor = 100",
    "UPDATE wallets_bankstatement SET closing_minor = closing_minor + 1 WHERE format = 'csv'",
]
CASES = [
    f"UPDATE wallets_bankmatch SET amount_minor = amount_minor + 1 {OF_DEBIT}",
    f"UPDATE wallets_bankmatch SET amount_minor = amount_minor + 1, difference_minor = -1, made_by_id = (SELECT min(id) FROM accounts_user), reason = 'x' {OF_DEBIT}",
    f"DELETE FROM wallets_bankmatch {OF_DEBIT}",
    "DELETE FROM wallets_bankmatch WHERE kind = 'returned'",
    f"UPDATE wallets_bankmatch SET withdrawal_id = NULL, kind = 'not_ours', made_by_id = (SELECT min(id) FROM accounts_user), reason = 'x' {OF_DEBIT}",
    "UPDATE wallets_bankaccount SET currency = 'EUR'",
]  # fmt: skip


@pytest.mark.parametrize("statement", CASES)
def test_a_corruption_is_seen(books, statement):
    corrupt(statement)

    assert fired() == {CHECK}


@pytest.mark.parametrize("statement", MOVED)
def test_a_line_that_does_not_fit_the_balances_is_seen_twice(books, statement):
    corrupt(statement)

    assert fired() == {CHECK, FOLLOW}


def shift(what: str) -> None:
    corrupt(
        "UPDATE wallets_bankstatement SET opening_minor = opening_minor + 5,"
        f" closing_minor = closing_minor + 5 WHERE {what}"
    )


def test_a_gap_between_two_statements_is_seen(books):
    shift("format = 'csv'")

    [difference] = integrity.differences()
    assert (difference.check, difference.subject) == (
        FOLLOW,
        f"bank account {BankAccount.objects.get().pk}",
    )
    assert difference.detail.endswith(": a statement is missing")


def test_a_gap_within_a_day_is_seen(settings):
    by_bank_file(settings)
    take(table({"amount": "1.00"}))
    take(table({"amount": "2.00"}, start=2))
    assert fired() == set()

    take(table({"amount": "3.00"}, start=3, opening=5))

    assert fired() == {FOLLOW}


@pytest.fixture
def ahead(books, monkeypatch):
    """A statement that was imported an hour ago, and the one before it, which was not yet."""
    monkeypatch.setattr(banking, "AT", timezone.now() - timedelta(hours=1))
    opening = BankStatement.objects.get(format="csv").closing_minor
    between, after = (f"{timezone.now() + timedelta(days=days):%Y-%m-%d}" for days in (8, 10))
    take(table({"amount": "7.00", "booked_on": after}, start=21, opening=opening + 500))
    return table({"amount": "5.00", "booked_on": between}, start=20, opening=opening)


def let_a_day_pass() -> None:
    corrupt(
        "UPDATE wallets_bankstatement SET imported_at = imported_at - interval '1 day'"
        " WHERE from_on = (SELECT max(from_on) FROM wallets_bankstatement)"
    )


def test_a_statement_that_is_missing_is_reported_after_a_day(ahead):
    assert fired() == set()

    let_a_day_pass()

    assert fired() == {FOLLOW}


def test_a_statement_that_was_imported_late_closes_the_gap(ahead):
    take(ahead)

    let_a_day_pass()

    assert fired() == set()


def test_a_payment_by_hand_needs_its_line_once_statements_cover_it(books, staff):
    by_hand = request(books.user, amount="300.00")
    export(by_hand, by=staff)

    resolve(by_hand, is_paid=True, by=staff)

    [difference] = integrity.differences()
    assert (difference.check, difference.subject) == (CHECK, f"withdrawal {by_hand.pk}")
    assert difference.detail.startswith("paid, and not one line of a bank statement until 20")
    before = BankStatement.objects.exclude(format="csv").get().closing_minor
    row = {"amount": "-299.00", "end_to_end_id": named(by_hand)}
    take(table(row, start=20, opening=before))
    assert integrity.differences() == []
