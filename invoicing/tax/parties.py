"""Seller and buyer as the decision sees them: made of the copies that an invoice freezes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accounts.enums import PartyKind, TaxStatus
from common.party_numbers import EU, VAT_COUNTRY

INDIAN_STATES: Final = {
    "jammu and kashmir": "01",
    "himachal pradesh": "02",
    "punjab": "03",
    "chandigarh": "04",
    "uttarakhand": "05",
    "haryana": "06",
    "delhi": "07",
    "rajasthan": "08",
    "uttar pradesh": "09",
    "bihar": "10",
    "sikkim": "11",
    "arunachal pradesh": "12",
    "nagaland": "13",
    "manipur": "14",
    "mizoram": "15",
    "tripura": "16",
    "meghalaya": "17",
    "assam": "18",
    "west bengal": "19",
    "jharkhand": "20",
    "odisha": "21",
    "chhattisgarh": "22",
    "madhya pradesh": "23",
    "gujarat": "24",
    "dadra and nagar haveli and daman and diu": "26",
    "maharashtra": "27",
    "karnataka": "29",
    "goa": "30",
    "lakshadweep": "31",
    "kerala": "32",
    "tamil nadu": "33",
    "puducherry": "34",
    "andaman and nicobar islands": "35",
    "telangana": "36",
    "andhra pradesh": "37",
    "ladakh": "38",
}
"""State codes of the GST law: the first two digits of a GSTIN."""


@dataclass(frozen=True, slots=True)
class TaxParty:
    """What the law asks about one side. `territory` is the country whose VAT law applies there."""

    country: str
    territory: str
    status: str
    kind: str
    vat_id: str
    tax_number: str
    state: str

    @property
    def is_in_union(self) -> bool:
        return self.territory in EU

    @property
    def is_registered(self) -> bool:
        return self.status == TaxStatus.REGISTERED

    @property
    def is_business(self) -> bool:
        return self.kind == PartyKind.BUSINESS


def tax_party(copy: Mapping[str, str]) -> TaxParty:
    """A party of its frozen copy (accounts.selectors.seller_copy, buyer_copy)."""
    country = copy["country"]
    return TaxParty(
        country=country,
        territory=VAT_COUNTRY.get(country, country),
        status=copy["tax_status"],
        kind=copy["kind"],
        vat_id=copy["vat_id"],
        tax_number=copy["tax_number"],
        state=_indian_state(copy) if country == "IN" else "",
    )


def _indian_state(copy: Mapping[str, str]) -> str:
    if copy["vat_id"]:
        return copy["vat_id"][:2]
    return INDIAN_STATES.get(copy["region"].casefold().replace("&", "and"), "")
