"""What holds for all amounts; `make nightly` tries 10,000 of each law."""

import os
from decimal import Decimal
from random import Random

from djmoney.money import Money
from hypothesis import given, settings
from hypothesis import strategies as st

from common import money
from common.money import AmountError
from tests.common.test_money import fees_of

EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "300"))
SOME = settings(max_examples=EXAMPLES, deadline=None, database=None)
CURRENCIES = st.sampled_from(["JPY", "USD", "KWD"])
RATES = st.decimals(min_value=0, max_value=Decimal("0.9999"), places=4)
MINOR = st.integers(1, money.MAX_MINOR)


@SOME
@given(currency=CURRENCIES, minor=MINOR)
def test_what_is_written_is_read_back(currency, minor):
    text = money.amount_text(money.from_minor(minor, currency))

    assert money.to_minor(money.parse_amount(text, currency)) == minor


@SOME
@given(currency=CURRENCIES, minor=MINOR)
def test_the_text_of_a_batch_is_that_of_the_number(currency, minor):
    assert money.decimal_text(minor, currency) == f"{money.decimal_of(minor, currency):f}"
    assert money.decimal_text(-minor, currency) == f"{money.decimal_of(-minor, currency):f}"


@SOME
@given(currency=CURRENCIES, amount=st.decimals(-(10**10), 10**10, places=8))
def test_rounding_moves_by_half_a_unit_at_most_and_rounded_stays(currency, amount):
    rounded = money.quantize(Money(amount, currency))

    half = Decimal("0.5").scaleb(-money.exponent_of(currency))
    assert abs(rounded.amount - amount) <= half
    assert money.quantize(rounded) == rounded
    assert money.from_minor(money.to_minor(rounded), currency) == rounded


@SOME
@given(text=st.text(alphabet="0123456789..,-+eE_ \n\u0661\uff11", max_size=16))
def test_reading_any_text_gives_its_amount_or_a_refusal(text):
    minor = read(text)

    assert minor is None or (text.isascii() and minor == Decimal(text) * 100 > 0)


def read(text):
    try:
        return money.to_minor(money.parse_amount(text, "USD"))
    except AmountError:
        return None


@SOME
@given(total=MINOR, parts=st.integers(1, 47))
def test_the_parts_of_a_split_add_up_and_differ_by_one_unit_at_most(total, parts):
    for count in range(parts, parts + 4):
        budget = max(total, count)

        shares = money.split_minor(budget, count)

        assert (len(shares), sum(shares)) == (count, budget)
        assert shares == sorted(shares, reverse=True)
        assert 1 <= shares[-1] <= shares[0] <= shares[-1] + 1


@SOME
@given(total=MINOR, parts=st.integers(1, 50), more=st.integers(0, 1000))
def test_no_part_of_a_larger_total_is_smaller(total, parts, more):
    budget = max(total, parts)

    shares = money.split_minor(budget, parts)

    larger = money.split_minor(budget + more, parts)
    assert all(before <= after for before, after in zip(shares, larger, strict=True))
    one_more = money.split_minor(budget + 1, parts)
    gained = [after - before for before, after in zip(shares, one_more, strict=True)]
    assert gained == [1 if number == budget % parts else 0 for number in range(parts)]


@SOME
@given(currency=CURRENCIES, total=MINOR, parts=st.integers(1, 50))
def test_the_parts_of_a_split_add_up_in_every_currency(currency, total, parts):
    budget = money.from_minor(max(total, parts), currency)

    shares = money.split(budget, parts)

    assert len(shares) == parts
    assert money.sum_money(shares, currency) == budget


@SOME
@given(points=st.integers(0, 9999), total=MINOR, parts=st.integers(1, 8))
def test_the_fees_of_any_split_add_up_to_the_fee_on_the_total(points, total, parts):
    grosses = cut(total, parts)
    for rate in (Decimal(points) / 10_000, Decimal("0.05"), Decimal("0.5"), Decimal("0.9999")):
        splits = fees_of(rate, grosses)

        assert sum(split.fee for split in splits) == money.fee_on(rate, total)
        assert all(0 <= split.fee <= split.gross and split.net >= 0 for split in splits)
        assert [split.gross for split in splits] == grosses


def cut(total, parts):
    """The total in so many parts of any size, the same ones every time."""
    chance = Random(total)
    grosses = []
    for others in range(min(parts, total) - 1, 0, -1):
        grosses.append(chance.randint(1, total - others))
        total -= grosses[-1]
    return [*grosses, total]


@SOME
@given(rate=RATES, before=st.integers(0, money.MAX_MINOR), gross=MINOR, more=MINOR)
def test_the_fee_on_more_is_no_less(rate, before, gross, more):
    fees = money.fee_on(rate, before)
    smaller, larger = (
        money.next_fee(rate=rate, gross_before=before, fees_before=fees, gross=amount)
        for amount in (gross, gross + more)
    )

    assert fees <= money.fee_on(rate, before + gross) <= money.fee_on(rate, before + gross + more)
    assert smaller.fee <= larger.fee
    assert smaller.net <= larger.net


@SOME
@given(rate=RATES, gross=st.integers(0, money.MAX_MINOR))
def test_the_fee_is_the_nearest_whole_number_and_the_upper_of_two(rate, gross):
    fee = money.fee_on(rate, gross)

    points = int(rate * 10_000)
    assert 10_000 * (2 * fee - 1) <= 2 * points * gross < 10_000 * (2 * fee + 1)


@SOME
@given(currency=CURRENCIES, rate=RATES, total=MINOR, parts=st.integers(1, 50))
def test_the_fees_of_a_split_budget_add_up_in_every_currency(currency, rate, total, parts):
    budget = money.from_minor(max(total, parts), currency)
    shares = [money.to_minor(share) for share in money.split(budget, parts)]

    splits = fees_of(rate, shares)

    fees = sum(split.fee for split in splits)
    assert fees == money.fee_on(rate, money.to_minor(budget))
    exact = money.quantize(Money(rate * budget.amount, currency))
    assert money.from_minor(fees, currency) == exact


@SOME
@given(total=MINOR, whole=MINOR, part=st.integers(0, money.MAX_MINOR))
def test_a_share_and_the_rest_are_the_total_give_or_take_the_rounding(total, whole, part):
    part = min(part, whole)

    share = money.share_of(total, part=part, whole=whole)

    assert share == (2 * total * part + whole) // (2 * whole)
    assert share + money.share_of(total, part=whole - part, whole=whole) - total in (0, 1)


@SOME
@given(total=MINOR, prices=st.lists(st.integers(1, 30) | MINOR, min_size=1, max_size=20))
def test_the_shares_of_prices_add_up_and_are_a_unit_away_at_most(total, prices):
    whole, parts = sum(prices), len(prices)
    try:
        shares = money.split_like(total, prices)
    except AmountError:
        assert total * min(prices) < whole or total < parts
        return

    assert sum(shares) == total
    if prices == money.split_minor(whole, parts):
        assert shares == money.split_minor(total, parts)
    else:
        away = [share * whole - total * price for share, price in zip(shares, prices, strict=True)]
        assert all(-whole < distance <= whole for distance in away)
