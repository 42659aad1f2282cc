"""Worked tables of amounts."""

from decimal import Decimal

import pytest
from djmoney.money import Money

from common import currencies, money
from common.money import AmountError, FeeSplit

WORDS = {
    "invalid_amount": "Write the amount as plain digits, such as 1250.00.",
    "out_of_range": "The amount must be more than zero and within limits.",
    "too_many_decimals": "{0} has {1} decimals.",
    "currency_not_supported": "Currency {0} is not supported.",
}
HUGE = 10**30 + 1
"""More digits than Python's decimals keep unless they are told to."""


def test_every_currency_of_the_product_has_its_decimals():
    assert {
        **dict.fromkeys(
            [
                "USD",
                "EUR",
                "GBP",
                "CHF",
                "CAD",
                "AUD",
                "NZD",
                "SEK",
                "NOK",
                "DKK",
                "PLN",
                "CZK",
                "HUF",
                "INR",
                "SGD",
                "HKD",
                "ZAR",
                "BRL",
                "MXN",
            ],
            2,
        ),
        "JPY": 0,
        "KWD": 3,
    } == currencies.EXPONENTS


@pytest.mark.parametrize("currency", ["XAU", "usd", "US", "", "USDT", "BTC"])
def test_an_unlisted_currency_is_refused(currency):
    with pytest.raises(AmountError) as refusal:
        money.exponent_of(currency)

    assert refusal.value.code == "currency_not_supported"
    assert str(refusal.value) == f"Currency {currency} is not supported."


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10000.00", "USD", 1_000_000),
        ("0.01", "USD", 1),
        ("3166.6700", "USD", 316_667),
        ("-5.5", "EUR", -550),
        ("10", "JPY", 10),
        ("10.0000", "JPY", 10),
        ("1.005", "KWD", 1005),
        ("10000000000.00", "USD", 10**12),
    ],
)
def test_minor_units_of_an_amount(amount, currency, minor):
    assert money.to_minor(Money(amount, currency)) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.005", "USD"),
        ("0.001", "USD"),
        ("10.5", "JPY"),
        ("1.0005", "KWD"),
        ("0.00999999999999999999999999999999999999999999", "USD"),
    ],
)
def test_minor_units_are_never_rounded(amount, currency):
    with pytest.raises(AmountError) as refusal:
        money.to_minor(Money(amount, currency))

    assert refusal.value.code == "too_many_decimals"
    assert str(refusal.value) == f"{Money(amount, currency).amount} has too many decimals."


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (316_667, "USD", "3166.67"),
        (5, "JPY", "5"),
        (5, "KWD", "0.005"),
        (-1, "EUR", "-0.01"),
        (HUGE, "USD", "10000000000000000000000000000.01"),
    ],
)
def test_an_amount_of_minor_units_has_exactly_the_currencys_decimals(minor, currency, text):
    amount = money.from_minor(minor, currency)

    assert (str(amount.amount), amount.currency.code) == (text, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "USD", "0.01"),
        ("0.015", "USD", "0.02"),
        ("0.125", "USD", "0.13"),
        ("0.1249999", "USD", "0.12"),
        ("-0.005", "USD", "-0.01"),
        ("2.5", "JPY", "3"),
        ("0.5", "JPY", "1"),
        ("0.4", "JPY", "0"),
        ("0.0005", "KWD", "0.001"),
        ("1", "USD", "1.00"),
        ("10000000000000000000000000000.015", "USD", "10000000000000000000000000000.02"),
    ],
)
def test_rounding_is_half_up(amount, currency, rounded):
    result = money.quantize(Money(amount, currency))

    assert (str(result.amount), result.currency.code) == (rounded, currency)


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_zero_is_nothing_in_that_currency(currency):
    assert money.zero(currency) == Money(0, currency)
    assert money.to_minor(money.zero(currency)) == 0


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("3166.6700", "USD", "3166.67"),
        ("10000000000", "USD", "10000000000.00"),
        ("1E+3", "JPY", "1000"),
        ("0.1", "KWD", "0.100"),
        ("0", "EUR", "0.00"),
        ("-12.5", "EUR", "-12.50"),
    ],
)
def test_the_text_of_an_amount_is_plain_digits(amount, currency, text):
    assert money.amount_text(Money(amount, currency)) == text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("10000.00", "USD", 1_000_000),
        ("10000", "USD", 1_000_000),
        ("0.5", "USD", 50),
        ("0.05", "USD", 5),
        ("1", "JPY", 1),
        ("0.001", "KWD", 1),
        ("10000000000.00", "USD", 10**12),
        ("1000000000000", "JPY", 10**12),
        ("1000000000.000", "KWD", 10**12),
    ],
)
def test_an_amount_is_read(text, currency, minor):
    assert money.parse_amount(text, currency) == money.from_minor(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("0", "USD", "out_of_range"),
        ("0.00", "USD", "out_of_range"),
        ("0", "JPY", "out_of_range"),
        ("10000000000.01", "USD", "out_of_range"),
        ("1000000000001", "JPY", "out_of_range"),
        ("1000000000.001", "KWD", "out_of_range"),
        ("0.005", "USD", "too_many_decimals"),
        ("10.123", "USD", "too_many_decimals"),
        ("10.500", "USD", "too_many_decimals"),
        ("10.50", "JPY", "too_many_decimals"),
        ("10.0", "JPY", "too_many_decimals"),
        ("1.00", "XAU", "currency_not_supported"),
        *(
            (spelling, "USD", "invalid_amount")
            for spelling in (
                *("", " ", "-", ".", "-5", "-0", "+5", ".5", "5.", "007", "00", "1.2.3", "--5"),
                *("NaN", "sNaN", "nan", "Infinity", "-Infinity", "inf", "1e2", "1E+2", "1e400"),
                *("1_000", "1,000.00", "12,50", "$5", "5 USD", "0x10", "0b1", "1/2", "five"),
                *(" 12.50", "12.50 ", "12.50\n", "\n12.50", "5\x00", "5\u00a0", "\ufeff5"),
                *("\u0661\u0662\u0663.\u0664\u0665", "\uff11\uff12\uff13", "\u00b2", "1\u066b5"),
                *("9.99999999999999999999", "10.00000000000000000001", "9" * 5000),
                *("null", "true", "[]", "{}"),
            )
        ),
    ],
)
def test_every_other_spelling_is_refused(text, currency, code):
    with pytest.raises(AmountError) as refusal:
        money.parse_amount(text, currency)

    assert refusal.value.code == code
    assert str(refusal.value) == WORDS[code].format(currency, currencies.EXPONENTS.get(currency))


@pytest.mark.parametrize(
    ("total", "currency", "parts", "shares"),
    [
        ("10000.00", "USD", 3, ["3333.34", "3333.33", "3333.33"]),
        ("100.00", "USD", 1, ["100.00"]),
        ("0.05", "USD", 3, ["0.02", "0.02", "0.01"]),
        ("0.03", "USD", 3, ["0.01", "0.01", "0.01"]),
        ("10000", "JPY", 3, ["3334", "3333", "3333"]),
        ("10.000", "KWD", 3, ["3.334", "3.333", "3.333"]),
        ("100.00", "EUR", 6, ["16.67", "16.67", "16.67", "16.67", "16.66", "16.66"]),
    ],
)
def test_spare_units_go_to_the_earliest_parts(total, currency, parts, shares):
    result = money.split(Money(total, currency), parts)

    assert [money.amount_text(share) for share in result] == shares


@pytest.mark.parametrize(
    ("total", "currency", "parts"), [("0.02", "USD", 3), ("2", "JPY", 3), ("0.049", "KWD", 50)]
)
def test_a_part_of_less_than_one_unit_is_refused(total, currency, parts):
    with pytest.raises(AmountError) as refusal:
        money.split(Money(total, currency), parts)

    assert refusal.value.code == "budget_too_small"
    assert str(refusal.value) == "The budget must give each milestone at least one sub-unit."


@pytest.mark.parametrize(
    ("rate", "gross", "fee"),
    [
        ("0.05", 1_000_000, 50_000),
        ("0.10", 3333, 333),
        ("0.05", 10, 1),
        ("0.05", 9, 0),
        ("0.05", 30, 2),
        ("0.0725", 10_000, 725),
        ("0", 1_000_000, 0),
        ("0.9999", 1, 1),
        ("0.05", 10**18 + 10, 5 * 10**16 + 1),
        ("0.5", HUGE, 5 * 10**29 + 1),
    ],
)
def test_the_fee_is_rounded_half_up(rate, gross, fee):
    assert money.fee_on(Decimal(rate), gross) == fee


@pytest.mark.parametrize(
    ("rate", "grosses", "fees"),
    [
        ("0.05", [333_334, 333_333, 333_333], [16_667, 16_666, 16_667]),
        ("0.05", [3334, 3333, 3333], [167, 166, 167]),
        ("0.10", [3333, 3333, 3334], [333, 334, 333]),
        ("0.05", [1] * 10, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("0.5", [1, 1, 1, 1], [1, 0, 1, 0]),
        ("0", [5, 5], [0, 0]),
    ],
)
def test_the_fees_of_a_project(rate, grosses, fees):
    splits = fees_of(Decimal(rate), grosses)

    assert [split.fee for split in splits] == fees
    assert [split.net for split in splits] == [
        gross - fee for gross, fee in zip(grosses, fees, strict=True)
    ]


def fees_of(rate, grosses):
    splits, before, fees = [], 0, 0
    for gross in grosses:
        split = money.next_fee(rate=rate, gross_before=before, fees_before=fees, gross=gross)
        splits.append(split)
        before, fees = before + split.gross, fees + split.fee
    return splits


@pytest.mark.parametrize(
    ("total", "prices", "shares"),
    [
        (290_400, [165_000, 165_000], [145_200, 145_200]),
        (10, [5, 3, 2], [5, 3, 2]),
        (11, [5, 3, 2], [6, 3, 2]),
        (17, [5, 3, 2], [9, 5, 3]),
        (19, [5, 3, 2], [10, 6, 3]),
        (7, [4, 3, 3], [3, 2, 2]),
        (4, [2, 3], [2, 2]),
        (3, [2, 3], [2, 1]),
        (5, [9], [5]),
    ],
)
def test_a_total_is_divided_like_prices_and_the_earliest_get_what_is_left(total, prices, shares):
    assert money.split_like(total, prices) == shares


@pytest.mark.parametrize(("total", "prices"), [(3, [100, 1, 1]), (1, [2, 3]), (2, [1, 1, 1])])
def test_a_share_of_nothing_is_refused(total, prices):
    with pytest.raises(AmountError) as refusal:
        money.split_like(total, prices)

    assert refusal.value.code == "budget_too_small"
    assert str(refusal.value) == "The budget must give each milestone at least one sub-unit."


@pytest.mark.parametrize(
    ("rate", "total", "portion"),
    [("0.12", 330_000, 39_600), ("0.12", 4, 0), ("0.125", 4, 1), ("0.5", HUGE, 5 * 10**29 + 1)],
)
def test_a_portion_is_rounded_half_up(rate, total, portion):
    assert money.portion_of(Decimal(rate), total) == portion


@pytest.mark.parametrize(
    ("total", "part", "whole", "share"),
    [
        (396_667, 1, 3, 132_222),
        (119, 50, 100, 60),
        (1, 1, 2, 1),
        (3, 1, 2, 2),
        (5, 1, 2, 3),
        (100, 0, 7, 0),
        (100, 7, 7, 100),
        (HUGE, 1, 1, HUGE),
    ],
)
def test_a_share_is_rounded_half_up(total, part, whole, share):
    assert money.share_of(total, part=part, whole=whole) == share


@pytest.mark.parametrize(
    ("gross", "fee", "net"), [(100, -1, 101), (100, 101, -1), (100, 5, 94), (100, 5, 96)]
)
def test_a_fee_that_does_not_add_up_is_a_programming_error(gross, fee, net):
    with pytest.raises(ValueError, match="do not make"):
        FeeSplit(gross=gross, fee=fee, net=net)


@pytest.mark.parametrize(
    ("amounts", "currency", "total"),
    [
        (["0.10", "0.20", "0.30"], "USD", "0.60"),
        (["3333.34", "3333.33", "3333.33"], "USD", "10000.00"),
        (["1", "2"], "JPY", "3"),
        ([], "KWD", "0.000"),
    ],
)
def test_the_sum_of_amounts_is_exact(amounts, currency, total):
    result = money.sum_money([Money(amount, currency) for amount in amounts], currency)

    assert (str(result.amount), result.currency.code) == (total, currency)


def test_the_sum_of_two_currencies_is_refused():
    with pytest.raises(ValueError, match=r"^amounts of different currencies cannot be added$"):
        money.sum_money([Money(1, "USD"), Money(1, "EUR")], "USD")
