"""Reading a bank's statement from a table with our own columns, oldest booking first."""

import csv
import io
import re
from typing import Final

from wallets.enums import StatementFormat
from wallets.exceptions import StatementRefused
from wallets.providers.statements import (
    MOST_LINES,
    LineDraft,
    StatementDraft,
    day_of,
    iban_of,
    minor_in,
    refuse_unless_bookable,
    words,
)

COLUMNS: Final = (
    "account",
    "currency",
    "booked_on",
    "amount",
    "balance",
    "reference",
    "end_to_end_id",
    "name",
    "counterparty",
    "text",
    "return_code",
)
_AMOUNT: Final = re.compile(r"([+-]?)(\d{1,15})(?:[.,](\d{1,3}))?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
Row = dict[str, str]


def read_statement_csv(content: bytes) -> StatementDraft:
    """The one statement of the file, in UTF-8 or Latin-1, with `;` or `,`. StatementRefused."""
    rows = _rows(_decoded(content))
    account, currency = iban_of(rows[0]["account"]), rows[0]["currency"].strip()
    lines = []
    for number, row in enumerate(rows, 2):
        where = f"Line {number}"
        if (iban_of(row["account"]), row["currency"].strip()) != (account, currency):
            raise StatementRefused(f"{where}: a file is about one account in one currency.")
        lines.append(_line(row, currency, where))
    balances = [
        minor_in(_point(row["balance"], f"Line {number}"), currency, where=f"Line {number}")
        for number, row in enumerate(rows, 2)
    ]
    opening = balances[0] - lines[0].amount_minor
    before = opening
    for number, (line, balance) in enumerate(zip(lines, balances, strict=True), 2):
        if before + line.amount_minor != balance:
            raise StatementRefused(
                f"Line {number}: the balance does not follow from the line above; the oldest"
                " booking comes first, and none may be missing."
            )
        before = balance
    days = [line.booked_on for line in lines]
    return StatementDraft(
        format=StatementFormat.CSV,
        iban=account,
        currency=currency,
        reference="",
        from_on=min(days),
        to_on=max(days),
        opening_minor=opening,
        closing_minor=balances[-1],
        lines=lines,
    )


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if _CONTROL.search(text):
        raise StatementRefused("The file is no text in UTF-8 or Latin-1.")
    return text


def _rows(text: str) -> list[Row]:
    head = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True
    )
    try:
        heads, *rows = [row for row in reader if row] or [[]]
    except csv.Error as error:
        raise StatementRefused(f"Line {reader.line_num}: {error}.") from error
    heads = [head.strip() for head in heads]
    if sorted(heads) != sorted(COLUMNS):
        raise StatementRefused(f"The first line must name these columns: {', '.join(COLUMNS)}.")
    if not 0 < len(rows) <= MOST_LINES:
        raise StatementRefused(f"A file has one to {MOST_LINES} bookings.")
    for number, row in enumerate(rows, 2):
        if len(row) != len(heads):
            raise StatementRefused(f"Line {number}: {len(heads)} fields are needed.")
    return [dict(zip(heads, row, strict=True)) for row in rows]


def _line(row: Row, currency: str, where: str) -> LineDraft:
    reference = words(row["reference"], 81)
    if not 0 < len(reference) <= 80:
        raise StatementRefused(f"{where}: the bank's reference has 1 to 80 characters.")
    line = LineDraft(
        booked_on=day_of(row["booked_on"].strip(), where=where),
        amount_minor=minor_in(_point(row["amount"], where), currency, where=where),
        reference=reference,
        end_to_end_id=words(row["end_to_end_id"], 60),
        name=words(row["name"], 140),
        counterparty=iban_of(row["counterparty"]),
        text=words(row["text"], 500),
        return_code=words(row["return_code"], 8),
    )
    refuse_unless_bookable(line, where=where)
    return line


def _point(text: str, where: str) -> str:
    """The amount with a decimal point. Thousands are never marked, so nothing is ambiguous."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise StatementRefused(
            f"{where}: write “{text[:40]}” as plain digits, such as -1250.00 or -1250,00."
        )
    return f"{found[1]}{found[2]}.{found[3] or '0'}"
