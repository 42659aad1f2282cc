"""Dates, figures and titles of a document in the languages it is written in."""

from datetime import date
from decimal import Decimal
from typing import Final

from invoicing.documents.model import Document, Language, TypeCode
from invoicing.documents.wordings import ENGLISH, FRENCH, GERMAN, SPANISH, Wording

_WORDINGS: Final = {
    Language.ENGLISH: ENGLISH,
    Language.GERMAN: GERMAN,
    Language.FRENCH: FRENCH,
    Language.SPANISH: SPANISH,
}


TAX_INVOICES: Final = {
    ("AU", TypeCode.INVOICE): "Tax invoice",
    ("AU", TypeCode.SELF_BILLED): "Recipient created tax invoice",
    ("AU", TypeCode.CREDIT_NOTE): "Adjustment note",
    ("AU", TypeCode.SELF_BILLED_CREDIT_NOTE): "Recipient created adjustment note",
    ("IN", TypeCode.INVOICE): "Tax invoice",
    ("SG", TypeCode.INVOICE): "Tax invoice",
    ("ZA", TypeCode.INVOICE): "Tax invoice",
}
"""What Australia, India, Singapore and South Africa call an invoice with tax."""


VAT_LABELS: Final = {("CH", Language.GERMAN): "MWST-Nr.", ("LI", Language.GERMAN): "MWST-Nr."}
"""How a country calls its VAT numbers where the language's own word is a neighbour's."""


def vat_label(country: str, language: Language) -> str:
    """What a VAT number of that country is called."""
    return VAT_LABELS.get((country, language), wording_of(language).vat_id)


def wording_of(language: Language) -> Wording:
    """The words of a language."""
    return _WORDINGS[language]


def date_text(day: date, wording: Wording) -> str:
    """Such as 23 November 2026, 23. November 2026, 1er décembre 2026."""
    number = wording.first if day.day == 1 else str(day.day)
    return wording.date.format(day=number, month=wording.months[day.month - 1], year=day.year)


def amount_text(amount: Decimal, exponent: int, wording: Wording) -> str:
    """Digits in groups of three, with exactly that many decimals."""
    return _localised(f"{amount:,.{exponent}f}", wording)


def quantity_text(quantity: Decimal, wording: Wording) -> str:
    """1 for 1.00, 2.5 for 2.50, in the language's own marks."""
    written = f"{quantity:,f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return _localised(written, wording)


def percent_text(rate: Decimal, wording: Wording) -> str:
    """19%, 5,5 %."""
    return f"{quantity_text(rate, wording)}{wording.percent}"


def _localised(written: str, wording: Wording) -> str:
    marks = {",": wording.thousands, ".": wording.decimals, "-": "\N{MINUS SIGN}"}
    return "".join(marks.get(character, character) for character in written)


def title_of(document: Document) -> str:
    """The document's name, as the seller's country wants it."""
    title = wording_of(document.language).titles[document.type_code]
    if document.language is not Language.ENGLISH or not document.totals.tax:
        return title
    return TAX_INVOICES.get((document.seller.address.country, document.type_code), title)
