from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import tax_on
from invoicing.tax import TaxedLine, breakdown, parts_of

RATES = [Decimal(rate) for rate in ("0", "8.1", "10", "18", "19", "20", "21", "25.5")]


@pytest.mark.parametrize(
    ("percent", "basis", "tax"),
    [
        ("19", 280112, 53221),
        ("19", 10005, 1901),
        ("18", 10005, 1801),
        ("8.1", 50, 4),
        ("25.5", 100, 26),
        ("10", 5, 1),
        ("10", 4, 0),
        ("0", 10**12, 0),
        ("50", 10**30 + 1, 5 * 10**29 + 1),
        ("27", 10**12, 27 * 10**10),
    ],
)
def test_tax_is_rounded_half_up_once(percent, basis, tax):
    assert tax_on(Decimal(percent), basis) == tax


def test_three_lines_are_taxed_on_their_sum():
    lines = [TaxedLine(33, "S", Decimal(19))] * 3

    [row] = breakdown(lines)

    assert (row.basis, row.amount) == (99, 19)
    assert 3 * tax_on(Decimal(19), 33) == 18


def test_each_category_and_rate_has_a_row():
    rows = breakdown(
        [
            TaxedLine(100, "S", Decimal(19)),
            TaxedLine(100, "S", Decimal(7)),
            TaxedLine(100, "E", Decimal(0)),
            TaxedLine(50, "S", Decimal(19)),
        ]
    )

    assert [(row.category, row.rate, row.basis, row.amount) for row in rows] == [
        ("S", Decimal(19), 150, 29),
        ("S", Decimal(7), 100, 7),
        ("E", Decimal(0), 100, 0),
    ]


def test_outside_the_scope_there_is_no_rate_and_no_tax():
    [row] = breakdown([TaxedLine(333333, "O", None)])

    assert (row.rate, row.amount) == (None, 0)


@given(st.lists(st.tuples(st.integers(1, 10**10), st.sampled_from(RATES)), min_size=1, max_size=20))
def test_sums_of_any_lines(amounts):
    lines = [TaxedLine(amount, "S" if rate else "Z", rate) for amount, rate in amounts]

    rows = breakdown(lines)

    assert sum(row.basis for row in rows) == sum(line.amount for line in lines)
    assert len({(row.category, row.rate) for row in rows}) == len(rows)
    for row in rows:
        exact = Fraction(row.rate) * row.basis / 100
        assert abs(Fraction(row.amount) - exact) <= Fraction(1, 2)
        assert row.amount == int(exact + Fraction(1, 2))


@given(st.integers(0, 10**12))
def test_the_two_taxes_of_a_state_make_the_whole(amount):
    parts = parts_of("CGST + SGST", Decimal(18), amount)

    assert sum(share for _, _, share in parts) == amount
    assert all(rate == Decimal(9) for _, rate, _ in parts)


def test_the_odd_unit_goes_to_the_central_tax():
    for amount, central, state in [(1, 1, 0), (2, 1, 1), (3, 2, 1)]:
        shares = [share for _, _, share in parts_of("CGST + SGST", Decimal(18), amount)]
        assert shares == [central, state]


def test_other_taxes_have_no_parts():
    assert parts_of("CGST + SGST", None, 100) == []
    assert parts_of("CGST + SGST", Decimal(18), 0) == []
    assert parts_of("IGST", Decimal(18), 100) == []
    assert parts_of("CGST + SGST", Decimal(18), 9) == [
        ("CGST", Decimal(9), 5),
        ("SGST", Decimal(9), 4),
    ]
