"""The decision table's English legends in the other languages that documents are written in."""

from typing import Final

from invoicing.documents.language import wording_of
from invoicing.documents.model import Language
from invoicing.enums import TaxCategory

_GERMAN, _FRENCH, _SPANISH = Language.GERMAN, Language.FRENCH, Language.SPANISH

LEGENDS: Final[dict[str, dict[Language, str]]] = {
    "Outside the scope of EU VAT: Art. 44 of Directive 2006/112/EC, supplied where the customer is "
    "established": {
        _GERMAN: "In der EU nicht steuerbar: Art. 44 der Richtlinie 2006/112/EG, Leistungsort am "
        "Sitz des Empfängers",
        _FRENCH: "Hors du champ de la TVA de l'UE : art. 44 de la directive 2006/112/CE, lieu "
        "d'établissement du preneur",
        _SPANISH: "Operación no sujeta al IVA de la UE: art. 44 de la Directiva 2006/112/CE, lugar "
        "de establecimiento del destinatario",
    },
    "Outside the scope of EU VAT: Art. 59 of Directive 2006/112/EC": {
        _GERMAN: "In der EU nicht steuerbar: Art. 59 der Richtlinie 2006/112/EG",
        _FRENCH: "Hors du champ de la TVA de l'UE : art. 59 de la directive 2006/112/CE",
        _SPANISH: "Operación no sujeta al IVA de la UE: art. 59 de la Directiva 2006/112/CE",
    },
    "No VAT: the supplier is not registered for VAT": {
        _GERMAN: "Keine Mehrwertsteuer: Der Leistungserbringer ist nicht für die Mehrwertsteuer "
        "registriert",
        _FRENCH: "Pas de TVA : le prestataire n'est pas assujetti enregistré à la TVA",
        _SPANISH: "Sin IVA: el prestador no está registrado a efectos del IVA",
    },
    "Exempt from VAT: special scheme for small enterprises (Directive 2006/112/EC, Art. 284)": {
        _GERMAN: "Von der Mehrwertsteuer befreit: Sonderregelung für Kleinunternehmen (Richtlinie "
        "2006/112/EG, Art. 284)",
        _FRENCH: "Exonéré de TVA : régime particulier des petites entreprises (directive "
        "2006/112/CE, art. 284)",
        _SPANISH: "Exento de IVA: régimen especial de las pequeñas empresas (Directiva 2006/112/CE, "
        "art. 284)",
    },
    "Outside the scope of UK VAT: VATA 1994 s. 7A (2) (a), the customer accounts for any VAT": {
        _GERMAN: "Im Vereinigten Königreich nicht steuerbar: VATA 1994 s. 7A (2) (a), eine etwaige "
        "Steuer schuldet der Empfänger",
        _FRENCH: "Hors du champ de la TVA britannique : VATA 1994 s. 7A (2) (a), la TVA "
        "éventuelle est due par le preneur",
        _SPANISH: "Operación no sujeta al IVA británico: VATA 1994 s. 7A (2) (a), el destinatario "
        "declara el IVA que proceda",
    },
    "Outside the scope of UK VAT: VATA 1994 Sch. 4A para. 16": {
        _GERMAN: "Im Vereinigten Königreich nicht steuerbar: VATA 1994 Sch. 4A para. 16",
        _FRENCH: "Hors du champ de la TVA britannique : VATA 1994 Sch. 4A para. 16",
        _SPANISH: "Operación no sujeta al IVA británico: VATA 1994 Sch. 4A para. 16",
    },
    "Outside the scope of Swiss VAT: Art. 8 (1) MWSTG, supplied where the customer is": {
        _GERMAN: "In der Schweiz nicht steuerbar: Art. 8 Abs. 1 MWSTG, Leistungsort beim Empfänger",
        _FRENCH: "Hors du champ de la TVA suisse : art. 8 al. 1 LTVA, lieu du destinataire",
        _SPANISH: "Operación no sujeta al IVA suizo: art. 8 (1) MWSTG, lugar del destinatario",
    },
    "Zero-rated: merverdiavgiftsloven § 6-22": {
        _GERMAN: "Nullsatz: merverdiavgiftsloven § 6-22",
        _FRENCH: "Taux zéro : merverdiavgiftsloven § 6-22",
        _SPANISH: "Tipo cero: merverdiavgiftsloven § 6-22",
    },
    "No sales tax: professional services": {
        _GERMAN: "Keine Sales Tax: freiberufliche Leistungen",
        _FRENCH: "Pas de sales tax : services professionnels",
        _SPANISH: "Sin sales tax: servicios profesionales",
    },
    "No GST or HST is charged on this invoice": {
        _GERMAN: "Auf dieser Rechnung wird keine GST oder HST erhoben",
        _FRENCH: "Ni TPS ni TVH ne sont facturées sur cette facture",
        _SPANISH: "En esta factura no se repercute GST ni HST",
    },
    "GST-free: supply for use outside Australia (s. 38-190 GST Act)": {
        _GERMAN: "GST-frei: Leistung zur Nutzung außerhalb Australiens (s. 38-190 GST Act)",
        _FRENCH: "Exonéré de GST : utilisation hors d'Australie (s. 38-190 GST Act)",
        _SPANISH: "Exento de GST: uso fuera de Australia (s. 38-190 GST Act)",
    },
    "No GST: the supplier is not registered for GST": {
        _GERMAN: "Keine GST: Der Leistungserbringer ist nicht für die GST registriert",
        _FRENCH: "Pas de GST : le prestataire n'est pas enregistré à la GST",
        _SPANISH: "Sin GST: el prestador no está registrado a efectos de la GST",
    },
}
"""Sentences that each country writes in its own words, and India's in English, are not among them."""


def legend_in(legend: str, category: str, language: Language) -> str:
    """The legend in the document's language, or after its words where the law names them."""
    if category == TaxCategory.REVERSE_CHARGE:
        words = wording_of(language).reverse_charge
        return legend if words.casefold() in legend.casefold() else f"{words}. {legend}"
    return LEGENDS.get(legend, {}).get(language, legend)
