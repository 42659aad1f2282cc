"""The sentences that the law wants on an invoice, in the words of each country."""

from typing import Final

SMALL_BUSINESS: Final = {
    "AT": "Umsatzsteuerbefreit: Kleinunternehmer gemäß § 6 Abs. 1 Z 27 UStG",
    "BE": "Régime particulier de franchise des petites entreprises, "
    "Bijzondere vrijstellingsregeling kleine ondernemingen (art. 56bis CTVA / W.BTW)",
    "CZ": "Nejsem plátce DPH (§ 6 zákona č. 235/2004 Sb.)",
    "DE": "Steuerfrei nach § 19 UStG (Kleinunternehmer)",
    "ES": "Operación exenta de IVA (régimen de franquicia)",
    "FR": "TVA non applicable, art. 293 B du CGI",
    "IE": "VAT exempt: turnover below the registration threshold (s. 6 VATCA 2010)",
    "IT": "Operazione in franchigia da IVA (art. 1, commi 54-89, L. 190/2014)",
    "LU": "Franchise de taxe, art. 57 de la loi TVA",
    "NL": "Vrijgesteld van omzetbelasting op grond van artikel 25 Wet OB (KOR)",
    "PL": "Zwolnienie z VAT na podstawie art. 113 ust. 1 ustawy o VAT",
    "PT": "IVA: regime de isenção (artigo 53.º do CIVA)",
}
"""Exempt as a small business, where the national wording is settled."""
SMALL_BUSINESS_ELSEWHERE: Final = (
    "Exempt from VAT: special scheme for small enterprises (Directive 2006/112/EC, Art. 284)"
)

REVERSE_CHARGE: Final = {
    "AT": "Übergang der Steuerschuld auf den Leistungsempfänger",
    "BE": "Autoliquidation, Btw verlegd",
    "DE": "Steuerschuldnerschaft des Leistungsempfängers",
    "DK": "omvendt betalingspligt",
    "ES": "inversión del sujeto pasivo",
    "FI": "käännetty verovelvollisuus",
    "FR": "Autoliquidation",
    "IT": "inversione contabile",
    "LU": "Autoliquidation",
    "NL": "Btw verlegd",
    "PL": "odwrotne obciążenie",
    "PT": "IVA: autoliquidação",
    "SE": "omvänd betalningsskyldighet",
}
"""The words of Art. 226 (11a) as the seller's language has them, beside the English ones."""

EXPORT_OF_INDIA: Final = (
    "SUPPLY MEANT FOR EXPORT UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX"
)


def small_business(territory: str) -> str:
    """Why a small business of that country charges no VAT."""
    return SMALL_BUSINESS.get(territory, SMALL_BUSINESS_ELSEWHERE)


def reverse_charge(territory: str) -> str:
    """That the buyer owes the VAT: always with the English words, which every office knows."""
    own = REVERSE_CHARGE.get(territory)
    words = f"Reverse charge ({own})" if own else "Reverse charge"
    return f"{words}: Art. 44 and 196 of Directive 2006/112/EC"
