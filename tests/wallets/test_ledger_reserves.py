"""Reserved money: kept back, given back, paid out once; without locks the floor still holds."""

from dataclasses import replace
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from tests.races.threads import at_once, tally
from tests.wallets.books import accounts, breaks, counts, posted, rows, settlement
from wallets import ledger
from wallets.enums import JournalKind
from wallets.exceptions import InsufficientFunds, JournalKeyReused
from wallets.ledger import JournalDraft, Leg, PayOut

pytestmark = pytest.mark.django_db

CREDITED = 316_667


def held(account: int) -> int:
    return rows("SELECT held FROM wallets_balance WHERE account_id = %s", account)[0][0]


@pytest.fixture
def of():
    """A wallet with 3,166.67 and the accounts around it."""
    found = accounts()
    ledger.settle(settlement(found))
    return found


def pay_out(of, *, withdrawal: int = 1, net: int = 9_900, fee: int = 100) -> PayOut:
    return PayOut(
        key=f"withdraw:{withdrawal}",
        about_type="withdrawal",
        about_id=withdrawal,
        available_account=of.available,
        outside_account=of.outside,
        fee_account=of.fees,
        net=net,
        fee=fee,
    )


def test_reserving_keeps_back_without_a_journal(of):
    before = counts()

    ledger.reserve(account=of.available, amount=10_000)

    assert (posted(of.available), held(of.available)) == (CREDITED, 10_000)
    assert counts() == before
    assert breaks() == []


def test_all_of_it_can_be_reserved_and_not_one_unit_more(of):
    ledger.reserve(account=of.available, amount=CREDITED - 1)

    with pytest.raises(InsufficientFunds), transaction.atomic():
        ledger.reserve(account=of.available, amount=2)
    ledger.reserve(account=of.available, amount=1)

    assert held(of.available) == CREDITED


def test_releasing_gives_back_and_never_more_than_is_reserved(of):
    ledger.reserve(account=of.available, amount=500)

    with pytest.raises(IntegrityError, match="held_not_negative"), transaction.atomic():
        ledger.release(account=of.available, amount=501)
    ledger.release(account=of.available, amount=500)

    assert held(of.available) == 0


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_cannot_be_reserved_or_released(of, amount):
    for move in (ledger.reserve, ledger.release):
        with pytest.raises(ValueError, match="cannot be"):
            move(account=of.available, amount=amount)


REFUSED = [
    ("wallets_reserve_amount_not_zero", "SELECT wallets_reserve({of.available}, 0)"),
    ("wallets_reserve_amount_not_zero", "SELECT wallets_reserve({of.available}, null)"),
    ("wallets_reserve_account_exists", "SELECT wallets_reserve({of.fees}, 1)"),
    ("wallets_reserve_account_exists", "SELECT wallets_reserve(-1, 1)"),
    (
        "wallets_pay_out_amounts_valid",
        "SELECT wallets_pay_out('k', 'w', 1, {of.available}, {of.outside}, {of.fees}, 0, 1)",
    ),
    (
        "wallets_pay_out_amounts_valid",
        "SELECT wallets_pay_out('k', 'w', 1, {of.available}, {of.outside}, {of.fees}, 1, -1)",
    ),
]


@pytest.mark.parametrize(("constraint", "statement"), REFUSED)
def test_the_functions_refuse_what_means_nothing(of, constraint, statement):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        rows(statement.format(of=of))

    assert refusal.value.__cause__.diag.constraint_name == constraint


def test_paying_out_moves_the_money_and_ends_the_reservation(of):
    ledger.reserve(account=of.available, amount=10_000)
    outside, fees = posted(of.outside), posted(of.fees)

    paid = ledger.pay_out(pay_out(of))

    assert not paid.replayed
    assert (posted(of.available), held(of.available)) == (CREDITED - 10_000, 0)
    assert (posted(of.outside) - outside, posted(of.fees) - fees) == (9_900, 100)
    assert breaks() == []


def test_the_whole_wallet_can_be_paid_out_without_a_fee(of):
    ledger.reserve(account=of.available, amount=CREDITED)

    ledger.pay_out(pay_out(of, net=CREDITED, fee=0))

    assert (posted(of.available), held(of.available)) == (0, 0)
    assert counts() == (2, 5)


def test_paying_out_again_changes_nothing_and_with_other_content_is_refused(of):
    ledger.reserve(account=of.available, amount=20_000)
    first = ledger.pay_out(pay_out(of))

    again = ledger.pay_out(pay_out(of))
    with pytest.raises(JournalKeyReused), transaction.atomic():
        ledger.pay_out(replace(pay_out(of), net=9_901, fee=99))

    assert (again.journal_id, again.replayed) == (first.journal_id, True)
    assert (posted(of.available), held(of.available)) == (CREDITED - 10_000, 10_000)


def test_several_are_paid_out_in_their_order_all_or_none(of):
    ledger.reserve(account=of.available, amount=25_000)
    first = ledger.pay_out(pay_out(of, withdrawal=2))

    with pytest.raises(IntegrityError, match="held_not_negative"), transaction.atomic():
        ledger.pay_out_many([pay_out(of, withdrawal=key) for key in (3, 4)])
    assert (posted(of.available), held(of.available)) == (CREDITED - 10_000, 15_000)
    done = ledger.pay_out_many([pay_out(of, withdrawal=3), pay_out(of, withdrawal=2)])

    assert [(one.key, one.replayed) for one in done] == [
        ("withdraw:3", False),
        ("withdraw:2", True),
    ]
    assert done[1].journal_id == first.journal_id
    assert (posted(of.available), held(of.available)) == (CREDITED - 20_000, 5_000)
    assert ledger.pay_out_many([]) == []
    assert breaks() == []


def test_money_that_is_not_reserved_is_not_paid_out(of):
    with pytest.raises(IntegrityError, match="held_not_negative"), transaction.atomic():
        ledger.pay_out(pay_out(of))

    assert (posted(of.available), held(of.available)) == (CREDITED, 0)


def test_money_that_came_back_is_a_reversing_journal(of):
    ledger.reserve(account=of.available, amount=10_000)
    paid = ledger.pay_out(pay_out(of))
    back = JournalDraft(
        kind=JournalKind.REVERSAL,
        key="return:1",
        about_type="withdrawal",
        about_id=1,
        legs=(Leg(of.available, 10_000), Leg(of.outside, -9_900), Leg(of.fees, -100)),
        reverses=paid.journal_id,
    )

    ledger.post(back)

    assert (posted(of.available), held(of.available)) == (CREDITED, 0)
    assert breaks() == []


def test_a_payout_of_nothing_cannot_be_made(of):
    for change in ({"net": 0}, {"net": -1}, {"fee": -1}):
        with pytest.raises(ValueError, match="nobody can be paid"):
            replace(pay_out(of), **change)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_money_is_reserved_once_from_all_sides():
    of = accounts()
    ledger.settle(settlement(of))
    take = partial(ledger.reserve, account=of.available, amount=CREDITED)

    outcomes = at_once(*[take] * 12)

    assert tally(outcomes) == {"done": 1, "InsufficientFunds": 11}
    assert held(of.available) == CREDITED


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_payout_from_all_sides_is_posted_once():
    of = accounts()
    ledger.settle(settlement(of))
    ledger.reserve(account=of.available, amount=20_000)

    outcomes = at_once(*[partial(ledger.pay_out, pay_out(of))] * 12)

    assert tally(outcomes) == {"done": 12}
    assert sorted(outcome.value.replayed for outcome in outcomes) == [False, *[True] * 11]
    assert (posted(of.available), held(of.available)) == (CREDITED - 10_000, 10_000)
    assert breaks() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_its_lock_the_same_payout_is_stopped_by_the_database():
    """The twin: the function as it would be, had it looked for the journal without the lock."""
    name = "wallets_pay_out"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [name])
        (kept,) = cursor.fetchone()
        assert "for no key update" in kept
        hasty = kept.replace("for no key update", "").replace(
            "perform wallets_reserve(", "perform pg_sleep(0.5); perform wallets_reserve("
        )
        assert "pg_sleep" in hasty
        cursor.execute(hasty)
    try:
        of = accounts()
        ledger.settle(settlement(of))
        ledger.reserve(account=of.available, amount=10_000)

        outcomes = at_once(*[partial(ledger.pay_out, pay_out(of))] * 12)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(kept)

    assert any(outcome.was_stopped_by_the_database for outcome in outcomes)
    assert (posted(of.available), held(of.available)) == (CREDITED - 10_000, 0)
    assert breaks() == []
