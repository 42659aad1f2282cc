"""What the page of a document prints: words and figures in its language, ready to be set."""

from decimal import Decimal
from typing import Final, TypedDict

from invoicing.documents.language import (
    amount_text,
    date_text,
    percent_text,
    quantity_text,
    title_of,
    vat_label,
    wording_of,
)
from invoicing.documents.model import Address, Document, Identifier, Line, Party, Tax
from invoicing.documents.places import country_name
from invoicing.documents.text import notes_of
from invoicing.documents.wordings import Wording


class Fact(TypedDict):
    """A figure or number with its label."""

    label: str
    value: str


class PartyBlock(TypedDict):
    """A party as it is addressed, and the numbers by which the law knows it."""

    label: str
    name: str
    address: list[str]
    numbers: list[Fact]


class Row(TypedDict):
    """One line of the document."""

    name: str
    description: str
    quantity: str
    unit_price: str
    tax: str
    amount: str


class Page(TypedDict):
    """Everything that is printed, as text; `issued_on` and `language` only mark the file.

    `issuer` is whose logo it is, for who cannot see it.
    """

    language: str
    issued_on: str
    issuer: str
    title: str
    number: str
    subject: str
    corrections: list[str]
    summary: list[Fact]
    seller: PartyBlock
    buyer: PartyBlock
    facts: list[Fact]
    columns: list[str]
    rows: list[Row]
    sums: list[Fact]
    total: Fact
    settled: list[Fact]
    legends: list[str]
    payment_label: str
    payment: list[str]
    notes_label: str
    notes: list[str]
    footer: str
    page_of: str


TAX_NAMES: Final = {
    "AU": "GST",
    "CA": "GST/HST",
    "CH": "MWST",
    "IN": "GST",
    "NZ": "GST",
    "SG": "GST",
    "US": "Tax",
}
"""What the tax is called where the language's own word would be wrong."""

REGISTERS: Final = {
    "0002": "SIREN",
    "0009": "SIRET",
    "0088": "GLN",
    "0106": "KvK",
    "0151": "ABN",
    "0183": "UID",
    "0184": "CVR",
    "0190": "OIN",
    "0199": "LEI",
}
TAX_NUMBERS: Final = {
    "AU": "ABN",
    "CA": "BN",
    "IN": "GSTIN",
    "NZ": "GST",
    "SG": "GST Reg. No.",
    "US": "Tax ID",
}
_BEFORE_CITY: Final = """
AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IS IT LI LT LU LV MC MT MX NL NO PL PT RO RS SE SI SK TR
"""
BEFORE_CITY: Final = frozenset(_BEFORE_CITY.split())
"""Countries whose addresses have the postcode before the town."""


def page_of(document: Document) -> Page:
    """The page, with what people wrote as they wrote it."""
    wording = wording_of(document.language)
    title = title_of(document)
    issuer = document.buyer if document.type_code.is_self_billed else document.seller
    issued_by, notes = _split_notes(document, issuer)
    return {
        "language": str(document.language),
        "issued_on": document.issued_on.isoformat(),
        "issuer": issuer.legal_name,
        "title": title,
        "number": document.number,
        "subject": f"{title} {document.number}: {document.seller.legal_name}, {document.buyer.legal_name}",
        "corrections": _corrections(document, wording),
        "summary": _summary(document, wording),
        "seller": _party(document.seller, wording.seller, document),
        "buyer": _party(document.buyer, wording.buyer, document),
        "facts": _facts(document, wording),
        "columns": _columns(document, wording),
        "rows": [_row(line, document, wording) for line in document.lines],
        "sums": _sums(document, wording),
        "total": {"label": wording.total, "value": _money(document.totals.gross, document)},
        "settled": _settled(document, wording),
        "legends": [_legend(row) for row in document.taxes if row.reason],
        "payment_label": wording.payment,
        "payment": _payment(document, wording),
        "notes_label": wording.notes,
        "notes": notes,
        "footer": issued_by,
        "page_of": wording.page,
    }


def _amount(amount: Decimal, document: Document) -> str:
    return amount_text(amount, document.exponent, wording_of(document.language))


def _money(amount: Decimal, document: Document) -> str:
    return f"{_amount(amount, document)} {document.currency}"


def _split_notes(document: Document, issuer: Party) -> tuple[str, list[str]]:
    """Who issued the document, which stands at the foot of each page, and the notes."""
    notes = [note.text for note in notes_of(document)]
    if document.issued_by:
        return notes[0], notes[1:]
    return issuer.legal_name, notes


def _summary(document: Document, wording: Wording) -> list[Fact]:
    totals = document.totals
    facts: list[Fact] = [{"label": wording.issued, "value": date_text(document.issued_on, wording)}]
    if totals.due and document.due_on and not document.type_code.is_credit:
        facts.append({"label": wording.due, "value": date_text(document.due_on, wording)})
    else:
        facts.append(_supply(document, wording))
    is_due = totals.due and not document.type_code.is_credit
    label = wording.total_due if is_due else wording.total
    facts.append(
        {"label": label, "value": _money(totals.due if is_due else totals.gross, document)}
    )
    return facts


def _supply(document: Document, wording: Wording) -> Fact:
    return {"label": wording.delivered, "value": date_text(document.delivered_on, wording)}


def _party(party: Party, label: str, document: Document) -> PartyBlock:
    wording = wording_of(document.language)
    address = _address(party.address, document)
    if party.trading_name and party.trading_name != party.legal_name:
        address.insert(0, wording.trading_as.format(name=party.trading_name))
    return {
        "label": label,
        "name": party.legal_name,
        "address": [*address, *([party.legal_info] if party.legal_info else [])],
        "numbers": _numbers(party, document),
    }


def _address(address: Address, document: Document) -> list[str]:
    """The lines of an address in the order of its country."""
    town = [address.postcode, address.city]
    if address.country not in BEFORE_CITY:
        town = [address.city, address.region, address.postcode]
    lines = [address.street, address.street_2, " ".join(part for part in town if part)]
    if address.country in BEFORE_CITY:
        lines.append(address.region)
    return [line for line in [*lines, country_name(address.country, document.language)] if line]


def _numbers(party: Party, document: Document) -> list[Fact]:
    country, wording = party.address.country, wording_of(document.language)
    numbers: list[Fact] = []
    if party.vat_id:
        label = vat_label(country, document.language)
        numbers.append({"label": label, "value": party.vat_id})
    if party.tax_number:
        label = TAX_NUMBERS.get(country, wording.tax_number)
        numbers.append({"label": label, "value": party.tax_number})
    if party.registration and party.registration.value != party.tax_number:
        label = REGISTERS.get(party.registration.scheme, wording.registration)
        numbers.append({"label": label, "value": party.registration.value})
    numbers.extend(_identifier(one, wording) for one in party.identifiers)
    if party.contact:
        told = (party.contact.name, party.contact.phone, party.contact.email)
        numbers.append({"label": wording.contact, "value": ", ".join(filter(None, told))})
    return numbers


def _identifier(identifier: Identifier, wording: Wording) -> Fact:
    label = REGISTERS.get(identifier.scheme, wording.identifier)
    return {"label": label, "value": identifier.value}


def _facts(document: Document, wording: Wording) -> list[Fact]:
    facts: list[Fact] = []
    if document.due_on and document.totals.due and not document.type_code.is_credit:
        facts.append(_supply(document, wording))
    if document.period:
        days = {
            "start": _unbroken(date_text(document.period.start, wording)),
            "end": _unbroken(date_text(document.period.end, wording)),
        }
        facts.append({"label": wording.period, "value": wording.period_of.format(**days)})
    references = document.references
    named = (
        (wording.buyer_reference, references.buyer),
        (wording.order, references.order),
        (wording.contract, references.contract),
        (wording.project, references.project),
    )
    facts.extend({"label": label, "value": value} for label, value in named if value)
    return facts


def _unbroken(words: str) -> str:
    """On one line."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def _corrections(document: Document, wording: Wording) -> list[str]:
    return [
        wording.corrects.format(number=former.number, date=date_text(former.issued_on, wording))
        for former in document.preceding
    ]


def _columns(document: Document, wording: Wording) -> list[str]:
    tax = [_tax_name(document, wording)] if document.has_tax else []
    return [
        wording.description,
        wording.quantity,
        wording.unit_price,
        *tax,
        wording.amount.format(currency=document.currency),
    ]


def _tax_name(document: Document, wording: Wording) -> str:
    named = {row.name for row in document.taxes if row.name}
    if len(named) == 1:
        return named.pop()
    return TAX_NAMES.get(document.seller.address.country, wording.tax)


def _row(line: Line, document: Document, wording: Wording) -> Row:
    unit = wording.units.get(line.unit, line.unit)
    return {
        "name": line.name,
        "description": line.description if line.description != line.name else "",
        "quantity": f"{quantity_text(line.quantity, wording)} {unit}".strip(),
        "unit_price": _price(line.unit_price, document, wording),
        "tax": _rate(line.rate, wording),
        "amount": _amount(line.amount, document),
    }


def _price(price: Decimal, document: Document, wording: Wording) -> str:
    """With the decimals that it has, and no fewer than the currency."""
    decimals = len(f"{price:.4f}".rstrip("0").partition(".")[2])
    return amount_text(price, max(decimals, document.exponent), wording)


def _rate(rate: Decimal | None, wording: Wording) -> str:
    return "\N{EN DASH}" if rate is None else percent_text(rate, wording)


def _sums(document: Document, wording: Wording) -> list[Fact]:
    if not document.has_tax:
        return []
    totals = document.totals
    sums: list[Fact] = [{"label": wording.subtotal, "value": _amount(totals.net, document)}]
    sums.extend(_tax(row, document, wording) for row in document.taxes)
    local = document.local_tax
    if local:
        label = wording.local_tax.format(tax=_tax_name(document, wording), currency=local.currency)
        sums.append({"label": label, "value": amount_text(local.amount, local.exponent, wording)})
    return sums


def _tax(row: Tax, document: Document, wording: Wording) -> Fact:
    name = row.name or _tax_name(document, wording)
    if row.rate is None:
        return {"label": name, "value": _amount(row.amount, document)}
    label = wording.tax_on.format(
        tax=name, rate=percent_text(row.rate, wording), base=_amount(row.base, document)
    )
    return {"label": label, "value": _amount(row.amount, document)}


def _settled(document: Document, wording: Wording) -> list[Fact]:
    """What was paid before the issue and what is still due; nothing when nothing was paid."""
    totals = document.totals
    if not totals.paid:
        return []
    rounding: list[Fact] = []
    if totals.rounding:
        rounding = [{"label": wording.rounding, "value": _amount(totals.rounding, document)}]
    return [
        *rounding,
        {"label": wording.paid, "value": _amount(totals.paid, document)},
        {"label": wording.total_due, "value": _money(totals.due, document)},
    ]


def _legend(row: Tax) -> str:
    return f"{row.reason} ({row.reason_code})" if row.reason_code else row.reason


def _payment(document: Document, wording: Wording) -> list[str]:
    totals = document.totals
    lines = []
    if document.type_code.is_credit:
        lines.append(wording.credited.format(amount=_money(totals.gross, document)))
    elif not totals.due:
        lines.append(wording.already_paid)
    else:
        lines.append(_request(document, wording))
        lines.append(wording.pay_reference.format(number=document.number))
    payment = document.payment
    if payment is not None:
        named = (("IBAN", payment.iban), ("BIC", payment.bic))
        lines.extend(f"{label} {value}" for label, value in named if value)
        lines.extend(text for text in (payment.account_name, payment.text, payment.terms) if text)
    return lines


def _request(document: Document, wording: Wording) -> str:
    amount = _money(document.totals.due, document)
    if document.due_on is None:
        return wording.pay_terms.format(amount=amount)
    return wording.pay.format(amount=amount, date=date_text(document.due_on, wording))
