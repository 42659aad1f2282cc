"""What the builders' conditions let through, asked of the database."""

from decimal import Decimal

import pytest
from django.db import models
from django.db.models import Value
from django.db.models.expressions import RawSQL

from common import constraints
from common.money import EXPONENTS, MAX_MINOR, from_minor

pytestmark = pytest.mark.django_db


class Light(models.TextChoices):
    RED = "red"
    GREEN = "green"


def holds(constraint, **values):
    fields = {name: _typed(value) for name, value in values.items()}
    return constraint.condition.check(fields)


def _typed(value):
    if value == "NaN":
        return RawSQL("'NaN'::numeric", ())
    if isinstance(value, int):
        return Value(value, output_field=models.BigIntegerField())
    if isinstance(value, Decimal):
        return Value(value, output_field=models.DecimalField(max_digits=19, decimal_places=4))
    if value is None:
        return Value(None, output_field=models.DateTimeField())
    return Value(value)


@pytest.mark.parametrize(
    ("colour", "expected"), [("red", True), ("green", True), ("blue", False), ("", False)]
)
def test_one_of(colour, expected):
    constraint = constraints.one_of("colour", Light, name="colour_valid")

    assert constraint.name == "colour_valid"
    assert holds(constraint, colour=colour) is expected


@pytest.mark.parametrize(
    ("state", "at", "by", "expected"),
    [
        ("open", None, None, True),
        ("done", 1, 2, True),
        ("closed", 1, 2, True),
        ("open", 1, 2, False),
        ("open", 1, None, False),
        ("open", None, 2, False),
        ("done", None, None, False),
        ("done", 1, None, False),
        ("done", None, 2, False),
    ],
)
def test_set_iff(state, at, by, expected):
    constraint = constraints.set_iff("state", ["done", "closed"], ["at", "by"], name="x")

    assert holds(constraint, state=state, at=at, by=by) is expected


AMOUNTS = [
    (Decimal("0.0001"), True),
    (Decimal(1), True),
    (Decimal(MAX_MINOR), True),
    (MAX_MINOR, True),
    (MAX_MINOR + 1, False),
    (Decimal(MAX_MINOR) + Decimal("0.0001"), False),
    (Decimal("-0.0001"), False),
    (-1, False),
    ("NaN", False),
]


@pytest.mark.parametrize(("amount", "expected"), [*AMOUNTS, (0, False), (Decimal(0), False)])
def test_positive(amount, expected):
    assert holds(constraints.positive("amount", name="x"), amount=amount) is expected


@pytest.mark.parametrize(("amount", "expected"), [*AMOUNTS, (0, True), (Decimal(0), True)])
def test_not_negative(amount, expected):
    assert holds(constraints.not_negative("amount", name="x"), amount=amount) is expected


@pytest.mark.parametrize("currency", EXPONENTS)
def test_in_sub_units_follows_each_currency(currency):
    constraint = constraints.in_sub_units("amount", name="x")
    unit = from_minor(1, currency).amount

    assert holds(constraint, amount=unit, currency=currency)
    assert holds(constraint, amount=Decimal("10000.0000"), currency=currency)
    assert not holds(constraint, amount=unit / 10, currency=currency)
    assert not holds(constraint, amount=1 + unit / 2, currency=currency)


@pytest.mark.parametrize(
    ("subtotal", "tax", "expected"),
    [("1.00", "0.20", True), ("1.001", "0.20", False), ("1.00", "0.201", False)],
)
def test_in_sub_units_looks_at_each_column(subtotal, tax, expected):
    constraint = constraints.in_sub_units("subtotal", "tax", currency="unit", name="x")

    values = {"subtotal": Decimal(subtotal), "tax": Decimal(tax), "unit": "EUR"}
    assert holds(constraint, **values) is expected
