"""The checks of verify_money about money that leaves each see the corruption that they are for."""

import time

import pytest
from django.utils import timezone

from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import RETURNED, funded, request, send
from wallets import integrity
from wallets.services import withdrawal_conclude, withdrawal_look

pytestmark = pytest.mark.django_db

PAID = "(SELECT id FROM wallets_withdrawal WHERE status = 'paid')"
OPEN = "(SELECT id FROM wallets_withdrawal WHERE status = 'approved')"
AVAILABLE = "(SELECT id FROM wallets_account WHERE kind = 'available')"
BOTH = frozenset({"payout_book_agrees", "withdrawals_are_in_the_ledger"})
FALLEN_BACK = (
    "UPDATE wallets_withdrawal SET status = 'approved', sent_at = NULL, paid_at = NULL,"
    " ended_at = NULL WHERE status = 'paid'"
)
NEVER_BOOKED = (
    "UPDATE wallets_withdrawal SET status = 'paid', sent_at = now(), paid_at = now(),"
    " ended_at = now() WHERE status = 'approved'"
)


@pytest.fixture
def books(freelancer, provider):
    """One withdrawal that is paid, one that came back after it was, and one that waits."""
    owner, now = funded(freelancer), timezone.now()
    send(request(owner, amount="100.00", at=now), at=now)
    back = send(request(owner, amount="200.00", number=RETURNED, at=now), at=now)
    while (answer := withdrawal_look(back)) is None or answer.result != "returned":
        time.sleep(0.02)
    withdrawal_conclude(withdrawal_id=back.pk, answer=answer, at=now)
    request(owner, amount="300.00", at=now)
    assert integrity.differences() == []
    return provider


CASES = [
    ({"reservations_are_explained"}, f"UPDATE wallets_balance SET held = held + 1 WHERE account_id = {AVAILABLE}"),
    ({"reservations_are_explained"}, f"UPDATE wallets_withdrawal SET amount_minor = amount_minor + 1 WHERE id = {OPEN}"),
    ({"reservations_are_explained"}, f"UPDATE wallets_withdrawal SET currency = 'EUR' WHERE id = {OPEN}"),
    ({"withdrawals_are_in_the_ledger"}, f"UPDATE wallets_withdrawal SET amount_minor = amount_minor + 1, fee_minor = fee_minor + 1 WHERE id = {PAID}"),
    (BOTH, f"UPDATE wallets_withdrawal SET amount_minor = amount_minor + 1 WHERE id = {PAID}"),
    ({*BOTH, "reservations_are_explained"}, FALLEN_BACK),
    ({*BOTH, "reservations_are_explained"}, NEVER_BOOKED),
    ({"withdrawals_are_in_the_ledger"}, "UPDATE wallets_withdrawal SET paid_at = NULL WHERE status = 'returned'"),
    ({"payout_book_agrees"}, f"UPDATE wallets_withdrawal SET status = 'uncertain', approved_at = now(), sent_at = now() - interval '16 minutes' WHERE id = {OPEN}"),
    (BOTH, f"UPDATE wallets_withdrawal SET uuid = gen_random_uuid() WHERE id = {PAID}"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "statement"), CASES)
def test_a_corruption_is_seen_by_its_check(books, expected, statement):
    corrupt(statement)

    assert fired() == set(expected)


def test_a_withdrawal_may_be_on_its_way_for_a_quarter_of_an_hour(books):
    corrupt(
        "UPDATE wallets_withdrawal SET status = 'uncertain', approved_at = now(),"
        f" sent_at = now() - interval '14 minutes' WHERE id = {OPEN}"
    )

    assert fired() == set()


def test_a_book_that_cannot_be_read_is_a_difference(books, settings):
    settings.SANDBOX_PAYOUT_URL = "http://127.0.0.1:9"

    [difference] = integrity.differences()

    assert (difference.check, difference.subject) == (
        "payout_book_agrees",
        "the provider's book",
    )
    assert difference.detail.startswith("cannot be read: no connection to the provider: ")


def test_without_a_provider_there_is_no_book_to_compare(books, settings):
    settings.SANDBOX_PAYOUT_URL = ""

    assert integrity.differences() == []
