import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pikepdf
import pytest
from PIL import Image
from pypdf import PdfReader

from common.images import plain_picture
from invoicing.documents.glyphs import printable
from invoicing.documents.model import Address, Language, Note, Party
from invoicing.documents.pdf import RenderedBeforeFork, render_pdf, render_png
from invoicing.documents.xml import cii_of
from tests.invoicing.documents.samples import GERMAN_SELLER, credited, document, lines_of

HOSTILE = [
    '#panic("evaluated") *bold* _it_ $x^2$ @ref `raw` // comment',
    ']#panic("evaluated")[ <script>alert(1)</script> \\ \\u{1f600} \',")',
    "Acme \u202e00.000,1\u2066 \u200f Ltd",
    "日本語 עברית العربية हिन्दी ภาษาไทย Ελληνικά Кириллица Tiếng Việt 🎉",
    "line\nbreak\ttab\x07bell\x85next\u2028line\x7f",
    "\ud800 \ufffe \ue000",
    "ক্ষ ខ្មែរ བོད་ ‎ y\u0331\u20d7 क\u0301 \u0301alone",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪1️⃣👍🏽",
    "{{ None }} %s {} ${x}",
    "W" * 300,
    "",
]
SCRIPTS = [
    "شركة الخليج",
    "חברת צפון",
    "हिन्दी",
    "กรุงเทพ",
    "Ёлка",
    "Œuvre",
    "Αθήνα",
    "日本語",
    "서울",
    "上海",
]


def factur_x(**changes):
    made = document(**changes)
    return render_pdf(made, cii=cii_of(made))


def text_of(pdf):
    return " ".join(
        "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split()
    )


def metadata_of(opened):
    return opened.Root.Metadata.read_bytes().decode()


def test_a_document_is_an_archival_and_accessible_factur_x_file():
    made = document()
    pdf = render_pdf(made, cii=cii_of(made))

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        metadata = metadata_of(opened)
        [attached] = opened.Root.AF
        stream = attached.EF.F
        [intent] = opened.Root.OutputIntents

        assert len(opened.pages) == 1
        assert "<pdfaid:part>3</pdfaid:part>" in metadata
        assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
        assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
        assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in metadata
        assert "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>" in metadata
        assert metadata.count("<pdfaSchema:prefix>fx</pdfaSchema:prefix>") == 1
        assert attached.AFRelationship == "/Alternative"
        assert (attached.F, attached.UF) == ("factur-x.xml", "factur-x.xml")
        assert stream.Subtype == "/text/xml"
        assert stream.Params.ModDate is not None
        assert stream.read_bytes() == cii_of(made)
        assert opened.Root.Names.EmbeddedFiles.Names[0] == "factur-x.xml"
        assert intent.DestOutputProfile.N == 3
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.Lang == "en"
        assert "/ID" in opened.trailer
        assert not opened.is_encrypted
    assert pdf.startswith(b"%PDF-1.7")
    assert len(pdf) < 70_000


def test_every_font_is_embedded():
    with pikepdf.open(io.BytesIO(factur_x(notes=(Note(text=" ".join(SCRIPTS)),)))) as opened:
        described = [one for one in opened.objects if isinstance(one, pikepdf.Dictionary)]
        fonts = [one for one in described if one.get("/Type") == "/FontDescriptor"]

    assert len(fonts) >= 6
    assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)


def test_without_legal_data_it_is_a_page_only():
    pdf = render_pdf(document(category=None, rate=None), cii=None)

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert "/AF" not in opened.Root
        assert "factur-x" not in metadata_of(opened)
        assert "pdfaid:part" in metadata_of(opened)


def test_a_document_is_the_same_for_the_same_data():
    assert factur_x() == factur_x()
    assert factur_x() != factur_x(number="K7QM-2026-00013")


def test_a_document_is_the_same_from_any_thread():
    with ThreadPoolExecutor(4) as threads:
        documents = set(threads.map(lambda _: factur_x(), range(12)))

    assert documents == {factur_x()}


def test_a_document_is_dated_by_its_issue():
    with pikepdf.open(io.BytesIO(factur_x())) as opened:
        assert str(opened.docinfo.CreationDate).startswith("D:20261123")
        assert opened.docinfo.Title == "Invoice K7QM-2026-00012"


@pytest.mark.parametrize("written", HOSTILE)
def test_what_people_write_is_printed_and_never_evaluated(written):
    party = Party(
        legal_name=written,
        trading_name=written + "!",
        address=Address(street=written, street_2=written, city=written, country="DE"),
        legal_info=written,
        vat_id=written,
    )
    lines = lines_of("1.00", "2.00", category=None, rate=None, name=written, description=written)

    pdf = render_pdf(
        document(
            seller=party, buyer=party, lines=lines, notes=(Note(text=written),), issued_by=written
        ),
        cii=None,
    )

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) <= 4
        assert "pdfaid:part" in metadata_of(opened)


def test_marks_that_turn_the_direction_are_left_out():
    turned = replace(GERMAN_SELLER, legal_name="Acme \u202eLtd\u202c")
    plain = replace(GERMAN_SELLER, legal_name="Acme Ltd")

    assert factur_x(seller=turned) == factur_x(seller=plain)


def test_joiners_inside_words_are_kept():
    joined = replace(GERMAN_SELLER, legal_name="نامه\N{ZERO WIDTH NON-JOINER}ای")
    plain = replace(GERMAN_SELLER, legal_name="نامهای")

    assert factur_x(seller=joined) != factur_x(seller=plain)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_shipped_fonts_print_the_scripts_of_the_world(name):
    text = text_of(factur_x(seller=replace(GERMAN_SELLER, trading_name="", legal_name=name)))

    assert "□" not in text


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Launch 🎉 party 👩‍👩‍👧!", "Launch party!"),
        ("🎉 Launch", "Launch"),
        ("one 🎉\ntwo", "one\ntwo"),
        ("🎉🇩🇪", "□"),
        ("", ""),
    ],
)
def test_emoji_are_left_out_of_the_page(written, printed):
    assert printable(written) == printed


def test_a_letter_without_a_glyph_becomes_a_box_on_the_page_alone():
    written = "Party 🎉👩‍👩‍👧 ខ្មែ"
    made = document(seller=replace(GERMAN_SELLER, legal_name=written))
    cii = cii_of(made)

    text = text_of(render_pdf(made, cii=cii))

    assert "Party □□□□" in text
    assert written in cii.decode()


def test_sixty_lines_take_several_pages_with_their_heads():
    lines = lines_of(*["1.00"] * 60, category=None, rate=None, description="What was done. " * 9)

    pages = PdfReader(io.BytesIO(render_pdf(document(lines=lines), cii=None))).pages

    assert 4 <= len(pages) <= 8
    for number, page in enumerate(pages[1:-1], start=2):
        text = " ".join(page.extract_text().split())
        assert f"Page {number} of {len(pages)}" in text
        assert "DESCRIPTION QUANTITY" in text.upper()
        assert "K7QM-2026-00012" in text


@pytest.mark.parametrize("language", Language)
def test_each_language_has_a_page(language):
    invoice = document(language=language)

    for made in (invoice, credited(invoice)):
        with pikepdf.open(io.BytesIO(render_pdf(made, cii=cii_of(made)))) as opened:
            assert opened.Root.Lang == language.value


def test_a_picture_is_made_of_each_page():
    assert [picture[1:4] for picture in render_png(document())] == [b"PNG"]


def test_rendering_is_refused_in_the_child_of_a_process_that_has_rendered():
    factur_x()
    child = os.fork()
    if child == 0:
        try:
            factur_x()
        except RenderedBeforeFork:
            os._exit(42)
        os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42


def pages_with(lines):
    """The text of each page of an invoice of so many lines."""
    many = lines_of(*["1.00"] * lines, category=None, rate=None, name="Work package")
    pages = PdfReader(io.BytesIO(render_pdf(document(lines=many), cii=None))).pages
    return [page.extract_text() for page in pages]


@pytest.mark.parametrize("lines", [1, 2, 12, 13, 14, 15, 16, 17, 40, 41])
def test_the_total_never_stands_without_the_last_lines(lines):
    [page] = [text for text in pages_with(lines) if f"{lines}.00 EUR" in text and "Payment" in text]

    assert page.count("Work package") >= min(2, lines)
    assert page.upper().count("DESCRIPTION") == 1


@pytest.mark.parametrize(
    ("size", "width"),
    [
        ((1200, 160), 62),
        ((400, 400), 16),
        ((200, 900), 16 * 2 / 9),
        ((24, 12), 6.35),
        ((900, 300), 48),
    ],
    ids=["wide", "square", "tall", "tiny", "usual"],
)
def test_a_logo_begins_at_the_margin_and_is_not_blown_up(size, width):
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, "PNG")
    logo = plain_picture(written.getvalue(), width=900, height=300).content

    with pikepdf.open(io.BytesIO(render_pdf(document(), cii=None, logo=logo))) as opened:
        drawn = pikepdf.unparse_content_stream(pikepdf.parse_content_stream(opened.pages[0]))

    assert _placed(drawn.decode()) == pytest.approx((20.0, width), abs=0.3)


def _placed(drawn):
    """Where the picture begins from the left, and how wide it is, in millimetres."""
    wide, _, _, _, left, _ = map(float, re.search(r"([\d. -]+) cm\n/x0 Do", drawn)[1].split())
    return left / 72 * 25.4, wide / 72 * 25.4
