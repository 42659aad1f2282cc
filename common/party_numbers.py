"""Numbers by which the law knows a party: VAT and GST, tax, register, IBAN, electronic address.

Each function gives the one spelling that is stored, or raises PartyNumberError with a sentence
that the owner of the number can act on. Form and check digits are tested, never whether an
authority has issued the number: nothing here asks another computer.
"""

import re
from collections.abc import Callable
from typing import Final

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import ean, lei
from stdnum.au import abn
from stdnum.be import vat as be_vat
from stdnum.ca import bn
from stdnum.ch import uid as ch_uid
from stdnum.ch import vat as ch_vat
from stdnum.de import stnr
from stdnum.dk import cvr
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fi import ytunnus
from stdnum.fr import siren, siret
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.no import mva, orgnr
from stdnum.nz import ird
from stdnum.se import orgnr as se_orgnr
from stdnum.us import ein

from common.countries import COUNTRIES

Check = Callable[[str], str]

EU: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""Member states of the European Union by ISO code (Greece is GR; its VAT prefix is EL)."""

VAT_COUNTRY: Final = {"MC": "FR", "IM": "GB"}
"""Countries whose businesses have VAT numbers of a neighbour: one VAT territory."""

LEITWEG: Final = "0204"
"""How electronic addresses name a German authority's number for e-invoices."""
MAIL: Final = "EM"
"""How they name one for mail."""

REGISTER_SCHEMES: Final = {
    "0002": "France: SIREN",
    "0007": "Sweden: organisationsnummer",
    "0009": "France: SIRET",
    "0060": "D-U-N-S number",
    "0088": "GLN (GS1)",
    "0106": "Netherlands: KvK number",
    "0151": "Australia: ABN",
    "0183": "Switzerland: UID",
    "0184": "Denmark: CVR number",
    "0190": "Netherlands: OIN",
    "0192": "Norway: organisasjonsnummer",
    "0199": "LEI",
    LEITWEG: "Germany: Leitweg-ID",
    "0208": "Belgium: enterprise number",
    "0212": "Finland: Y-tunnus",
}
"""Registers with a code in ISO/IEC 6523; a number of any other register stands without one."""

ADDRESS_SCHEMES: Final = {
    **REGISTER_SCHEMES,
    "0191": "Estonia: registrikood",
    "0195": "Singapore: UEN",
    "0196": "Iceland: kennitala",
    "0200": "Lithuania: company code",
    "0201": "Italy: IPA code",
    "0210": "Italy: codice fiscale",
    "0211": "Italy: partita IVA",
    "0216": "Finland: OVT code",
    "0218": "Latvia: registration number",
    "0221": "Japan: qualified invoice issuer",
    "0225": "France: e-invoicing address",
    "0230": "Malaysia: e-invoicing address",
    "0235": "United Arab Emirates: TIN",
    "0240": "Luxembourg: register number",
    "9910": "Hungary: VAT number",
    "9914": "Austria: VAT number",
    "9915": "Austria: government identifier",
    "9920": "Spain: VAT number",
    "9925": "Belgium: VAT number",
    "9926": "Bulgaria: VAT number",
    "9927": "Switzerland: VAT number",
    "9928": "Cyprus: VAT number",
    "9929": "Czechia: VAT number",
    "9930": "Germany: VAT number",
    "9931": "Estonia: VAT number",
    "9932": "United Kingdom: VAT number",
    "9933": "Greece: VAT number",
    "9934": "Croatia: VAT number",
    "9935": "Ireland: VAT number",
    "9936": "Liechtenstein: VAT number",
    "9937": "Lithuania: VAT number",
    "9938": "Luxembourg: VAT number",
    "9939": "Latvia: VAT number",
    "9943": "Malta: VAT number",
    "9944": "Netherlands: VAT number",
    "9945": "Poland: VAT number",
    "9946": "Portugal: VAT number",
    "9947": "Romania: VAT number",
    "9948": "Serbia: VAT number",
    "9949": "Slovenia: VAT number",
    "9950": "Slovakia: VAT number",
    "9952": "Türkiye: VAT number",
    "9957": "France: VAT number",
    "9959": "United States: EIN",
    MAIL: "E-mail (not in Peppol)",
}
"""Electronic addresses by code of the EAS list that EN 16931 names (BT-34, BT-49)."""

_SEPARATORS: Final = re.compile(r"[\s./-]+")
_PLAIN: Final = re.compile(r"[0-9A-Z]{4,20}", re.ASCII)
_REGISTER: Final = re.compile(r"[0-9A-Za-zÀ-ž][0-9A-Za-zÀ-ž ./()_-]{1,39}")
_ADDRESS: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z:._+-]{1,99}", re.ASCII)
_PHONE: Final = re.compile(r"(?=(?:[^0-9]*[0-9]){3})\+?[0-9 ()/.-]{3,29}", re.ASCII)
_MAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[0-9A-Za-z.-]{1,80}\.[A-Za-z]{2,24}", re.ASCII)
_SOCIAL_SECURITY: Final = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}", re.ASCII)


class PartyNumberError(ValueError):
    """A number that cannot be one of its kind; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def vat_id_of(text: str, *, country: str) -> str:
    """A VAT or GST number of that country: DE136695976, an ABN, a GSTIN.

    European numbers get their prefix when it is missing, Swiss ones their suffix. PartyNumberError
    `country_required`, `no_vat_number` (the United States have none), `invalid_vat_number`.
    """
    if not country:
        raise PartyNumberError("country_required", "Choose the country that gave you this number.")
    if country == "US":
        raise PartyNumberError(
            "no_vat_number", "The United States give no VAT numbers; leave this empty."
        )
    compact = _SEPARATORS.sub("", text).upper()
    territory = VAT_COUNTRY.get(country, country)
    if territory in EU:
        prefix = vat_prefix(territory)
        return _checked(
            compact if compact.startswith(prefix) else prefix + compact, eu_vat.validate, country
        )
    check = _VAT_CHECKS.get(territory, _plain)
    return _checked(compact, check, country)


def vat_prefix(country: str) -> str:
    """The letters before that country's VAT numbers."""
    return "EL" if country == "GR" else country


def register_number_of(text: str, *, scheme: str) -> str:
    """A number of a business register; with a scheme that is known here, its check digits hold.

    PartyNumberError `invalid_register_scheme`, `invalid_register_number`.
    """
    if scheme and scheme not in REGISTER_SCHEMES:
        raise PartyNumberError("invalid_register_scheme", "Choose one of the registers.")
    check = _REGISTER_CHECKS.get(scheme)
    try:
        if check is not None:
            return check(text)
    except ValidationError as error:
        raise PartyNumberError(
            "invalid_register_number",
            f"This is not a valid number of the register “{REGISTER_SCHEMES[scheme]}”.",
        ) from error
    return _matching(_REGISTER, text, "invalid_register_number", "register number")


def tax_number_of(text: str, *, country: str) -> str:
    """The number that the local tax office uses; it is printed on invoices.

    PartyNumberError `social_security_number`: never somebody's personal number of the United
    States; `invalid_tax_number`.
    """
    if country == "US":
        if _SOCIAL_SECURITY.fullmatch(text):
            raise PartyNumberError(
                "social_security_number",
                "A social security number must never stand on an invoice. Give an EIN or nothing.",
            )
        return _with(ein.validate, text, lambda found: f"{found[:2]}-{found[2:]}")
    if country == "DE" and not eu_vat.is_valid(text):
        return _with(stnr.validate, text, lambda found: text)
    return _matching(_REGISTER, text, "invalid_tax_number", "tax number")


def iban_of(text: str) -> str:
    """An IBAN without spaces. PartyNumberError `invalid_iban`."""
    try:
        return str(IBAN(text, validate_bban=True).compact)
    except SchwiftyException as error:
        raise PartyNumberError(
            "invalid_iban", "This is not a valid IBAN; check it for a typing error."
        ) from error


def electronic_address_of(text: str, *, scheme: str) -> str:
    """Where e-invoices reach a party: an identifier in one of ADDRESS_SCHEMES.

    PartyNumberError `invalid_address_scheme`, `invalid_electronic_address`.
    """
    if scheme not in ADDRESS_SCHEMES:
        raise PartyNumberError("invalid_address_scheme", "Choose the kind of electronic address.")
    code, words = "invalid_electronic_address", "electronic address"
    if scheme == MAIL:
        return _matching(_MAIL, text, code, words)
    compact = "".join(text.split())
    try:
        check = _ADDRESS_CHECKS.get(scheme) or _REGISTER_CHECKS.get(scheme)
        return check(compact) if check else _matching(_ADDRESS, compact, code, words)
    except ValidationError as error:
        raise PartyNumberError(
            code, f"This is not a valid address of the kind “{ADDRESS_SCHEMES[scheme]}”."
        ) from error


def phone_of(text: str) -> str:
    """A phone number as it is printed, in ASCII. PartyNumberError `invalid_phone`."""
    return _matching(_PHONE, text, "invalid_phone", "phone number")


def mail_of(text: str) -> str:
    """An address for questions. PartyNumberError `invalid_email`."""
    return _matching(_MAIL, text, "invalid_email", "e-mail address")


def _checked(number: str, check: Check, country: str) -> str:
    try:
        return check(number)
    except ValidationError as error:
        raise PartyNumberError(
            "invalid_vat_number",
            f"This is not a valid VAT or GST number of {COUNTRIES.get(country, country)}.",
        ) from error


def _with(check: Check, text: str, spell: Check) -> str:
    try:
        return spell(check(text))
    except ValidationError as error:
        raise PartyNumberError("invalid_tax_number", "This is not a valid tax number.") from error


def _matching(pattern: re.Pattern[str], text: str, code: str, words: str) -> str:
    if not pattern.fullmatch(text):
        raise PartyNumberError(code, f"This is not a valid {words}.")
    return text


def _plain(number: str) -> str:
    if not _PLAIN.fullmatch(number):
        raise ValidationError
    return number


def _british(number: str) -> str:
    return "GB" + str(gb_vat.validate(number))


def _swiss(number: str) -> str:
    has_suffix = number.endswith(("MWST", "TVA", "IVA", "TPV"))
    return str(ch_vat.validate(number if has_suffix else number + "MWST"))


def _norwegian(number: str) -> str:
    number = number.removeprefix("NO")
    return "NO" + str(mva.validate(number if number.endswith("MVA") else number + "MVA"))


def _vat_with_prefix(prefix: str) -> Check:
    def check(text: str) -> str:
        number = text.upper()
        return str(eu_vat.validate(number if number.startswith(prefix) else prefix + number))

    return check


_VAT_CHECKS: Final[dict[str, Check]] = {
    "GB": _british,
    "CH": _swiss,
    "NO": _norwegian,
    "AU": abn.validate,
    "NZ": ird.validate,
    "IN": gstin.validate,
    "CA": bn.validate,
}
_REGISTER_CHECKS: Final[dict[str, Check]] = {
    "0002": siren.validate,
    "0007": se_orgnr.validate,
    "0009": siret.validate,
    "0088": ean.validate,
    "0151": abn.validate,
    "0183": ch_uid.validate,
    "0184": cvr.validate,
    "0192": orgnr.validate,
    "0199": lei.validate,
    "0208": be_vat.validate,
    "0212": ytunnus.validate,
}
_ADDRESS_CHECKS: Final[dict[str, Check]] = {
    "9914": _vat_with_prefix("AT"),
    "9925": _vat_with_prefix("BE"),
    "9930": _vat_with_prefix("DE"),
    "9932": _british,
    "9944": _vat_with_prefix("NL"),
    "9957": _vat_with_prefix("FR"),
}
