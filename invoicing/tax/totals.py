"""Sums of an invoice: tax once for each category and rate, on the sum of its lines, half up.

In minor units of the currency, so that a yen has no decimals and a dinar three (EN 16931
BR-CO-10 to BR-CO-17; einvoice.md §3.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.money import split_minor, tax_on
from invoicing.tax.decision import CENTRAL_AND_STATE


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A line's net amount and what it carries; `rate` in percent, None outside the scope."""

    amount: int
    category: str
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class TaxSum:
    """One row of the breakdown."""

    category: str
    rate: Decimal | None
    basis: int
    amount: int


def breakdown(lines: Sequence[TaxedLine]) -> list[TaxSum]:
    """A row for each category and rate, in the order of the lines. Never a sum of rounded taxes."""
    sums: dict[tuple[str, Decimal | None], int] = {}
    for line in lines:
        key = (line.category, line.rate)
        sums[key] = sums.get(key, 0) + line.amount
    return [
        TaxSum(category, rate, basis, tax_on(rate or Decimal(0), basis))
        for (category, rate), basis in sums.items()
    ]


def parts_of(name: str, rate: Decimal | None, amount: int) -> list[tuple[str, Decimal, int]]:
    """The two taxes of an Indian state, half each; nothing for a tax that is one."""
    if name != CENTRAL_AND_STATE or rate is None or not amount:
        return []
    central, state = split_minor(amount, 2) if amount > 1 else (amount, 0)
    return [("CGST", rate / 2, central), ("SGST", rate / 2, state)]
