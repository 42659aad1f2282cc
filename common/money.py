"""The only money arithmetic: minor units, rounding, splitting and the platform's fee.

Amounts are exact. A minor unit is the smallest unit of a currency (cent, yen, fils); every
rounding is ROUND_HALF_UP to it (product rules, section 3).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

from djmoney.money import Money

from common.currencies import EXPONENTS

MAX_MINOR: Final = 10**12
"""Largest amount of one document: sums of nine million of them still fit a BIGINT."""

_EXACT: Final = Context(prec=60)
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,3}))?", re.ASCII)


class AmountError(ValueError):
    """An amount that cannot be what it says; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def exponent_of(currency: str) -> int:
    """Decimals of a listed currency. AmountError `currency_not_supported` for any other."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise AmountError(
            "currency_not_supported", f"Currency {currency} is not supported."
        ) from None


def to_minor(money: Money) -> int:
    """Minor units of an amount that has no more decimals than its currency.

    Never rounds: AmountError `too_many_decimals` when something would be lost.
    """
    return minor_of(money.amount, money.currency.code)


def minor_of(amount: Decimal, currency: str) -> int:
    """`to_minor` of an amount as a row of plain values has it."""
    exponent = exponent_of(currency)
    scaled = Decimal(amount).scaleb(exponent, _EXACT)
    minor = int(scaled)
    if scaled != minor:
        raise AmountError("too_many_decimals", f"{amount} has too many decimals.")
    return minor


def from_minor(minor: int, currency: str) -> Money:
    """The amount of `minor` minor units, with exactly the currency's decimals."""
    return Money(decimal_of(minor, currency), currency)


def decimal_of(minor: int, currency: str) -> Decimal:
    """`from_minor` as a plain number."""
    return Decimal(minor).scaleb(-exponent_of(currency), _EXACT)


def decimal_text(minor: int, currency: str) -> str:
    """`decimal_of` as text, for batches: a tenth of its price."""
    exponent = exponent_of(currency)
    if not exponent:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**exponent)
    return f"{sign}{whole}.{rest:0{exponent}d}"


def quantize(money: Money) -> Money:
    """The amount rounded half up to the currency's sub-unit, with exactly its decimals."""
    exponent = exponent_of(money.currency.code)
    with localcontext(prec=60):
        rounded = Decimal(money.amount).quantize(Decimal(1).scaleb(-exponent), ROUND_HALF_UP)
    return Money(rounded, money.currency.code)


def zero(currency: str) -> Money:
    """Nothing, in that currency."""
    return from_minor(0, currency)


def amount_text(money: Money) -> str:
    """The amount as the API writes it: plain digits with exactly the currency's decimals."""
    return f"{quantize(money).amount:f}"


def parse_amount(text: str, currency: str) -> Money:
    """A positive amount from ASCII digits with at most the currency's decimals.

    AmountError: `currency_not_supported`, `invalid_amount`, `too_many_decimals`, `out_of_range`
    (zero, or above MAX_MINOR minor units).
    """
    exponent = exponent_of(currency)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountError("invalid_amount", "Write the amount as plain digits, such as 1250.00.")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > exponent:
        raise AmountError("too_many_decimals", f"{currency} has {exponent} decimals.")
    minor = int(whole + fraction.ljust(exponent, "0"))
    if not 0 < minor <= MAX_MINOR:
        raise AmountError("out_of_range", "The amount must be more than zero and within limits.")
    return from_minor(minor, currency)


def split_minor(total: int, parts: int) -> list[int]:
    """`total` in `parts` whole shares; the spare units go to the earliest (product rule 3.2).

    AmountError `budget_too_small` when a share would be less than one minor unit.
    """
    if total < parts:
        raise AmountError(
            "budget_too_small", "The budget must give each milestone at least one sub-unit."
        )
    share, spare = divmod(total, parts)
    return [share + 1] * spare + [share] * (parts - spare)


def split(total: Money, parts: int) -> list[Money]:
    """`split_minor` on amounts: 10,000.00 in three is 3,333.34, 3,333.33 and 3,333.33."""
    currency = total.currency.code
    return [from_minor(share, currency) for share in split_minor(to_minor(total), parts)]


def split_like(total: int, prices: Sequence[int]) -> list[int]:
    """`total` over parts in proportion to their prices, in whole shares; the spare units go to the
    earliest. Prices that are equal parts themselves get `split_minor`.

    AmountError `budget_too_small` when a share would be less than one minor unit.
    """
    whole, parts = sum(prices), len(prices)
    if list(prices) == split_minor(whole, parts):
        return split_minor(total, parts)
    shares = [total * price // whole for price in prices]
    spare = total - sum(shares)
    shares = [share + (place < spare) for place, share in enumerate(shares)]
    if min(shares) < 1:
        raise AmountError(
            "budget_too_small", "The budget must give each milestone at least one sub-unit."
        )
    return shares


def sum_money(amounts: Sequence[Money], currency: str) -> Money:
    """The exact sum of amounts of one currency; ValueError when another one is among them."""
    if any(amount.currency.code != currency for amount in amounts):
        raise ValueError("amounts of different currencies cannot be added")
    return from_minor(sum(to_minor(amount) for amount in amounts), currency)


def portion_of(rate: Decimal, total: int) -> int:
    """That part of `total` minor units, rounded half up."""
    with localcontext(prec=60):
        return int((rate * total).quantize(Decimal(1), ROUND_HALF_UP))


def fee_on(rate: Decimal, gross: int) -> int:
    """The fee on `gross` minor units, rounded half up."""
    return portion_of(rate, gross)


def tax_on(percent: Decimal, basis: int) -> int:
    """The tax of so many percent on `basis` minor units, rounded half up."""
    with localcontext(prec=60):
        return int((percent * basis / 100).quantize(Decimal(1), ROUND_HALF_UP))


def basis_in(percent: Decimal, gross: int) -> int:
    """The basis of an amount that has its tax in it, rounded half up.

    Basis and `tax_on` it may miss the amount by one unit: some amounts no basis reaches.
    """
    with localcontext(prec=60):
        return int((Decimal(gross) * 100 / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))


def share_of(total: int, *, part: int, whole: int) -> int:
    """What `part` of a `whole` is of a total, in minor units, rounded half up."""
    with localcontext(prec=60):
        return int((Decimal(total) * part / whole).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class FeeSplit:
    """One amount in minor units and how it falls to the platform and the freelancer."""

    gross: int
    fee: int
    net: int

    def __post_init__(self) -> None:
        if self.fee < 0 or self.net < 0 or self.fee + self.net != self.gross:
            raise ValueError(f"fee {self.fee} and net {self.net} do not make {self.gross}")


def next_fee(*, rate: Decimal, gross_before: int, fees_before: int, gross: int) -> FeeSplit:
    """The fee of the next amount of a project, in minor units (product rule 3.3).

    fee_k = round(rate x (gross_1 + … + gross_k)) - (fee_1 + … + fee_(k-1)), so that the fees of
    a project always add up to the exact fee on its total.
    """
    fee = fee_on(rate, gross_before + gross) - fees_before
    return FeeSplit(gross=gross, fee=fee, net=gross - fee)


def fee_given_back(*, rate: Decimal, gross_before: int, fees_before: int, gross: int) -> FeeSplit:
    """The fee of a part that a project's invoices no longer ask for (product rule 3.3).

    The same formula on the reduced sum: fees - round(rate x (gross so far - part)).
    """
    fee = fees_before - fee_on(rate, gross_before - gross)
    return FeeSplit(gross=gross, fee=fee, net=gross - fee)


def fee_left(*, fee: int, given_back: int, gross_left: int) -> int:
    """The fee that an invoice is settled with after its notes, within what it is still about.

    Rounding over the project can give back more or less than the invoice had left; what does not
    fit here is posted with the note that it comes from.
    """
    return min(max(fee - given_back, 0), gross_left)


def tax_of_part(percent: Decimal, *, basis_before: int, basis: int) -> int:
    """The tax of a part, so that the parts of an amount always add up to the tax on all of it."""
    return tax_on(percent, basis_before + basis) - tax_on(percent, basis_before)
