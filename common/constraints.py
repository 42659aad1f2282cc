"""Builders of check constraints whose names read as sentences."""

from django.db import models
from django.db.models import Case, CheckConstraint, F, Q, When
from django.db.models.functions import Round

from common.currencies import EXPONENTS
from common.money import MAX_MINOR


def one_of(column: str, choices: type[models.TextChoices], *, name: str) -> CheckConstraint:
    """The column holds one of the choices."""
    return CheckConstraint(condition=Q(**{f"{column}__in": choices.values}), name=name)


def set_iff(column: str, values: list[str], columns: list[str], *, name: str) -> CheckConstraint:
    """The `columns` are set exactly while `column` holds one of `values`."""
    is_state = Q(**{f"{column}__in": values})
    all_set = Q(**{f"{other}__isnull": False for other in columns})
    none_set = Q(**{f"{other}__isnull": True for other in columns})
    return CheckConstraint(condition=(is_state & all_set) | (~is_state & none_set), name=name)


def positive(column: str, *, name: str) -> CheckConstraint:
    """More than zero and within the limit of one document (which NaN is not)."""
    return CheckConstraint(
        condition=Q(**{f"{column}__gt": 0, f"{column}__lte": MAX_MINOR}), name=name
    )


def not_negative(column: str, *, name: str) -> CheckConstraint:
    """Zero or more, and within the limit of one document (which NaN is not)."""
    return CheckConstraint(
        condition=Q(**{f"{column}__gte": 0, f"{column}__lte": MAX_MINOR}), name=name
    )


def in_sub_units(*columns: str, currency: str = "currency", name: str) -> CheckConstraint:
    """The amounts have no more decimals than their currency."""
    condition = Q()
    for column in columns:
        condition &= Q(**{column: _rounded(column, currency)})
    return CheckConstraint(condition=condition, name=name)


def _rounded(column: str, currency: str) -> Case:
    odd = {exponent for exponent in EXPONENTS.values() if exponent != 2}
    return Case(
        *[
            When(
                Q(**{f"{currency}__in": [c for c, e in EXPONENTS.items() if e == exponent]}),
                then=Round(F(column), precision=exponent),
            )
            for exponent in sorted(odd)
        ],
        default=Round(F(column), precision=2),
    )
