from decimal import Decimal

import pytest
from djmoney.money import Money

from common import formats


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("3166.67", "USD", "3,166.67 USD"),
        ("10000000000", "USD", "10,000,000,000.00 USD"),
        ("999.99", "EUR", "999.99 EUR"),
        ("0.005", "USD", "0.01 USD"),
        ("1234567", "JPY", "1,234,567 JPY"),
        ("1234.5", "KWD", "1,234.500 KWD"),
        ("0", "USD", "0.00 USD"),
        ("-1000", "EUR", "\N{MINUS SIGN}1,000.00 EUR"),
    ],
)
def test_people_read_amounts_in_groups_of_three(amount, currency, text):
    assert formats.money_for_people(Money(amount, currency)) == text
    assert formats.amount_for_people(Money(amount, currency)) == text.removesuffix(f" {currency}")


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        ("0.05", "5%"),
        ("0.0500", "5%"),
        ("0.0725", "7.25%"),
        ("0.1", "10%"),
        ("0", "0%"),
        ("0.9999", "99.99%"),
        ("0.0001", "0.01%"),
    ],
)
def test_people_read_rates_as_percentages(rate, text):
    assert formats.percent_for_people(Decimal(rate)) == text
