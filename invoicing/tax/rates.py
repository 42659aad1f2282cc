"""Standard rates of VAT and GST by country and day. Percent, as the law states them.

Sources: European Commission, "VAT rates applied in the Member States" (Taxes in Europe Database);
the law named beside each row for other countries and for rates that changed since 2024. Reduced
rates are for goods and services that are not sold here. Days before the first row have no rate.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

START: Final = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class StandardRate:
    """The standard rate of a country from a day on; `name` is what the tax is called there."""

    country: str
    percent: Decimal
    valid_from: date = START
    name: str = ""


def _rate(country: str, percent: str, valid_from: date = START, name: str = "") -> StandardRate:
    return StandardRate(country, Decimal(percent), valid_from, name)


RATES: Final = (
    _rate("AT", "20"),
    _rate("BE", "21"),
    _rate("BG", "20"),
    _rate("CY", "19"),
    _rate("CZ", "21"),
    _rate("DE", "19"),  # § 12 (1) UStG
    _rate("DK", "25"),
    _rate("EE", "22"),
    _rate("EE", "24", date(2025, 7, 1)),  # Käibemaksuseadus § 15 (1)
    _rate("ES", "21"),  # art. 90 Ley 37/1992
    _rate("FI", "24"),
    _rate("FI", "25.5", date(2024, 9, 1)),  # Arvonlisäverolaki § 84
    _rate("FR", "20"),  # art. 278 CGI
    _rate("GR", "24"),
    _rate("HR", "25"),
    _rate("HU", "27"),
    _rate("IE", "23"),
    _rate("IT", "22"),
    _rate("LT", "21"),
    _rate("LU", "17"),
    _rate("LV", "21"),
    _rate("MT", "18"),
    _rate("NL", "21"),
    _rate("PL", "23"),
    _rate("PT", "23"),
    _rate("RO", "19"),
    _rate("RO", "21", date(2025, 8, 1)),  # Legea 141/2025
    _rate("SE", "25"),
    _rate("SI", "22"),
    _rate("SK", "20"),
    _rate("SK", "23", date(2025, 1, 1)),  # § 27 zákona 222/2004
    _rate("GB", "20"),  # VATA 1994 s. 2 (1)
    _rate("CH", "8.1"),  # Art. 25 (1) MWSTG
    _rate("NO", "25"),  # merverdiavgiftsloven § 5-1
    _rate("AU", "10", name="GST"),  # A New Tax System (GST) Act 1999 s. 9-70
    _rate("IN", "18", name="GST"),  # CGST and IGST notifications 11/2017 and 8/2017, SAC 9983
)


def standard_rate(country: str, on: date) -> StandardRate | None:
    """The rate of that day; None where no rate is known."""
    known = [rate for rate in RATES if rate.country == country and rate.valid_from <= on]
    return max(known, key=lambda rate: rate.valid_from, default=None)
