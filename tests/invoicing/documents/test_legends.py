"""Legends and labels of a document are in its language."""

import re
from dataclasses import replace

import pytest

from invoicing.documents.fees import CONTACT_FIELDS
from invoicing.documents.legends import LEGENDS, legend_in
from invoicing.documents.mentions import place_of_supply
from invoicing.documents.model import Language, Note
from invoicing.documents.page import page_of
from invoicing.documents.profiles import PEPPOL, PLAIN, profile_of
from invoicing.documents.snapshot import parties_of
from invoicing.documents.text import notes_of
from invoicing.documents.xml import cii_of, ubl_of
from invoicing.tax.legends import SMALL_BUSINESS_ELSEWHERE
from invoicing.tax.rules import RULES
from tests.invoicing.documents.cases import CH, DE, FR_BUYER, IN, PLATFORM, US, copy, fee_of, made

BY_COUNTRY = {"reverse_charge", "small_business", "export_of_india"}
OTHERS = (Language.GERMAN, Language.FRENCH, Language.SPANISH)
BEGINNINGS = {
    "Outside the scope of EU VAT": (
        "In der EU nicht steuerbar: ",
        "Hors du champ de la TVA de l'UE : ",
        "Operación no sujeta al IVA de la UE: ",
    ),
    "Outside the scope of UK VAT": (
        "Im Vereinigten Königreich nicht steuerbar: ",
        "Hors du champ de la TVA britannique : ",
        "Operación no sujeta al IVA británico: ",
    ),
    "Outside the scope of Swiss VAT": (
        "In der Schweiz nicht steuerbar: ",
        "Hors du champ de la TVA suisse : ",
        "Operación no sujeta al IVA suizo: ",
    ),
    "No VAT": ("Keine Mehrwertsteuer: ", "Pas de TVA : ", "Sin IVA: "),
    "Exempt from VAT": (
        "Von der Mehrwertsteuer befreit: ",
        "Exonéré de TVA : ",
        "Exento de IVA: ",
    ),
    "Zero-rated": ("Nullsatz: ", "Taux zéro : ", "Tipo cero: "),
    "No sales tax": ("Keine Sales Tax: ", "Pas de sales tax : ", "Sin sales tax: "),
    "No GST or HST": (
        "Auf dieser Rechnung wird keine GST oder HST erhoben",
        "Ni TPS ni TVH ne sont facturées",
        "En esta factura no se repercute GST ni HST",
    ),
    "GST-free": ("GST-frei: ", "Exonéré de GST : ", "Exento de GST: "),
    "No GST": ("Keine GST: ", "Pas de GST : ", "Sin GST: "),
}
"""How sentences begin, in English and in the other languages."""


def test_every_sentence_of_the_table_is_in_all_languages():
    sentences = {rule.legend for rule in RULES if rule.legend} - BY_COUNTRY
    sentences.add(SMALL_BUSINESS_ELSEWHERE)

    assert set(LEGENDS) == sentences
    for legend, translated in LEGENDS.items():
        assert set(translated) == set(OTHERS)
        assert len({legend, *translated.values()}) == 4


@pytest.mark.parametrize("legend", LEGENDS)
def test_each_translation_says_the_same_and_names_the_same_law(legend):
    [beginning] = [one for one in BEGINNINGS if re.match(rf"{re.escape(one)}\b(?! or)", legend)]
    translated = LEGENDS[legend]

    for language, words in zip(OTHERS, BEGINNINGS[beginning], strict=True):
        assert translated[language].startswith(words), language
        assert re.findall(r"\d+", translated[language]) == re.findall(r"\d+", legend), language


@pytest.mark.parametrize(
    ("language", "legend"),
    [
        (
            Language.ENGLISH,
            "Outside the scope of Swiss VAT: Art. 8 (1) MWSTG, supplied where the customer is",
        ),
        (
            Language.GERMAN,
            "In der Schweiz nicht steuerbar: Art. 8 Abs. 1 MWSTG, Leistungsort beim Empfänger",
        ),
        (
            Language.FRENCH,
            "Hors du champ de la TVA suisse : art. 8 al. 1 LTVA, lieu du destinataire",
        ),
        (
            Language.SPANISH,
            "Operación no sujeta al IVA suizo: art. 8 (1) MWSTG, lugar del destinatario",
        ),
    ],
)
def test_a_swiss_export_says_why_in_the_language_of_its_buyer(language, legend):
    english = made("ch-de", language=Language.ENGLISH).taxes[0]
    assert english.category == "O"
    stored = next(rule.legend for rule in RULES if rule.id == "ch-outside")

    assert legend_in(stored, "O", language) == legend


def test_the_document_of_a_pair_has_it():
    assert made("ch-de").taxes[0].reason.startswith("In der Schweiz nicht steuerbar")


@pytest.mark.parametrize(
    ("sold", "country", "words"),
    [
        (CH, "DE", "MWST-Nr. CHE107787577MWST"),
        (CH, "FR", "N° TVA CHE107787577MWST"),
        (CH, "ES", "NIF-IVA CHE107787577MWST"),
        (CH, "US", "VAT ID CHE107787577MWST"),
        (DE, "CH", "USt-IdNr. DE136695976"),
        (US, "DE", ""),
    ],
)
def test_outside_the_scope_the_number_is_text_under_its_usual_label(sold, country, words):
    seller, buyer = parties_of(sold, copy(country), is_outside=True)

    assert (seller.vat_id, seller.legal_info, buyer.vat_id) == ("", words, "")


def test_a_number_in_words_stays_off_documents_within_the_scope():
    seller, _ = parties_of(DE, FR_BUYER, is_outside=False)

    assert (seller.vat_id, seller.legal_info) == ("DE136695976", "")


def test_a_fee_invoice_to_a_peppol_address_is_a_peppol_document():
    assert profile_of(fee_of("de", 10005)) is PEPPOL
    nobody = dict.fromkeys(CONTACT_FIELDS, "")
    assert profile_of(fee_of("de", 10005, seller={**PLATFORM, **nobody})) is PLAIN
    assert profile_of(fee_of("fr", 10005, seller={**PLATFORM, **nobody})) is PEPPOL
    assert profile_of(fee_of("us", 10005)) is PLAIN


@pytest.mark.parametrize(
    ("language", "label"),
    [
        (Language.ENGLISH, "Contact"),
        (Language.GERMAN, "Kontakt"),
        (Language.FRENCH, "Contact"),
        (Language.SPANISH, "Contacto"),
    ],
)
def test_a_contact_is_on_the_page_as_in_the_files(language, label):
    page = page_of(replace(fee_of("de", 10005), language=language))

    assert page["seller"]["numbers"][-1] == {
        "label": label,
        "value": "Billing, +49 30 7654321, billing@tranche.example",
    }


@pytest.mark.parametrize("pair", ["us-us", "au-au", "de-small", "de-fr"])
def test_notes_are_plain_text_in_both_files(pair):
    one = made(pair)
    note = f">{notes_of(one)[0].text}<".encode()

    assert (note in ubl_of(one), note in cii_of(one)) == (True, True)
    assert b"#AAI#" not in ubl_of(one)


def test_france_wants_the_subjects_of_notes():
    assert b">#AAI#Facture" in ubl_of(made("fr-fr"))


@pytest.mark.parametrize(
    ("sold", "bought", "place"),
    [
        (IN, {**IN, "vat_id": "37AAACR5055K1Z7"}, "Andhra Pradesh (37)"),
        (IN, {**IN, "vat_id": "", "region": "Tamil Nadu"}, "Tamil Nadu (33)"),
        (IN, {**IN, "vat_id": "", "region": "Jammu & Kashmir"}, "Jammu and Kashmir (01)"),
        (IN, US, "United States"),
        (IN, {**IN, "vat_id": "", "region": ""}, ""),
        ({**IN, "tax_status": "not_registered"}, IN, ""),
        (US, IN, ""),
    ],
)
def test_registered_sellers_in_india_name_the_place_of_supply(sold, bought, place):
    words = f"Place of supply: {place}. Tax payable on reverse charge: No."

    assert place_of_supply(sold, bought) == ((Note(text=words),) if place else ())
