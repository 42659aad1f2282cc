"""Write docs/examples: one folder of files for each kind of document that the product makes.

They are made by the code that makes invoices, from the parties and tax cases of its tests: most from
plain values, those of ISSUED through the services and a database. A test checks that they are current.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from invoicing.documents.files import Files, files_of  # noqa: E402
from invoicing.documents.model import Document, Party, Payment  # noqa: E402
from invoicing.documents.pdf import render_png  # noqa: E402
from invoicing.documents.stored import from_json  # noqa: E402
from tests.invoicing.documents.cases import made, with_contact  # noqa: E402
from tests.invoicing.documents.issued import ISSUED  # noqa: E402
from tests.invoicing.documents.samples import lines_of  # noqa: E402
from tests.template import template  # noqa: E402

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


def write(name: str, files: Files) -> None:
    """The files of one example, under the names that a download would give them."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / "invoice.pdf").write_bytes(files.pdf)
    for kind, content in (("ubl", files.ubl), ("cii", files.cii)):
        if content is not None:
            (folder / f"{kind}.xml").write_bytes(content)
    pictures = render_png(from_json(files.data))
    for number, picture in enumerate(pictures[:PICTURED_PAGES], start=1):
        (folder / f"page-{number}.png").write_bytes(picture)


@contextmanager
def database() -> Iterator[None]:
    """A database of one's own, for what the services issue."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template()
    made_here = setup_databases(verbosity=0, interactive=False, time_keeper=None)
    yield
    teardown_databases(made_here, verbosity=0)


def main() -> None:
    for name, example in EXAMPLES.items():
        write(name, files_of(example()))
    with database():
        for name, issue in ISSUED.items():
            with transaction.atomic():
                write(name, issue())
                transaction.set_rollback(True)


if __name__ == "__main__":
    main()
