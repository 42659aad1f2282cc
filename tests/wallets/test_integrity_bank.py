"""The check of verify_money about the bank's own book sees the corruptions that it is for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import AT
from tests.wallets.banking import by_bank_file, export, named, sample, table, take
from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import funded, request
from wallets import integrity
from wallets.services import bank_line_set_aside, withdrawal_resolve

pytestmark = pytest.mark.django_db

CHECK = "bank_book_agrees"
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


CASES = [
    f"UPDATE wallets_bankstatementline SET amount_minor = amount_minor + 1 WHERE id = {DEBIT}",
    f"UPDATE wallets_bankstatementline SET amount_minor = amount_minor + 1 WHERE id = {ASIDE}",
    "DELETE FROM wallets_bankstatementline WHERE amount_minor = 100",
    "UPDATE wallets_bankstatement SET closing_minor = closing_minor + 1 WHERE format = 'csv'",
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


def test_a_payment_by_hand_needs_its_line_once_statements_cover_it(books, staff):
    by_hand = request(books.user, amount="300.00")
    export(by_hand, by=staff)

    withdrawal_resolve(withdrawal_id=by_hand.pk, is_paid=True, reason="Seen.", by=staff, at=AT)

    [difference] = integrity.differences()
    assert (difference.check, difference.subject) == (CHECK, f"withdrawal {by_hand.pk}")
    assert difference.detail.startswith("paid, and not one line of a bank statement until 20")
    take(table({"amount": "-299.00", "end_to_end_id": named(by_hand)}, start=20))
    assert integrity.differences() == []
