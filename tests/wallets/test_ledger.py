"""Posting: exact figures, replays, refusals. What the database refuses is in test_ledger_guards."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.currencies import EXPONENTS
from tests.wallets.books import (
    Oracle,
    accounts,
    breaks,
    counts,
    lifetime,
    posted,
    recomputed_heads,
    rows,
    settlement,
    stored_heads,
)
from wallets import ledger
from wallets.enums import AccountKind, JournalKind
from wallets.exceptions import AlreadyReversed, InsufficientFunds, JournalKeyReused
from wallets.ledger import AccountSpec, JournalDraft, Leg, Settlement

pytestmark = pytest.mark.django_db

WORKED_EXAMPLE = [(333_334, 16_667), (333_333, 16_666), (333_333, 16_667)]


def draft(*legs: Leg, key: str = "move:1", reverses: int | None = None) -> JournalDraft:
    kind = JournalKind.REVERSAL if reverses else JournalKind.SETTLEMENT
    return JournalDraft(
        kind=kind, key=key, about_type="invoice", about_id=1, legs=legs, reverses=reverses
    )


def constraint_of(error: pytest.ExceptionInfo[IntegrityError]) -> str:
    return error.value.__cause__.diag.constraint_name


def test_python_and_sql_read_the_same_currencies():
    assert dict(rows("SELECT code, exponent FROM wallets_currency")) == EXPONENTS


def test_open_accounts_gives_each_its_balance_rows_at_once():
    of = accounts(user=7)

    assert rows(
        "SELECT account_id, count(*), min(shard), max(shard), max(min_balance)"
        " FROM wallets_balance GROUP BY account_id ORDER BY account_id"
    ) == sorted(
        [(of.outside, 64, 1, 64, None), (of.available, 1, 0, 0, 0), (of.fees, 64, 1, 64, None)]
    )


def test_open_accounts_twice_finds_the_same_accounts_in_the_order_asked():
    specs = [
        AccountSpec("user:2", AccountKind.AVAILABLE, "USD"),
        AccountSpec("user:1", AccountKind.AVAILABLE, "USD"),
        AccountSpec("user:1", AccountKind.AVAILABLE, "JPY"),
    ]

    first = ledger.open_accounts(specs)
    again = ledger.open_accounts(specs[::-1])

    assert first == again
    assert len(set(first.values())) == 3
    assert rows("SELECT count(*) FROM wallets_balance") == [(3,)]


def test_open_accounts_of_nothing_opens_nothing():
    assert ledger.open_accounts([]) == {}


@pytest.mark.parametrize(
    ("owner", "kind", "constraint"),
    [
        ("user:0", AccountKind.AVAILABLE, "wallets_account_owner_fits_kind"),
        ("platform", AccountKind.AVAILABLE, "wallets_account_owner_fits_kind"),
        ("user:1", AccountKind.FEES, "wallets_account_owner_fits_kind"),
        ("user:1", AccountKind.HELD, "wallets_account_owner_fits_kind"),
        ("provider:", AccountKind.OUTSIDE, "wallets_account_owner_fits_kind"),
    ],
)
def test_open_accounts_refuses_an_owner_that_cannot_have_the_kind(owner, kind, constraint):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ledger.open_accounts([AccountSpec(owner, kind, "USD")])

    assert constraint_of(refused) == constraint
    assert rows("SELECT count(*) FROM wallets_account") == [(0,)]


def test_open_accounts_refuses_a_currency_that_is_not_listed():
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ledger.open_accounts([AccountSpec("user:1", AccountKind.AVAILABLE, "XAU")])

    assert constraint_of(refused) == "wallets_account_currency_fkey"


def test_the_worked_example_credits_3166_67_twice_and_3166_66_once():
    of = accounts()

    for invoice, (total, fee) in enumerate(WORKED_EXAMPLE, start=1):
        ledger.settle(settlement(of, invoice=invoice, total=total, fee=fee))

    assert rows(
        "SELECT amount, balance_after, seq FROM wallets_entry WHERE account_id = %s ORDER BY seq",
        of.available,
    ) == [(316_667, 316_667, 1), (316_667, 633_334, 2), (316_666, 950_000, 3)]
    assert posted(of.outside) == -1_000_000
    assert posted(of.fees) == 50_000
    assert lifetime(of.available) == 950_000
    assert breaks() == []


def test_settle_returns_its_journal():
    posted_journal = ledger.settle(settlement(accounts(), invoice=12))

    assert rows("SELECT id, key, posted_at, kind, about_type, about_id FROM wallets_journal") == [
        (
            posted_journal.journal_id,
            "settle:12",
            posted_journal.posted_at,
            "settlement",
            "invoice",
            12,
        )
    ]
    assert (posted_journal.key, posted_journal.replayed) == ("settle:12", False)


def test_settle_without_a_fee_has_two_legs():
    of = accounts()

    ledger.settle(settlement(of, total=100, fee=0))

    assert rows("SELECT leg, account_id, amount FROM wallets_entry ORDER BY leg") == [
        (1, of.outside, -100),
        (2, of.available, 100),
    ]


def test_settle_passes_tax_through_but_does_not_count_it_as_earned():
    of = accounts()

    ledger.settle(settlement(of, total=12_000, fee=500, tax=2_000))

    assert (posted(of.available), lifetime(of.available)) == (11_500, 9_500)


def test_settle_again_with_the_same_content_is_a_replay():
    first = ledger.settle(settlement(accounts()))
    again = ledger.settle(settlement(accounts()))

    assert again == replace(first, replayed=True)
    assert counts() == (1, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"total": 333_335, "net": 316_668},
        {"fee": 16_666, "net": 316_668},
        {"about_id": 2},
        {"about_type": "milestone"},
    ],
)
@pytest.mark.parametrize("is_batch", [False, True])
def test_settle_again_with_other_content_is_refused_and_changes_nothing(change, is_batch):
    of = accounts()
    first = settlement(of)
    ledger.settle(first)
    other = replace(first, **change)

    batch = [replace(settlement(of, invoice=2), about_type=other.about_type), other]

    with pytest.raises(JournalKeyReused), transaction.atomic():
        ledger.settle_batch(batch) if is_batch else ledger.settle(other)

    assert counts() == (1, 3)
    assert posted(of.available) == 316_667


def test_settle_again_for_somebody_else_is_refused():
    ledger.settle(settlement(accounts(user=1)))

    with pytest.raises(JournalKeyReused), transaction.atomic():
        ledger.settle(settlement(accounts(user=2)))


@pytest.mark.parametrize(
    "change",
    [
        {"net": 316_668},
        {"total": 0, "net": 0, "fee": 0, "lifetime": 0},
        {"net": -1, "fee": 333_335, "lifetime": 0},
        {"lifetime": 316_668},
        {"lifetime": -1},
    ],
)
def test_a_settlement_that_does_not_add_up_cannot_be_made(change):
    with pytest.raises(ValueError, match=r"do not make|not part of"):
        replace(settlement(accounts()), **change)


def test_settle_across_currencies_is_refused():
    dollars, yen = accounts(), accounts(currency="JPY")

    for mixed in (
        replace(settlement(dollars), available_account=yen.available),
        replace(settlement(dollars), fee_account=yen.fees),
    ):
        for call in (ledger.settle, lambda one: ledger.settle_batch([one])):
            with pytest.raises(IntegrityError) as refused, transaction.atomic():
                call(mixed)
            assert constraint_of(refused) == "wallets_journal_balanced"

    assert counts() == (0, 0)


def test_settle_on_an_account_that_does_not_exist_is_refused():
    wrong = replace(settlement(accounts()), available_account=999_999)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ledger.settle(wrong)
    assert constraint_of(refused) == "wallets_journal_one_leg_per_account"
    with pytest.raises(IntegrityError, match="null value in column"), transaction.atomic():
        ledger.settle_batch([wrong])
    assert counts() == (0, 0)


def test_post_moves_each_account_once_and_lifetime_with_it():
    of = accounts()

    ledger.post(draft(Leg(of.outside, -100), Leg(of.available, 100, lifetime=80)))

    assert (posted(of.outside), posted(of.available), lifetime(of.available)) == (-100, 100, 80)
    assert breaks() == []


def test_post_below_the_floor_is_insufficient_funds():
    of = accounts()
    ledger.post(draft(Leg(of.outside, -100), Leg(of.available, 100)))

    with pytest.raises(InsufficientFunds) as refused, transaction.atomic():
        ledger.post(draft(Leg(of.outside, 101), Leg(of.available, -101), key="move:2"))

    assert (refused.value.code, refused.value.status) == ("insufficient_funds", 409)
    assert posted(of.available) == 100
    assert counts() == (1, 2)


def test_post_reaches_the_floor_exactly():
    of = accounts()
    ledger.post(draft(Leg(of.outside, -100), Leg(of.available, 100)))

    ledger.post(draft(Leg(of.outside, 100), Leg(of.available, -100), key="move:2"))

    assert posted(of.available) == 0


def test_post_of_legs_that_do_not_sum_to_zero_is_refused():
    of = accounts()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ledger.post(draft(Leg(of.outside, -100), Leg(of.available, 99)))

    assert constraint_of(refused) == "wallets_journal_balanced"
    assert (counts(), posted(of.available)) == ((0, 0), 0)


def test_post_balances_each_currency_apart():
    dollars, yen = accounts(), accounts(currency="JPY")

    ledger.post(
        draft(
            Leg(dollars.outside, -100),
            Leg(dollars.available, 100),
            Leg(yen.outside, -15_000),
            Leg(yen.available, 15_000),
        )
    )

    assert rows("SELECT currency, sum(amount) FROM wallets_entry GROUP BY 1 ORDER BY 1") == [
        ("JPY", 0),
        ("USD", 0),
    ]


def test_post_again_is_a_replay_and_with_other_content_refused():
    of = accounts()
    legs = (Leg(of.outside, -100), Leg(of.available, 100))
    first = ledger.post(draft(*legs))

    assert ledger.post(draft(*legs[::-1])) == replace(first, replayed=True)
    with pytest.raises(JournalKeyReused), transaction.atomic():
        ledger.post(draft(Leg(of.outside, -101), Leg(of.available, 101)))
    assert counts() == (1, 2)


def test_post_reverses_a_journal_once():
    of = accounts()
    settled = ledger.settle(settlement(of))
    back = (
        Leg(of.outside, 333_334),
        Leg(of.available, -316_667, lifetime=-316_667),
        Leg(of.fees, -16_667),
    )

    ledger.post(draft(*back, key="reverse:1", reverses=settled.journal_id))
    with pytest.raises(AlreadyReversed), transaction.atomic():
        ledger.post(draft(*back, key="reverse:2", reverses=settled.journal_id))

    assert (posted(of.available), posted(of.fees), lifetime(of.available)) == (0, 0, 0)
    assert counts() == (2, 6)
    assert breaks() == []


def test_post_refuses_to_reverse_what_is_not_there():
    of = accounts()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ledger.post(draft(Leg(of.outside, -1), Leg(of.available, 1), reverses=999))

    assert constraint_of(refused) == "wallets_journal_reverses_existing"


def test_a_draft_has_one_leg_that_is_not_zero_for_each_account():
    for legs in ([Leg(1, 5), Leg(1, -5)], [Leg(1, 5), Leg(2, -5), Leg(3, 0)], []):
        with pytest.raises(ValueError, match=r"two legs|empty leg"):
            draft(*legs)


def test_settle_batch_of_nothing_writes_nothing():
    assert ledger.settle_batch([]) == []
    assert counts() == (0, 0)


def test_settle_batch_is_about_rows_of_one_type():
    of = accounts()

    with pytest.raises(ValueError, match="one type"):
        ledger.settle_batch(
            [settlement(of), replace(settlement(of, invoice=2), about_type="milestone")]
        )


def test_settle_batch_returns_journals_in_the_order_asked_and_old_ones_as_replays():
    of = accounts()
    old = ledger.settle(settlement(of, invoice=2))

    made = ledger.settle_batch([settlement(of, invoice=invoice) for invoice in (3, 2, 1, 3)])

    assert [one.key for one in made] == ["settle:3", "settle:2", "settle:1", "settle:3"]
    assert [one.replayed for one in made] == [False, True, False, True]
    assert made[1] == replace(old, replayed=True)
    assert made[3] == replace(made[0], replayed=True)
    assert made[0].journal_id < made[2].journal_id
    assert counts() == (3, 9)
    assert posted(of.available) == 3 * 316_667
    assert breaks() == []


def test_settle_batch_is_one_statement():
    of = accounts()

    with transaction.atomic(), connection.execute_wrapper(count := Counter()):
        ledger.settle_batch([settlement(of, invoice=invoice) for invoice in range(1, 101)])

    assert count.calls == 1


class Counter:
    calls = 0

    def __call__(self, execute, sql, params, many, context):
        self.calls += 1
        return execute(sql, params, many, context)


amounts = st.integers(min_value=1, max_value=10**12).flatmap(
    lambda total: st.tuples(st.just(total), st.integers(0, total), st.integers(0, total))
)
plans = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 3), st.sampled_from(["USD", "JPY"]), amounts),
    max_size=14,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plan=plans, cuts=st.lists(st.integers(1, 5), max_size=14))
def test_singles_and_batches_do_what_the_oracle_does(plan, cuts):
    with transaction.atomic():
        wanted = _settlements(plan)
        oracle = Oracle()
        for one, replayed in _settle_in_pieces(wanted, cuts):
            assert oracle.settle(one) is not replayed

        assert {account: posted(account) for account in oracle.posted} == oracle.posted
        assert {account: lifetime(account) for account in oracle.lifetime} == oracle.lifetime
        assert _entries() == oracle.entries
        assert recomputed_heads() == stored_heads()
        assert breaks() == []
        transaction.set_rollback(True)


def _settlements(plan) -> list[Settlement]:
    """The first figures under a key are the ones that its later mentions repeat."""
    made: dict[int, Settlement] = {}
    for invoice, user, currency, (total, fee, tax) in plan:
        of = accounts(user=user, currency=currency)
        made.setdefault(invoice, settlement(of, invoice=invoice, total=total, fee=fee, tax=tax))
    return [made[invoice] for invoice, *_ in plan]


def _settle_in_pieces(wanted, cuts):
    """Pieces of one go through `settle`, longer ones through `settle_batch`."""
    sizes = iter(cuts)
    while wanted:
        size = next(sizes, 1)
        piece, wanted = wanted[:size], wanted[size:]
        done = [ledger.settle(piece[0])] if len(piece) == 1 else ledger.settle_batch(piece)
        yield from ((one, made.replayed) for one, made in zip(piece, done, strict=True))


def _entries() -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for key, account, amount in rows(
        "SELECT j.key, e.account_id, e.amount FROM wallets_entry e"
        " JOIN wallets_journal j ON j.id = e.journal_id"
    ):
        found.setdefault(key, {})[account] = amount
    return found
