"""What a bank's statement says, whichever file it came in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from common.money import MAX_MINOR, AmountError, minor_of
from wallets.enums import StatementFormat
from wallets.exceptions import StatementRefused

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_LINES: Final = 20_000
MOST_ON_AN_ACCOUNT: Final = 10**15
"""Minor units; above it something is wrong with the file."""
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T+\-Z].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One booking; money out is negative. `file_reference` is the payment file that it is of."""

    booked_on: date
    amount_minor: int
    reference: str = ""
    end_to_end_id: str = ""
    file_reference: str = ""
    name: str = ""
    counterparty: str = ""
    text: str = ""
    return_code: str = ""


@dataclass(frozen=True, slots=True)
class StatementDraft:
    """One statement of one account in one currency."""

    format: StatementFormat
    iban: str
    currency: str
    reference: str
    from_on: date
    to_on: date
    opening_minor: int
    closing_minor: int
    lines: Sequence[LineDraft]


def day_of(text: str, *, where: str) -> date:
    """An ISO day, or the day of an ISO moment. StatementRefused."""
    found = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise StatementRefused(f"{where}: “{text[:40]}” is no day such as 2026-11-23.") from None


def minor_in(text: str, currency: str, *, where: str) -> int:
    """Minor units of plain digits with a decimal point. StatementRefused."""
    try:
        minor = minor_of(Decimal(text), currency)
    except AmountError as error:
        raise StatementRefused(f"{where}: {error}") from error
    if abs(minor) > MOST_ON_AN_ACCOUNT:
        raise StatementRefused(f"{where}: {text[:40]} is out of range.")
    return minor


def refuse_unless_bookable(line: LineDraft, *, where: str) -> None:
    """StatementRefused for an amount that no document here can have."""
    if not 0 < abs(line.amount_minor) <= MAX_MINOR:
        raise StatementRefused(f"{where}: the amount is zero or out of range.")


def iban_of(text: str) -> str:
    """An account number in its one spelling, without spaces."""
    return "".join(text.split()).upper()


def words(text: str, length: int) -> str:
    """The text on one line, cut to the length."""
    return " ".join(text.split())[:length]
