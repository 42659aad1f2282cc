"""Every document that the product can make: parties as they are frozen, decided by the table."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from accounts.selectors import LEGAL_FIELDS
from invoicing.documents.fees import FeeCharge, FeeParts, fee_document
from invoicing.documents.legends import legend_in
from invoicing.documents.mentions import mentions_of
from invoicing.documents.model import (
    Category,
    Contact,
    Document,
    Language,
    Note,
    Payment,
    References,
    TypeCode,
)
from invoicing.documents.snapshot import language_of, party_of, seller_of
from invoicing.enums import FeeKind
from invoicing.services.fees import fee_sums
from invoicing.tax import decide, tax_party
from tests.invoicing.documents.samples import EXPONENTS, credited, document, lines_of, taxes_of

ISSUED_ON: Final = date(2026, 11, 23)
CURRENCIES: Final = ("EUR", "USD", "GBP", "JPY", "AUD", "INR")


def copy(country: str, **changes: str) -> dict[str, str]:
    """A party as an invoice freezes it."""
    nothing = dict.fromkeys((*LEGAL_FIELDS, "tax_status", "iban"), "")
    known = {"id": "usr_0b6e1c9d5b4c4f8a9e2b3c4d5e6f7081", "kind": "business", "country": country}
    return {**nothing, **known, **changes}


def seller(country: str, name: str, place: str, **changes: str) -> dict[str, str]:
    street, postcode, city = place.split("|")
    return copy(
        country,
        name=name,
        legal_name=name,
        street=street,
        postcode=postcode,
        city=city,
        **{"tax_status": "registered", **changes},
    )


DE = seller(
    "DE",
    "Lovelace Engines GmbH",
    "Torstraße 140|10119|Berlin",
    vat_id="DE136695976",
    register_number="HRB 123456 B",
    electronic_address="DE136695976",
    electronic_address_scheme="9930",
)
DE_SMALL = seller(
    "DE",
    "Ada Kleinert",
    "Kastanienallee 7|10435|Berlin",
    tax_number="181/815/08155",
    tax_status="small_business",
)
FR = seller(
    "FR",
    "Atelier Noël SAS",
    "12 rue des Écoles|75005|Paris",
    vat_id="FR40303265045",
    register_number="303265045",
    register_scheme="0002",
    electronic_address="303265045",
    electronic_address_scheme="0225",
)
FR_SMALL = seller(
    "FR",
    "Zoé Marchand",
    "3 quai Rambaud|69002|Lyon",
    register_number="732829320",
    register_scheme="0002",
    tax_number="73282932000074",
    tax_status="small_business",
)
GB = seller(
    "GB", "Babbage & Sons Ltd", "12 St James's Square|SW1Y 4JH|London", vat_id="GB980780684"
)
US = seller("US", "Grace Hopper LLC", "1 Main Street|10001|New York", region="NY")
AU = seller(
    "AU", "Wattle Works Pty Ltd", "5 George St|2000|Sydney", region="NSW", vat_id="51824753556"
)
IN = seller(
    "IN",
    "Kaveri Studio LLP",
    "MG Road 10|400001|Mumbai",
    region="Maharashtra",
    vat_id="27AAPFU0939F1ZV",
)
CH = seller("CH", "Zürcher Werkstatt AG", "Bahnhofstrasse 1|8001|Zürich", vat_id="CHE107787577MWST")
NO = seller("NO", "Fjord Design AS", "Karl Johans gate 1|0154|Oslo", vat_id="NO995525828MVA")
CA = seller("CA", "Maple Code Inc.", "1 Yonge Street|M5E 1W7|Toronto", region="ON")
ES = seller("ES", "Diseños Ñandú S.L.", "Gran Vía 1|28013|Madrid", vat_id="ESB58378431")
JP = copy(
    "JP",
    name="渋谷デザイン株式会社",
    legal_name="渋谷デザイン株式会社",
    street="神宮前1-2-3",
    city="東京都渋谷区",
    postcode="150-0001",
)
NL_BUYER = copy(
    "NL",
    id="org_0b6e1c9d5b4c4f8a9e2b3c4d5e6f7081",
    name="Museum van Plakken B.V.",
    legal_name="Museum van Plakken B.V.",
    street="Dam 1",
    postcode="1012 JS",
    city="Amsterdam",
    vat_id="NL004495445B01",
    electronic_address="NL004495445B01",
    electronic_address_scheme="9944",
)
DE_BUYER = copy(
    "DE",
    name="Museum der Scheiben AG",
    legal_name="Museum der Scheiben AG",
    street="Inselstraße 1",
    postcode="10178",
    city="Berlin",
    vat_id="DE129274202",
    electronic_address="DE129274202",
    electronic_address_scheme="9930",
)
FR_BUYER = copy(
    "FR",
    id="org_7c2d9e8f1a3b4c5d8e9f0a1b2c3d4e5f",
    name="Musée des Tranches",
    legal_name="Musée des Tranches SARL",
    street="8 place du Capitole",
    postcode="31000",
    city="Toulouse",
    vat_id="FR83404833048",
    register_number="404833048",
    register_scheme="0002",
    electronic_address="404833048",
    electronic_address_scheme="0225",
)
DE_PERSON = copy(
    "DE",
    name="Max Muster",
    legal_name="Max Muster",
    street="Am Markt 2",
    postcode="28195",
    city="Bremen",
    kind="consumer",
)
PAIRS: Final = {
    "de-de": (DE, DE_BUYER),
    "fr-fr": (FR, FR_BUYER),
    "gb-gb": (GB, {**GB, "legal_name": "Slices PLC", "name": "Slices"}),
    "es-es": (ES, {**ES, "legal_name": "Museo S.A.", "name": "Museo", "vat_id": "ESA28015865"}),
    "de-fr": (DE, FR_BUYER),
    "fr-nl": (FR, NL_BUYER),
    "de-small": (DE_SMALL, DE_BUYER),
    "fr-small": (FR_SMALL, FR_BUYER),
    "de-us": (DE, US),
    "de-jp": (DE, JP),
    "fr-person": (FR, DE_PERSON),
    "us-us": (US, {**US, "legal_name": "Slices Inc.", "name": "Slices"}),
    "us-de": (US, DE_BUYER),
    "gb-de": (GB, DE_BUYER),
    "ch-ch": (CH, {**CH, "legal_name": "Museum AG", "name": "Museum"}),
    "ch-de": (CH, DE_BUYER),
    "no-no": (NO, {**NO, "legal_name": "Museet AS", "name": "Museet"}),
    "no-de": (NO, DE_BUYER),
    "ca-us": (CA, US),
    "au-au": (AU, {**AU, "legal_name": "Museum of Slices Ltd", "name": "Museum"}),
    "au-us": (AU, US),
    "in-in": (IN, {**IN, "legal_name": "Museum Ltd", "name": "Museum"}),
    "in-us": (IN, US),
}


def made(name: str, *prices: str, currency: str = "EUR", **changes: object) -> Document:
    """The milestone invoice of a pair of parties, with the tax of the decision table."""
    selling, buying = PAIRS[name]
    decision = decide(tax_party(selling), tax_party(buying), on=ISSUED_ON)
    assert decision is not None, name
    category = Category(decision.category)
    has_reason = category in (Category.EXEMPT, Category.REVERSE_CHARGE, Category.OUTSIDE)
    rate = None if decision.rate is None else str(decision.rate)
    prices = prices or (("333334", "6667") if currency == "JPY" else ("3333.34", "66.67"))
    lines = lines_of(*prices, category=category, rate=rate)
    taxes = taxes_of(
        lines,
        exponent=EXPONENTS.get(currency, 2),
        reason=legend_in(decision.legend, decision.category, language_of(buying))
        if has_reason
        else "",
        code=decision.vatex,
    )
    notes = mentions_of(
        selling["country"], buying["country"], is_business=buying["kind"] == "business"
    )
    if decision.legend and not has_reason:
        notes = (*notes, Note(text=decision.legend))
    values: dict[str, object] = {
        "currency": currency,
        "language": language_of(buying),
        "seller": seller_of(selling),
        "buyer": party_of(buying),
        "taxes": tuple(replace(row, name=decision.name) for row in taxes),
        "notes": notes,
        "references": References(buyer="prj_4b1d9c2e", order="mst_9c2e4b1d"),
    }
    return document(lines=lines, **{**values, **changes})


def kinds_of(invoice: Document) -> dict[str, Document]:
    """The invoice, its credit note, the same billed by the buyer himself, and paid in advance."""
    self_billed = replace(
        invoice, type_code=TypeCode.SELF_BILLED, issued_by="", number="B4YR-2026-00003"
    )
    paid = replace(
        invoice,
        totals=replace(invoice.totals, paid=invoice.totals.gross, due=Decimal(0)),
        payment=Payment(means="97"),
    )
    return {
        "invoice": invoice,
        "credit": credited(invoice),
        "selfbilled": self_billed,
        "selfcredit": credited(self_billed),
        "paid": paid,
        "fee": replace(invoice, issued_by="", number="TRNC-2026-00007"),
    }


def in_part(invoice: Document) -> Document:
    """The same, of which a part was paid when it was issued."""
    totals = replace(invoice.totals, paid=Decimal(1000), due=invoice.totals.gross - 1000)
    return replace(invoice, totals=totals)


def with_contact(invoice: Document) -> Document:
    """The same with whom to ask, as German rules want it."""
    contact = Contact(name="Ada Lovelace", phone="+49 30 1234567", email="ada@lovelace.example")
    return replace(invoice, seller=replace(invoice.seller, contact=contact))


def every_document() -> dict[str, Document]:
    """Each pair of parties, in each kind and currency; paid in advance in euros alone."""
    return {
        f"{pair}.{kind}.{currency}": one
        for pair in PAIRS
        for currency in CURRENCIES
        for kind, one in kinds_of(made(pair, currency=currency)).items()
        if kind != "paid" or currency == "EUR"
    }


def special_documents() -> dict[str, Document]:
    """Profiles that ask for more, and what strains the syntax."""
    german = with_contact(made("de-de"))
    authority = replace(
        german.buyer,
        electronic_address=replace(
            german.buyer.electronic_address, value="04011000-12345-03", scheme="0204"
        ),
    )
    xrechnung = replace(
        german,
        buyer=authority,
        references=References(buyer="04011000-12345-03", order="mst_9c2e4b1d"),
    )
    transfer = Payment(
        means="58",
        iban="DE02120300000000202051",
        bic="BYLADEM1001",
        account_name="Lovelace",
        terms="Net 7",
    )
    return {
        **{f"peppol-de.{kind}": one for kind, one in kinds_of(german).items()},
        **{
            f"xrechnung.{kind}": one
            for kind, one in kinds_of(xrechnung).items()
            if kind in ("invoice", "credit", "paid")
        },
        "xrechnung.transfer": replace(xrechnung, payment=transfer),
        **{
            f"part-paid.{name}": in_part(one)
            for name, one in (("de", german), ("fr", made("fr-fr")), ("nl", made("fr-nl")))
        },
        "emoji": made("de-fr", notes=(Note(text="Merci 🎉 & <à bientôt>\n]]> \x07"),)),
        "transfer": replace(made("fr-nl"), payment=transfer),
        "spanish": replace(made("es-es"), language=Language.SPANISH),
    }


PLATFORM = seller(
    "DE",
    "Tranche Platform GmbH",
    "Rosenthaler Straße 40|10178|Berlin",
    id="platform",
    vat_id="DE111111125",
    register_number="HRB 234567 B",
    electronic_address="DE111111125",
    electronic_address_scheme="9930",
    contact_name="Billing",
    contact_phone="+49 30 7654321",
    contact_email="billing@tranche.example",
)
FREELANCERS: Final = {"de": DE, "fr": FR, "small": DE_SMALL, "us": US, "in": IN, "au": AU}


def fee_of(
    name: str, fee: int, *, withdrawals: int = 0, currency: str = "EUR", **changes: object
) -> Document:
    """The platform's document to a freelancer over so many minor units, with the tax in them."""
    buyer = {**FREELANCERS[name], "tax_status": "", "iban": ""}
    decision = decide(tax_party(PLATFORM), tax_party(buyer), on=ISSUED_ON)
    assert decision is not None, name
    month = ISSUED_ON.replace(day=1)
    charge = FeeCharge(FeeKind.FEE, 1, currency, month, fee, withdrawals)
    values: dict[str, object] = {
        "kind": FeeKind.FEE,
        "number": "TRANCHE-2026-00007",
        "issued_on": date(2026, 12, 1),
        "month": month,
        "currency": currency,
        "seller": PLATFORM,
        "buyer": buyer,
        "decision": decision,
        "sums": fee_sums(charge, decision),
        "numbers": ("K7QM-2026-00012", "K7QM-2026-00013"),
    }
    return fee_document(FeeParts(**{**values, **changes}))


def fee_documents() -> dict[str, Document]:
    """Fees and what went back, to freelancers of each case: 100.05 at 19 % needs a rounding."""
    back = {
        "kind": FeeKind.CREDIT,
        "number": "TRANCHEC-2026-00001",
        "corrects": (("TRANCHE-2026-00007", date(2026, 12, 1)),),
    }
    return {
        f"platform-{name}.{kind}.{currency}": fee_of(
            name, 10005, withdrawals=100, currency=currency, **changes
        )
        for name in FREELANCERS
        for currency in CURRENCIES
        for kind, changes in (("fee", {}), ("back", back))
    } | {"platform-de.rounded": fee_of("de", 10005, currency="USD")}
