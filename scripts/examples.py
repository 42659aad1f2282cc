"""Write docs/examples: one folder of files for each kind of document that the product makes.

They are made by the code that makes invoices, from the parties and tax cases of its tests; a test
checks that they are current.
"""

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from invoicing.documents.files import files_of  # noqa: E402
from invoicing.documents.model import (  # noqa: E402
    Document,
    Note,
    Party,
    Payment,
    Preceding,
    TypeCode,
)
from invoicing.documents.pdf import render_png  # noqa: E402
from invoicing.enums import FeeKind  # noqa: E402
from tests.invoicing.documents.cases import fee_of, made, with_contact  # noqa: E402
from tests.invoicing.documents.samples import lines_of  # noqa: E402

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "examples"
MANY = "Month %s: care of the collection, hosting, updates, one working day of changes"


def paid(invoice: Document) -> Document:
    """The same, settled before it was issued: nothing is due."""
    return replace(
        invoice,
        totals=replace(invoice.totals, paid=invoice.totals.gross, due=Decimal(0)),
        payment=Payment(means="97"),
    )


def german() -> Document:
    """Paid from held funds; a contact makes it a Peppol document."""
    return paid(with_contact(made("de-de", "3333.34", "450.00", number="K7QM-2026-00012")))


def credit_note() -> Document:
    """Part of the invoice above is taken back."""
    invoice = with_contact(made("de-de", "450.00", number="K7QMC-2026-00001"))
    return replace(
        invoice,
        type_code=TypeCode.CREDIT_NOTE,
        preceding=(Preceding(number="K7QM-2026-00012", issued_on=invoice.issued_on),),
        notes=(Note(text="Teil 2 wurde nicht wie vereinbart geliefert."),),
    )


def self_billed() -> Document:
    """The buyer writes the invoice himself, as both agreed."""
    return replace(
        made("fr-nl", "1250.00", number="B4YR-2026-00003"),
        type_code=TypeCode.SELF_BILLED,
        issued_by="",
    )


def fee_given_back() -> Document:
    """What the platform gives back of a fee, with the invoice that it corrects."""
    return fee_of(
        "fr",
        2500,
        kind=FeeKind.CREDIT,
        number="TRANCHEC-2026-00001",
        numbers=("H3WE-2026-00004",),
        corrects=(("TRANCHE-2026-00011", date(2026, 11, 1)),),
    )


def many_lines() -> Document:
    """A table over several pages, in scripts of half the world."""
    names = ("王小明", "山田太郎", "김철수", "Αθηνά", "Ёлка", "شركة الخليج", "קרן", "Łucja 🎉")
    named = made("gb-de", *["120.00"] * 34, number="9XKD-2026-00104")
    lines = tuple(
        replace(
            line,
            name=f"{names[position % len(names)]}: part {position + 1}",
            description=MANY % (position + 1),
        )
        for position, line in enumerate(named.lines)
    )
    return replace(named, lines=lines)


EXAMPLES = {
    "german-domestic": german,
    "french-domestic": lambda: made("fr-fr", "1250.00", number="H3WE-2026-00004"),
    "german-to-french-reverse-charge": lambda: made("de-fr", "3333.34", number="K7QM-2026-00013"),
    "us-to-us": lambda: made("us-us", "3333.34", currency="USD", number="W8NB-2026-00021"),
    "exempt-small-business": lambda: made("de-small", "980.00", number="C5TT-2026-00002"),
    "australian-gst": lambda: made("au-au", "2000.00", currency="AUD", number="M2FJ-2026-00009"),
    "credit-note": credit_note,
    "self-billed": self_billed,
    "platform-fee": lambda: fee_of("de", 10005, withdrawals=100),
    "platform-fee-given-back": fee_given_back,
    "without-legal-data": lambda: replace(
        made("us-us", "500.00", currency="USD", number="ZZ9P-2026-00001"),
        lines=lines_of("500.00", category=None, rate=None, name="Logo: first sketches"),
        taxes=(),
        seller=Party(legal_name="Grace Hopper"),
        buyer=Party(legal_name="Clara Commissioner"),
    ),
    "many-lines-and-scripts": many_lines,
}
PICTURED_PAGES = 2


def write(name: str, document: Document) -> None:
    """The files of one example, under the names that a download would give them."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    files = files_of(document)
    (folder / "invoice.pdf").write_bytes(files.pdf)
    for kind, content in (("ubl", files.ubl), ("cii", files.cii)):
        if content is not None:
            (folder / f"{kind}.xml").write_bytes(content)
    for number, picture in enumerate(render_png(document)[:PICTURED_PAGES], start=1):
        (folder / f"page-{number}.png").write_bytes(picture)


def main() -> None:
    for name, example in EXAMPLES.items():
        write(name, example())


if __name__ == "__main__":
    main()
