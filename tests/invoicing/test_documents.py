import os
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from djmoney.money import Money

from invoicing.documents import Snapshot, render_pdf, snapshot_of
from invoicing.documents.pdf import RenderedBeforeFork
from invoicing.models import InvoiceLine
from tests.builders import active_project, sent_invoice

HOSTILE = [
    '#panic("evaluated") *bold* _it_ $x^2$ @ref `raw` // comment',
    ']#panic("evaluated")[ <script>alert(1)</script> \\ \\u{1f600} \',")',
    "Acme \u202e00.000,1\u2066 \u200f Ltd",
    "日本語 עברית العربية हिन्दी ภาษาไทย Ελληνικά Кириллица Tiếng Việt 🎉",
    "line\nbreak\ttab\x07bell\x85next\u2028line\x7f",
    "\ud800 \ufffe \ue000",
    "W" * 300,
    "",
]


def party(**changes: str) -> Any:
    values = {
        "name": "Ada Lovelace",
        "legal_name": "Lovelace Engines Ltd",
        "street": "12 St James's Square",
        "postcode": "SW1Y 4JH",
        "city": "London",
        "region": "",
        "country": "United Kingdom",
        "vat_id": "GB123456789",
        "tax_number": "",
        "register_number": "",
        "iban": "",
    }
    return {**values, **changes}


def line(**changes: str) -> Any:
    values = {
        "description": "Museum web site: Part 1",
        "quantity": "1",
        "unit_price": "3,333.34",
        "amount": "3,333.34",
    }
    return {**values, **changes}


def snapshot(**changes: Any) -> Snapshot:
    values: Any = {
        "number": "K7QM-2026-00012",
        "issued_on": "2026-11-23",
        "due_on": "2026-11-30",
        "currency": "USD",
        "seller": party(),
        "buyer": party(legal_name="Museum of Slices Ltd", name="Museum of Slices"),
        "lines": [line()],
        "subtotal": "3,333.34",
        "tax": "0.00",
        "total": "3,333.34",
    }
    return {**values, **changes}


def objects_of(pdf: bytes) -> bytes:
    """The file with the streams that hold its objects laid open."""
    opened = [pdf]
    for packed in re.findall(rb"/ObjStm.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        opened.append(zlib.decompress(packed))
    return b"\n".join(opened)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", objects_of(pdf)))


def is_archival(pdf: bytes) -> bool:
    return b"pdfaid:part" in pdf and b"pdfuaid:part" in pdf


def test_a_document_is_one_archival_and_accessible_page():
    pdf = render_pdf(snapshot())

    assert pdf.startswith(b"%PDF-1.7")
    assert pages_of(pdf) == 1
    assert is_archival(pdf)
    assert len(pdf) < 60_000


def test_a_document_is_the_same_for_the_same_snapshot():
    assert render_pdf(snapshot()) == render_pdf(snapshot())


def test_a_document_is_the_same_from_any_thread():
    with ThreadPoolExecutor(4) as threads:
        documents = set(threads.map(render_pdf, [snapshot()] * 12))

    assert documents == {render_pdf(snapshot())}


def test_another_snapshot_gives_another_document():
    assert render_pdf(snapshot()) != render_pdf(snapshot(number="K7QM-2026-00013"))


def test_a_document_is_dated_by_its_issue():
    assert b"(D:20261123" in objects_of(render_pdf(snapshot()))


@pytest.mark.parametrize("written", HOSTILE)
def test_what_people_write_is_printed_and_never_evaluated(written):
    everywhere = dict.fromkeys(party(), written)

    pdf = render_pdf(
        snapshot(seller=everywhere, buyer=everywhere, lines=[line(description=written)] * 2)
    )

    assert pdf.startswith(b"%PDF-1.7")
    assert pages_of(pdf) <= 4


def test_marks_that_turn_the_direction_are_left_out():
    turned = snapshot(seller=party(legal_name="Acme \u202eLtd\u202c"))

    assert render_pdf(turned) == render_pdf(snapshot(seller=party(legal_name="Acme Ltd")))


def test_joiners_inside_words_are_kept():
    joined = snapshot(seller=party(legal_name="نامه\N{ZERO WIDTH NON-JOINER}ای"))

    assert render_pdf(joined) != render_pdf(snapshot(seller=party(legal_name="نامهای")))


@pytest.mark.parametrize("name", ["شركة الخليج", "חברת צפון", "हिन्दी", "กรุงเทพ", "Ёлка", "Œuvre"])
def test_scripts_of_the_shipped_fonts_stay_archival(name):
    assert is_archival(render_pdf(snapshot(buyer=party(legal_name=name))))


def test_a_character_without_a_glyph_costs_only_the_archival_mark():
    pdf = render_pdf(snapshot(buyer=party(legal_name="日本語")))

    assert not is_archival(pdf)
    assert b"/MarkInfo" in objects_of(pdf)


def test_fifty_lines_take_several_pages():
    pdf = render_pdf(snapshot(lines=[line(description=f"Task {n} " * 12) for n in range(50)]))

    assert 3 <= pages_of(pdf) <= 6


def test_rendering_is_refused_in_the_child_of_a_process_that_has_rendered():
    render_pdf(snapshot())
    child = os.fork()
    if child == 0:
        try:
            render_pdf(snapshot())
        except RenderedBeforeFork:
            os._exit(42)
        os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42


@pytest.mark.django_db
def test_a_snapshot_of_the_worked_example(commissioner, freelancer):
    freelancer.legal_name = "Fred's Studio GmbH"
    freelancer.street, freelancer.postcode, freelancer.city = "Torstraße 140", "10119", "Berlin"
    freelancer.country, freelancer.vat_id = "DE", "DE136695976"
    freelancer.save()
    invoice = sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))

    assert snapshot_of(invoice) == {
        "number": invoice.number,
        "issued_on": "2026-11-23",
        "due_on": "2026-11-30",
        "currency": "USD",
        "seller": {
            "name": "Fred Freelancer",
            "legal_name": "Fred's Studio GmbH",
            "street": "Torstraße 140",
            "postcode": "10119",
            "city": "Berlin",
            "region": "",
            "country": "Germany",
            "vat_id": "DE136695976",
            "tax_number": "",
            "register_number": "",
            "iban": "",
        },
        "buyer": {
            "name": "Clara Commissioner",
            "legal_name": "Clara Commissioner",
            "street": "",
            "postcode": "",
            "city": "",
            "region": "",
            "country": "",
            "vat_id": "",
            "tax_number": "",
            "register_number": "",
            "iban": "",
        },
        "lines": [
            {
                "description": "Museum web site: Part 1",
                "quantity": "1",
                "unit_price": "3,333.34",
                "amount": "3,333.34",
            }
        ],
        "subtotal": "3,333.34",
        "tax": "0.00",
        "total": "3,333.34",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "budget", "total", "tax"),
    [
        ("USD", "1234567.80", "1,234,567.80", "0.00"),
        ("JPY", "1234567", "1,234,567", "0"),
        ("KWD", "1234567.125", "1,234,567.125", "0.000"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency, budget, total, tax):
    invoice = sent_invoice(active_project(budget=budget, currency=currency, tasks=1))

    content = snapshot_of(invoice)

    assert (content["currency"], content["total"], content["tax"]) == (currency, total, tax)
    assert render_pdf(content).startswith(b"%PDF")


@pytest.mark.django_db
def test_a_document_ignores_what_changes_after_the_issue():
    invoice = sent_invoice()
    before = render_pdf(snapshot_of(invoice))
    invoice.seller.legal_name = "Another Name"
    invoice.seller.save()
    invoice.project.title = "Another title"

    invoice.refresh_from_db()

    assert render_pdf(snapshot_of(invoice)) == before


@pytest.mark.django_db
def test_a_document_says_nothing_of_the_fee():
    content = str(snapshot_of(sent_invoice()))

    assert "166.67" not in content
    assert "3,166.67" not in content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("quantity", "printed"),
    [("1.00", "1"), ("2.50", "2.5"), ("0.25", "0.25"), ("100.00", "100"), ("1200.00", "1,200")],
)
def test_quantities_are_printed_without_idle_zeros(quantity, printed):
    invoice = sent_invoice()
    extra = InvoiceLine(
        position=2,
        description="Extra",
        quantity=Decimal(quantity),
        unit_price=Money("1.00", "USD"),
        amount=Money("1.00", "USD"),
    )
    invoice._prefetched_objects_cache = {"lines": [extra, *invoice.lines.all()]}

    lines = snapshot_of(invoice)["lines"]

    assert [line["description"] for line in lines] == ["Museum web site: Part 1", "Extra"]
    assert lines[1]["quantity"] == printed
