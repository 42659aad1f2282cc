"""Reading ISO 20022 camt.053 statements, versions 02, 04 and 08.

The file is text in UTF-8 before it reaches the parser, and a document type is refused, so no
entity is ever declared: nothing expands, and nothing outside is read.
"""

import re
from typing import Final
from xml.etree import ElementTree as ET

from wallets.enums import StatementFormat
from wallets.exceptions import StatementRefused
from wallets.providers.statements import (
    LineDraft,
    StatementDraft,
    day_of,
    iban_of,
    minor_in,
    refuse_unless_bookable,
    words,
)

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
VERSIONS: Final = ("02", "04", "08")
DEEPEST: Final = 40
MOST_ELEMENTS: Final = 300_000
OPENING: Final = ("OPBD", "PRCD")
CLOSING: Final = ("CLBD",)
NO_REFERENCE: Final = "NOTPROVIDED"
_AMOUNT: Final = re.compile(r"\d{1,18}(?:\.\d{1,5})?", re.ASCII)


class _Builder(ET.TreeBuilder):
    """A tree of tags without namespaces, of limited size, from a document of the right kind."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise StatementRefused("The file has a document type; bank statements have none.")

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            raise StatementRefused("The file is nested too deeply, or has too many parts.")
        space, _, name = tag.rpartition("}")
        if self._count == 1 and space not in [f"{{{NAMESPACE}{number}" for number in VERSIONS]:
            raise StatementRefused(
                f"This is no camt.053 statement of version {', '.join(VERSIONS)}."
            )
        return super().start(name, attrs)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def read_camt_053(content: bytes) -> list[StatementDraft]:
    """Every statement of the file. StatementRefused."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatementRefused("The XML is not written in UTF-8.") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise StatementRefused("The file has a document type; bank statements have none.")
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 - no document type, see above
    try:
        parser.feed(text)
        root = parser.close()
    except ET.ParseError as error:
        raise StatementRefused(f"This is no well-formed XML: {error}.") from error
    statements = [_statement(node) for node in root.iterfind("BkToCstmrStmt/Stmt")]
    if not statements:
        raise StatementRefused("There is no statement in the file.")
    return statements


def _statement(node: ET.Element) -> StatementDraft:
    number = _text(node, "Id")
    where = f"Statement {number or 'without a number'}"
    opening, closing = _balance(node, OPENING, where), _balance(node, CLOSING, where)
    opened, closed = _money(opening, where), _money(closing, where)
    if opened[1] != closed[1]:
        raise StatementRefused(f"{where}: the balances are of different currencies.")
    currency = opened[1]
    entries = [entry for entry in node.iterfind("Ntry") if _status(entry) == "BOOK"]
    lines = [
        line
        for position, entry in enumerate(entries, 1)
        for line in _lines(entry, currency, f"{where}, entry {position}")
    ]
    period = _text(node, "FrToDt/FrDtTm", "FrToDt/FrDt")
    from_on = day_of(period or _day_text(opening, "Dt"), where=where)
    to_on = day_of(_day_text(closing, "Dt"), where=where)
    return StatementDraft(
        format=StatementFormat.CAMT_053,
        iban=iban_of(_text(node, "Acct/Id/IBAN", "Acct/Id/Othr/Id")),
        currency=currency,
        reference=words(number, 60),
        from_on=min(from_on, to_on),
        to_on=to_on,
        opening_minor=opened[0],
        closing_minor=closed[0],
        lines=lines,
    )


def _balance(node: ET.Element, codes: tuple[str, ...], where: str) -> ET.Element:
    by_code = {_text(one, "Tp/CdOrPrtry/Cd"): one for one in node.iterfind("Bal")}
    for code in codes:
        if code in by_code:
            return by_code[code]
    raise StatementRefused(f"{where}: there is no balance {' or '.join(codes)}.")


def _lines(entry: ET.Element, currency: str, where: str) -> list[LineDraft]:
    """One line a transfer where the entry says what each was; else one for the entry."""
    total = _in_currency(entry, currency, where)
    details = entry.findall("NtryDtls/TxDtls")
    if len(details) > 1:
        amounts = [_part(one, entry, currency, where) for one in details]
        if sum(amounts) == total and all(amounts):
            parts = zip(details, amounts, strict=True)
            return [
                _line(entry, one, amount, f"{where}, part {number}", suffix=f"/{number}")
                for number, (one, amount) in enumerate(parts, 1)
            ]
    if total == 0:
        return []
    only = details[0] if len(details) == 1 else ET.Element("TxDtls")
    return [_line(entry, only, total, where)]


def _line(
    entry: ET.Element, details: ET.Element, amount: int, where: str, *, suffix: str = ""
) -> LineDraft:
    code = _text(details, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")
    role = "Cdtr" if amount < 0 or code else "Dbtr"
    party = f"RltdPties/{role}"
    reference = _text(entry, "AcctSvcrRef")
    texts = [found.text or "" for found in details.iterfind("RmtInf/Ustrd")]
    structured = _text(details, "RmtInf/Strd/CdtrRefInf/Ref")
    extra = _text(details, "AddtlTxInf") or _text(entry, "AddtlNtryInf")
    end_to_end = _text(details, "Refs/EndToEndId")
    line = LineDraft(
        booked_on=day_of(_day_text(entry, "BookgDt"), where=where),
        amount_minor=amount,
        reference=f"{reference}{suffix}" if reference else _text(details, "Refs/AcctSvcrRef"),
        end_to_end_id="" if end_to_end == NO_REFERENCE else words(end_to_end, 60),
        file_reference=words(
            _text(details, "Refs/PmtInfId") or _text(entry, "NtryDtls/Btch/PmtInfId"), 60
        ),
        name=words(_text(details, f"{party}/Nm", f"{party}/Pty/Nm"), 140),
        counterparty=iban_of(_text(details, f"{party}Acct/Id/IBAN", f"{party}Acct/Id/Othr/Id")),
        text=words(" ".join([*texts, structured]).strip() or extra, 500),
        return_code=words(code, 8),
    )
    refuse_unless_bookable(line, where=where)
    return line


def _part(details: ET.Element, entry: ET.Element, currency: str, where: str) -> int:
    """The amount of one transfer of an entry, 0 where it says none in the account's currency."""
    amount = details.find("Amt")
    if amount is None:
        amount = details.find("AmtDtls/TxAmt/Amt")
    if amount is None or amount.get("Ccy") != currency:
        return 0
    sign = _text(details, "CdtDbtInd") or _text(entry, "CdtDbtInd")
    return _signed(amount, sign, where)


def _in_currency(entry: ET.Element, currency: str, where: str) -> int:
    minor, own = _money(entry, where)
    if own != currency:
        raise StatementRefused(f"{where}: the entry is in {own}, the account in {currency}.")
    return minor


def _money(node: ET.Element, where: str) -> tuple[int, str]:
    """Signed minor units and currency of an element with Amt and CdtDbtInd."""
    amount = node.find("Amt")
    if amount is None:
        raise StatementRefused(f"{where}: there is no amount.")
    return _signed(amount, _text(node, "CdtDbtInd"), where), amount.get("Ccy", "")


def _signed(amount: ET.Element, sign: str, where: str) -> int:
    text = (amount.text or "").strip()
    if not _AMOUNT.fullmatch(text):
        raise StatementRefused(f"{where}: “{text[:40]}” is no amount.")
    if sign not in ("CRDT", "DBIT"):
        raise StatementRefused(f"{where}: it does not say whether money came or went.")
    minor = minor_in(text, amount.get("Ccy", ""), where=where)
    return minor if sign == "CRDT" else -minor


def _status(entry: ET.Element) -> str:
    return _text(entry, "Sts/Cd", "Sts")


def _day_text(node: ET.Element, path: str) -> str:
    return _text(node, f"{path}/Dt", f"{path}/DtTm")


def _text(node: ET.Element, *paths: str) -> str:
    """The text under the first path that has one."""
    for path in paths:
        if text := (node.findtext(path) or "").strip():
            return text
    return ""
