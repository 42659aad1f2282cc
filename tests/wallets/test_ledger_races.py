"""Many connections on the same accounts: no deadlock, exact sums, whole chains."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from tests.wallets.books import (
    accounts,
    breaks,
    counts,
    lifetime,
    posted,
    rows,
    run,
    settlement,
)
from wallets import ledger
from wallets.enums import AccountKind, JournalKind
from wallets.exceptions import InsufficientFunds, JournalKeyReused
from wallets.ledger import AccountSpec, JournalDraft, Leg, PayOut

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

THREADS = 8


def together(work: Callable[[int], object]) -> list[object]:
    """What `work` gave to each of THREADS threads that start at one moment on own connections."""
    barrier = Barrier(THREADS)

    def one(number: int) -> object:
        try:
            with connection.cursor():
                barrier.wait(timeout=60)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_settling_on_shared_accounts_keeps_sums_and_chains_exact():
    people = [accounts(user=user) for user in (1, 2)]
    each = 12

    def work(number: int) -> None:
        for turn in range(each):
            invoices = [
                settlement(people[(turn + step) % 2], invoice=number * 1_000 + turn * 10 + step)
                for step in range(1 + (number + turn) % 3)
            ]
            if len(invoices) == 1:
                ledger.settle(invoices[0])
            else:
                ledger.settle_batch(invoices)

    together(work)

    journals, entries = counts()
    assert entries == journals * 3
    assert journals == THREADS * each * 2
    assert sum(posted(of.available) for of in people) == journals * 316_667
    assert sum(lifetime(of.available) for of in people) == journals * 316_667
    assert posted(people[0].fees) == journals * 16_667
    assert posted(people[0].outside) == journals * -333_334
    assert breaks() == []


def test_the_same_settlements_from_all_sides_are_posted_once():
    of = accounts()
    invoices = [settlement(of, invoice=invoice) for invoice in range(1, 6)]

    def work(number: int) -> list[ledger.Posted]:
        if number % 2:
            return ledger.settle_batch(invoices[:: 1 if number % 4 == 1 else -1])
        return [ledger.settle(one) for one in invoices]

    made = [one for answer in together(work) for one in answer]

    assert counts() == (5, 15)
    assert sum(not one.replayed for one in made) == 5
    assert len({(one.journal_id, one.key, one.posted_at) for one in made}) == 5
    assert posted(of.available) == 5 * 316_667
    assert breaks() == []


def test_one_key_for_two_people_is_posted_for_one_of_them():
    people = [accounts(user=user) for user in range(1, THREADS + 1)]

    def work(number: int) -> str:
        try:
            ledger.settle(settlement(people[number]))
        except JournalKeyReused:
            return "refused"
        return "posted"

    assert sorted(together(work)) == ["posted"] + ["refused"] * (THREADS - 1)
    assert counts() == (1, 3)
    assert breaks() == []


def test_opening_the_same_accounts_from_all_sides_opens_each_once():
    specs = [AccountSpec(f"user:{user}", AccountKind.AVAILABLE, "USD") for user in range(1, 21)]

    found = together(lambda number: ledger.open_accounts(specs[:: 1 if number % 2 else -1]))

    assert all(ids == found[0] for ids in found)
    assert rows("SELECT count(*), count(DISTINCT account_id) FROM wallets_balance") == [(20, 20)]


def take(number: int) -> str:
    """Take 60 of the 100 there are."""
    of = accounts()
    legs = (Leg(of.outside, 60), Leg(of.available, -60))
    try:
        ledger.post(JournalDraft(JournalKind.REVERSAL, f"take:{number}", "invoice", number, legs))
    except InsufficientFunds:
        return "insufficient_funds"
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return "posted"


def test_money_is_spent_once():
    of = accounts()
    ledger.settle(settlement(of, total=100, fee=0))

    assert sorted(together(take)) == ["insufficient_funds"] * (THREADS - 1) + ["posted"]
    assert posted(of.available) == 40
    assert breaks() == []


@pytest.fixture
def _post_without_locks():
    """wallets_post as it would be if it only read the balances, with time to meet another."""
    ((locking,),) = rows("SELECT pg_get_functiondef('wallets_post'::regproc)")
    unlocked = locking.replace("for no key update", "").replace(
        "v_posted_at := clock_timestamp();",
        "perform pg_sleep(0.2); v_posted_at := clock_timestamp();",
    )
    run(unlocked)
    yield
    run(locking)


@pytest.mark.usefixtures("_post_without_locks")
def test_without_its_locks_the_same_race_is_stopped_by_the_places_in_the_chain():
    of = accounts()
    ledger.settle(settlement(of, total=100, fee=0))

    met = together(take)

    assert "insufficient_funds" not in met
    assert sorted(met) == ["posted"] + ["wallets_entry_one_per_place_in_chain"] * (THREADS - 1)
    assert posted(of.available) == 40
    assert breaks() == []


def test_payouts_in_two_currencies_on_the_same_shards_meet_in_no_deadlock():
    """Two backends whose hot shards are the same, each with a batch in the other's order."""
    turns, barrier, shards = 20, Barrier(2), []
    wallets = [
        accounts(user=user, currency=currency)
        for user, currency in ((1, "USD"), (2, "EUR"), (3, "EUR"), (4, "USD"))
    ]
    for number, of in enumerate(wallets):
        ledger.settle(settlement(of, invoice=number))
        ledger.reserve(account=of.available, amount=100 * turns)

    def work(number: int) -> None:
        try:
            connect_to_shard(shards, barrier, number)
            for turn in range(turns):
                batch = [
                    PayOut(
                        key=f"withdraw:{turn}:{of.available}",
                        about_type="withdrawal",
                        about_id=turn,
                        available_account=of.available,
                        outside_account=of.outside,
                        fee_account=of.fees,
                        net=90,
                        fee=10,
                    )
                    for of in wallets[2 * number : 2 * number + 2]
                ]
                barrier.wait(timeout=60)
                with transaction.atomic():
                    ledger.pay_out_many(batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    assert {posted(of.available) for of in wallets} == {316_667 - 100 * turns}
    assert breaks() == []


def connect_to_shard(shards: list[int], barrier: Barrier, number: int) -> None:
    """Connect the first thread, and the second one until its hot shards are the first one's."""
    if number == 0:
        shards.append(backend_shard())
    barrier.wait(timeout=60)
    while number and backend_shard() != shards[0]:
        connection.close()
    barrier.wait(timeout=60)


def backend_shard() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() % 64")
        return cursor.fetchone()[0]
