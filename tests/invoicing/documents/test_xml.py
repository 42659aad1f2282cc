import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from facturx.parse_xml import parse_ubl_cii_xml
from lxml import etree
from pypdf import PdfReader

from invoicing.documents.model import Category, Language, Line, LocalTax, Payment, Tax, TypeCode
from invoicing.documents.page import page_of
from invoicing.documents.pdf import render_pdf
from invoicing.documents.profiles import PEPPOL, PLAIN, SELF_BILLING, profile_of
from invoicing.documents.xml import cii_of, ubl_of
from tests.invoicing.documents.cases import (
    DE,
    PAIRS,
    fee_documents,
    fee_of,
    kinds_of,
    made,
    special_documents,
    with_contact,
)
from tests.invoicing.documents.samples import document

PROFILE_TERMS = {"BT-11-0", "BT-23", "BT-24"}
KINDS = ["invoice", "credit", "selfbilled", "selfcredit", "paid", "fee"]
LEAKS = re.compile(
    r"\bNone\b|\{\{|\}\}|\{[a-z_]*\}|\bnan\b|Decimal|Traceback|<[a-z]+>", re.IGNORECASE
)


def terms(xml):
    """The business terms of a file, read by the library's own reader."""
    read = parse_ubl_cii_xml(xml, check_xsd=False)
    return {term: value for term, value in read.items() if term not in PROFILE_TERMS}


def text_of(pdf):
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize("pair", PAIRS)
def test_both_files_say_the_same_term_by_term(pair):
    for kind, one in kinds_of(made(pair)).items():
        assert terms(cii_of(one)) == terms(ubl_of(one)), kind


@pytest.mark.parametrize("name", list(special_documents()))
def test_both_files_of_special_documents_say_the_same(name):
    one = special_documents()[name]

    assert terms(cii_of(one)) == terms(ubl_of(one))


def test_both_files_of_fees_say_the_same():
    for name, one in fee_documents().items():
        assert terms(cii_of(one)) == terms(ubl_of(one)), name


def test_a_fee_invoice_names_the_account_that_it_is_for():
    """Peppol wants a reference of the buyer (R003)."""
    one = fee_of("de", 10005)

    assert terms(ubl_of(one))["BT-10"] == terms(cii_of(one))["BT-10"] == DE["id"]
    assert f"Ihre Referenz {DE['id']}" in " ".join(
        text_of(render_pdf(one, cii=cii_of(one))).split()
    )


def test_a_contact_of_the_seller_is_in_both_files():
    """Germany wants one (DE-R-002 to DE-R-007)."""
    one = with_contact(made("de-de"))
    of_ubl, of_cii = (etree.fromstring(make(one)) for make in (ubl_of, cii_of))

    seller = of_ubl.find(".//{*}AccountingSupplierParty//{*}Contact")
    told = of_cii.find(".//{*}SellerTradeParty/{*}DefinedTradeContact")

    expected = ["Ada Lovelace", "+49 30 1234567", "ada@lovelace.example"]
    assert [
        seller.findtext(f"{{*}}{n}") for n in ("Name", "Telephone", "ElectronicMail")
    ] == expected
    assert ["".join(part.itertext()).strip() for part in told] == expected


def test_a_fee_invoice_to_an_authority_has_the_number_that_it_routes_by():
    routed = {"electronic_address": "04011000-12345-03", "electronic_address_scheme": "0204"}
    one = fee_of("de", 10005, buyer={**DE, **routed, "tax_status": "", "iban": ""})

    assert terms(ubl_of(one))["BT-10"] == "04011000-12345-03"


def test_a_fee_that_no_basis_reaches_names_its_rounding():
    one = fee_of("de", 10005, currency="USD")
    read = terms(ubl_of(one))

    assert [
        read[term] for term in ("BT-109", "BT-110", "BT-112", "BT-113", "BT-114", "BT-115")
    ] == ["84.08", "15.98", "100.06", "100.05", "-0.01", "0.00"]
    assert b'<cbc:PayableRoundingAmount currencyID="USD">-0.01<' in ubl_of(one)
    text = text_of(render_pdf(one, cii=cii_of(one)))
    for words in ("Rundung", "\N{MINUS SIGN}0,01", "100,06 USD", "100,05", "0,00 USD"):
        assert words in text


def test_the_terms_of_the_worked_example():
    read = terms(cii_of(made("de-fr", "3333.34")))

    assert read["BT-1"] == "K7QM-2026-00012"
    assert read["BT-3"] == "380"
    assert (read["BT-10"], read["BT-13"]) == ("prj_4b1d9c2e", "mst_9c2e4b1d")
    assert read["BT-72"].isoformat() == "2026-11-22"
    assert read["BG-4"]["vat_identifier"] == "DE136695976"
    assert read["BG-7"]["vat_identifier"] == "FR83404833048"
    assert [read[term] for term in ("BT-106", "BT-109", "BT-110", "BT-112", "BT-115")] == [
        "3333.34",
        "3333.34",
        "0.00",
        "3333.34",
        "3333.34",
    ]
    [row] = read["BG-23"]
    assert row["BT-118"] == "AE"
    assert row["BT-121"] == "VATEX-EU-AE"
    assert row["BT-120"].startswith("Autoliquidation. Reverse charge")
    [note] = read["BG-1"]
    assert "Tranche" in note["BT-22"]
    assert "au nom et pour le compte de Lovelace Engines GmbH" in note["BT-22"]


def check_page(one):
    """The page has every number, name, line and amount that the files have, and nothing of us."""
    text = text_of(render_pdf(one, cii=cii_of(one)))
    read = terms(cii_of(one))
    squeezed = _squeezed(text)

    for number in (read["BT-1"], read["BG-4"]["name"], read["BG-7"]["name"]):
        assert _squeezed(number) in squeezed
    for term in ("BT-109", "BT-110", "BT-112", "BT-113", "BT-115"):
        if Decimal(read.get(term) or 0):
            assert _squeezed(read[term]) in squeezed
    for party in (read["BG-4"], read["BG-7"]):
        for number in ("vat_identifier", "tax_identifier", "legal_identifier", "postcode"):
            assert (party.get(number) or "").replace(" ", "") in squeezed
    for line in read["BG-25"]:
        for term in ("BT-153", "BT-131", "BT-129"):
            assert _squeezed(line[term]) in squeezed
        assert _squeezed(_exact(line["BT-146"], one.exponent)) in squeezed
    for row in read["BG-23"]:
        assert _squeezed(row.get("BT-120") or "") in squeezed
        assert (row.get("BT-121") or "") in squeezed
    for former in read.get("BG-3") or []:
        assert former["BT-25"] in squeezed
    assert LEAKS.findall(text.replace("<of all>", "")) == []


def _squeezed(text):
    return re.sub(r"[\s.,\u202f\u2019]", "", str(text))


def _exact(price, exponent):
    """A price as the page has it: its decimals, and no fewer than the currency's."""
    plain = f"{Decimal(price).normalize():f}"
    decimals = max(exponent, len(plain.partition(".")[2]))
    return f"{Decimal(price):.{decimals}f}"


@pytest.mark.parametrize(
    ("pair", "language", "seller", "buyer"),
    [
        (
            "ch-ch",
            Language.GERMAN,
            "MWST-Nr. CHE107787577MWST",
            "MWST-Nr. CHE107787577MWST",
        ),
        ("ch-de", Language.GERMAN, "MWST-Nr. CHE107787577MWST", "USt-IdNr. DE129274202"),
        ("ch-ch", Language.FRENCH, "N° TVA CHE107787577MWST", "N° TVA CHE107787577MWST"),
    ],
)
def test_a_vat_number_is_called_as_its_country_does(pair, language, seller, buyer):
    page = page_of(replace(made(pair), language=language))

    numbers = [
        [f"{fact['label']} {fact['value']}" for fact in party["numbers"]]
        for party in (page["seller"], page["buyer"])
    ]
    assert numbers == [[seller], [buyer]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pair", PAIRS)
def test_the_page_says_what_the_files_say(pair, kind):
    check_page(kinds_of(made(pair))[kind])


@pytest.mark.parametrize("pair", PAIRS)
def test_files_leak_nothing_of_the_program(pair):
    for one in kinds_of(made(pair)).values():
        for xml in (cii_of(one), ubl_of(one)):
            words = " ".join(etree.fromstring(xml).itertext())
            assert LEAKS.findall(words) == []
            assert [node.tag for node in etree.fromstring(xml).iter() if _is_empty(node)] == []


def _is_empty(node):
    return not len(node) and not (node.text or "").strip()


def test_the_same_document_gives_the_same_files():
    assert ubl_of(document()) == ubl_of(document())
    assert cii_of(document()) == cii_of(document())


def test_yen_are_written_without_decimals():
    xml = ubl_of(made("de-de", "33335", currency="JPY")).decode()

    assert '<cbc:PayableAmount currencyID="JPY">39669</cbc:PayableAmount>' in xml
    assert '<cbc:TaxAmount currencyID="JPY">6334</cbc:TaxAmount>' in xml


def test_outside_the_scope_there_is_no_vat_number_and_no_rate():
    xml = ubl_of(made("de-us")).decode()

    assert "<cbc:Percent>" not in xml
    assert "<cac:PartyTaxScheme>" not in xml
    assert "<cbc:ID>DE136695976</cbc:ID>" in xml


def test_prices_keep_four_decimals():
    line = Line(
        id="1",
        name="Calls",
        quantity=Decimal("1200.5"),
        unit="C62",
        unit_price=Decimal("0.0125"),
        amount=Decimal("15.01"),
        category=Category.STANDARD,
        rate=Decimal("19"),
    )
    xml = ubl_of(document(lines=(line,))).decode()

    assert '<cbc:PriceAmount currencyID="EUR">0.0125</cbc:PriceAmount>' in xml
    assert '<cbc:InvoicedQuantity unitCode="C62">1200.5</cbc:InvoicedQuantity>' in xml


def test_tax_is_repeated_in_the_seller_s_currency():
    one = document(currency="USD", local_tax=LocalTax(currency="EUR", amount=Decimal("598.12")))

    assert terms(cii_of(one)) == terms(ubl_of(one))
    assert terms(ubl_of(one))["BT-111"] == "598.12"


def test_two_rates_have_two_rows():
    lines = (
        *made("de-de", "100.00").lines,
        replace(made("de-de", "50.00").lines[0], id="2", rate=Decimal(7)),
    )
    one = document(lines=lines)

    rows = terms(ubl_of(one))["BG-23"]

    assert [(row["BT-119"], row["BT-117"]) for row in rows] == [("19", "19.00"), ("7", "3.50")]
    assert isinstance(one.taxes[0], Tax)


def test_peppol_joins_the_notes_and_claims_its_process():
    one = made("fr-nl", notes=special_documents()["emoji"].notes)
    self_billed = kinds_of(one)["selfbilled"]

    assert profile_of(one) is PEPPOL
    assert profile_of(self_billed) is SELF_BILLING
    for each in (one, self_billed):
        xml = ubl_of(each).decode()
        assert xml.count("<cbc:Note>") == 1
        assert f"<cbc:ProfileID>{profile_of(each).process}</cbc:ProfileID>" in xml
        assert f"<cbc:CustomizationID>{profile_of(each).customization}<" in xml


@pytest.mark.parametrize(("quantity", "profile"), [("2", PEPPOL), ("1.75", PLAIN)])
def test_a_line_that_whole_yen_round_is_none_for_peppol(quantity, profile):
    """PEPPOL-EN16931-R120 wants quantity times price to two cents, whatever the currency."""
    one = made("fr-nl", "8752" if quantity == "1.75" else "10002", currency="JPY")
    line = replace(one.lines[0], quantity=Decimal(quantity), unit_price=Decimal(5001), unit="HUR")

    assert profile_of(replace(one, lines=(line,))) is profile


def test_a_german_pair_needs_a_contact_for_peppol():
    assert profile_of(made("de-de")).name == "EN 16931"
    assert profile_of(with_contact(made("de-de"))) is PEPPOL


def test_credit_notes_are_documents_of_their_own_in_ubl():
    for kind, root in (("credit", "CreditNote"), ("selfcredit", "CreditNote"), ("fee", "Invoice")):
        tree = etree.fromstring(ubl_of(kinds_of(made("de-de"))[kind]))
        assert etree.QName(tree).localname == root


def test_a_transfer_names_the_account():
    payment = Payment(means="58", iban="DE02120300000000202051", bic="BYLADEM1001")
    read = terms(ubl_of(document(payment=payment)))

    assert (read["BT-81"], read["BT-84"], read["BT-86"]) == (
        "58",
        "DE02120300000000202051",
        "BYLADEM1001",
    )
    assert TypeCode(read["BT-3"]) is TypeCode.INVOICE
