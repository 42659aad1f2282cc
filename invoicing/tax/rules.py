"""The decision table: one row for each case of the law, the first that fits holds.

A reviewed table, not a program: a row says for which seller, buyer and place it holds, what
follows, and where the law says so. Change a row only together with VERSION; issued invoices keep
the rule and version that made them. Services only: nothing is shipped here, so the categories of
goods (K, G) never come up.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from accounts.enums import TaxStatus
from invoicing.enums import TaxCategory
from invoicing.tax.rates import START

VERSION: Final = "2026-11"
"""Of rates and rules together."""

UNION: Final = "EU"


class Place(StrEnum):
    """Where the buyer is, seen from the seller."""

    DOMESTIC = "domestic"
    OTHER_MEMBER_STATE = "other_member_state"
    ABROAD = "abroad"


class Customer(StrEnum):
    """What the buyer is to the law. In the Union a business proves itself by its VAT number."""

    TAXABLE = "taxable"
    UNPROVEN = "unproven"
    CONSUMER = "consumer"


REGISTERED: Final = frozenset({TaxStatus.REGISTERED})
SMALL: Final = frozenset({TaxStatus.SMALL_BUSINESS})
UNREGISTERED: Final = frozenset({TaxStatus.NOT_REGISTERED})
NOT_CHARGING: Final = SMALL | UNREGISTERED
ANY_STATUS: Final = REGISTERED | NOT_CHARGING
ANY_PLACE: Final = frozenset(Place)
BUSINESS: Final = frozenset({Customer.TAXABLE, Customer.UNPROVEN})
PRIVATE: Final = frozenset({Customer.UNPROVEN, Customer.CONSUMER})
ANYBODY: Final = frozenset(Customer)
DOMESTIC: Final = frozenset({Place.DOMESTIC})
MEMBER_STATE: Final = frozenset({Place.OTHER_MEMBER_STATE})
ABROAD: Final = frozenset({Place.ABROAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. `needs` are fields without which the case cannot be invoiced: seller.vat_id, …

    An optional rule is passed over when a need is missing. `legend` is a sentence, or the name of one that differs by country (see `legends`).
    """

    id: str
    seller: str
    status: frozenset[str]
    place: frozenset[Place] = ANY_PLACE
    customer: frozenset[Customer] = ANYBODY
    category: TaxCategory
    legend: str = ""
    vatex: str = ""
    needs: tuple[str, ...] = ()
    is_optional: bool = False
    source: str
    valid_from: date = START
    valid_to: date | None = None


RULES: Final = (
    Rule(
        id="eu-reverse-charge",
        seller=UNION,
        status=REGISTERED,
        place=MEMBER_STATE,
        customer=frozenset({Customer.TAXABLE}),
        category=TaxCategory.REVERSE_CHARGE,
        legend="reverse_charge",
        vatex="VATEX-EU-AE",
        needs=("seller.vat_id", "buyer.vat_id"),
        source="Directive 2006/112/EC Art. 44, 196, 214 (1) (e), 226 (4), (11a)",
    ),
    Rule(
        id="eu-reverse-charge-small",
        seller=UNION,
        status=SMALL,
        place=MEMBER_STATE,
        customer=frozenset({Customer.TAXABLE}),
        category=TaxCategory.REVERSE_CHARGE,
        legend="reverse_charge",
        vatex="VATEX-EU-AE",
        needs=("seller.vat_id", "buyer.vat_id"),
        is_optional=True,
        source="Directive 2006/112/EC Art. 44, 196, 283 (1) (c): supplied in the other state",
    ),
    Rule(
        id="eu-standard",
        seller=UNION,
        status=REGISTERED,
        place=DOMESTIC,
        category=TaxCategory.STANDARD,
        source="Directive 2006/112/EC Art. 44, 45, 96, 193",
    ),
    Rule(
        id="eu-consumer-in-union",
        seller=UNION,
        status=REGISTERED,
        place=MEMBER_STATE,
        customer=PRIVATE,
        category=TaxCategory.STANDARD,
        source="Directive 2006/112/EC Art. 45; Regulation (EU) 282/2011 Art. 18 (2)",
    ),
    Rule(
        id="eu-small-business",
        seller=UNION,
        status=SMALL,
        place=DOMESTIC | MEMBER_STATE,
        category=TaxCategory.EXEMPT,
        legend="small_business",
        source="Directive 2006/112/EC Art. 284; § 19 UStG; art. 293 B CGI",
    ),
    Rule(
        id="eu-outside-business",
        seller=UNION,
        status=REGISTERED | SMALL,
        place=ABROAD,
        customer=BUSINESS,
        category=TaxCategory.OUTSIDE,
        legend="Outside the scope of EU VAT: Art. 44 of Directive 2006/112/EC, supplied where the "
        "customer is established",
        vatex="VATEX-EU-O",
        source="Directive 2006/112/EC Art. 44",
    ),
    Rule(
        id="eu-outside-consumer",
        seller=UNION,
        status=REGISTERED | SMALL,
        place=ABROAD,
        customer=frozenset({Customer.CONSUMER}),
        category=TaxCategory.OUTSIDE,
        legend="Outside the scope of EU VAT: Art. 59 of Directive 2006/112/EC",
        vatex="VATEX-EU-O",
        source="Directive 2006/112/EC Art. 59 (a)-(c): rights, advertising, consultants, data "
        "processing for somebody outside the Union; work on site is none of these",
    ),
    Rule(
        id="eu-not-registered",
        seller=UNION,
        status=UNREGISTERED,
        category=TaxCategory.OUTSIDE,
        legend="No VAT: the supplier is not registered for VAT",
        vatex="VATEX-EU-O",
        source="Directive 2006/112/EC Art. 9, 203: who is not registered shows no VAT",
    ),
    Rule(
        id="gb-standard",
        seller="GB",
        status=REGISTERED,
        place=DOMESTIC,
        category=TaxCategory.STANDARD,
        source="Value Added Tax Act 1994 s. 2, 4, 7A",
    ),
    Rule(
        id="gb-outside-business",
        seller="GB",
        status=REGISTERED,
        place=ABROAD,
        customer=BUSINESS,
        category=TaxCategory.OUTSIDE,
        legend="Outside the scope of UK VAT: VATA 1994 s. 7A (2) (a), the customer accounts for "
        "any VAT",
        vatex="VATEX-EU-O",
        source="Value Added Tax Act 1994 s. 7A (2) (a)",
    ),
    Rule(
        id="gb-outside-consumer",
        seller="GB",
        status=REGISTERED,
        place=ABROAD,
        customer=frozenset({Customer.CONSUMER}),
        category=TaxCategory.OUTSIDE,
        legend="Outside the scope of UK VAT: VATA 1994 Sch. 4A para. 16",
        vatex="VATEX-EU-O",
        source="Value Added Tax Act 1994 Sch. 4A para. 16: intangible services",
    ),
    Rule(
        id="gb-not-registered",
        seller="GB",
        status=NOT_CHARGING,
        category=TaxCategory.OUTSIDE,
        legend="No VAT: the supplier is not registered for VAT",
        vatex="VATEX-EU-O",
        source="Value Added Tax Act 1994 s. 3, 4, Sch. 1",
    ),
    Rule(
        id="ch-standard",
        seller="CH",
        status=REGISTERED,
        place=DOMESTIC,
        category=TaxCategory.STANDARD,
        source="MWSTG Art. 18, 25 (1)",
    ),
    Rule(
        id="ch-outside",
        seller="CH",
        status=REGISTERED,
        place=ABROAD,
        category=TaxCategory.OUTSIDE,
        legend="Outside the scope of Swiss VAT: Art. 8 (1) MWSTG, supplied where the customer is",
        vatex="VATEX-EU-O",
        source="MWSTG Art. 8 (1)",
    ),
    Rule(
        id="ch-not-registered",
        seller="CH",
        status=NOT_CHARGING,
        category=TaxCategory.OUTSIDE,
        legend="No VAT: the supplier is not registered for VAT",
        vatex="VATEX-EU-O",
        source="MWSTG Art. 10 (2), 27 (1)",
    ),
    Rule(
        id="no-export",
        seller="NO",
        status=REGISTERED,
        place=ABROAD,
        customer=BUSINESS,
        category=TaxCategory.ZERO,
        legend="Zero-rated: merverdiavgiftsloven § 6-22",
        source="merverdiavgiftsloven § 6-22 (2): remote services to a business abroad",
    ),
    Rule(
        id="no-standard",
        seller="NO",
        status=REGISTERED,
        category=TaxCategory.STANDARD,
        source="merverdiavgiftsloven § 3-1, 5-1",
    ),
    Rule(
        id="no-not-registered",
        seller="NO",
        status=NOT_CHARGING,
        category=TaxCategory.OUTSIDE,
        legend="No VAT: the supplier is not registered for VAT",
        vatex="VATEX-EU-O",
        source="merverdiavgiftsloven § 2-1, 15-11",
    ),
    Rule(
        id="us-no-tax",
        seller="US",
        status=ANY_STATUS,
        category=TaxCategory.OUTSIDE,
        legend="No sales tax: professional services",
        vatex="VATEX-EU-O",
        source="No federal tax on sales; most states tax no professional services",
    ),
    Rule(
        id="ca-no-tax",
        seller="CA",
        status=ANY_STATUS,
        category=TaxCategory.OUTSIDE,
        legend="No GST or HST is charged on this invoice",
        vatex="VATEX-EU-O",
        source="Default of the product until Canadian rates are in the table (ETA s. 165)",
    ),
    Rule(
        id="au-gst",
        seller="AU",
        status=REGISTERED,
        place=DOMESTIC,
        category=TaxCategory.STANDARD,
        needs=("seller.vat_id",),
        source="A New Tax System (Goods and Services Tax) Act 1999 s. 9-5, 9-70, 29-70",
    ),
    Rule(
        id="au-export",
        seller="AU",
        status=REGISTERED,
        place=ABROAD,
        category=TaxCategory.ZERO,
        legend="GST-free: supply for use outside Australia (s. 38-190 GST Act)",
        needs=("seller.vat_id",),
        source="A New Tax System (Goods and Services Tax) Act 1999 s. 38-190",
    ),
    Rule(
        id="au-not-registered",
        seller="AU",
        status=NOT_CHARGING,
        category=TaxCategory.OUTSIDE,
        legend="No GST: the supplier is not registered for GST",
        vatex="VATEX-EU-O",
        source="A New Tax System (Goods and Services Tax) Act 1999 s. 9-5 (d)",
    ),
    Rule(
        id="in-gst",
        seller="IN",
        status=REGISTERED,
        place=DOMESTIC,
        category=TaxCategory.STANDARD,
        needs=("seller.vat_id", "buyer.state"),
        source="CGST Act 2017 s. 9; IGST Act 2017 s. 5, 8, 12 (2); Rule 46 CGST Rules",
    ),
    Rule(
        id="in-export",
        seller="IN",
        status=REGISTERED,
        place=ABROAD,
        category=TaxCategory.ZERO,
        legend="export_of_india",
        needs=("seller.vat_id",),
        source="IGST Act 2017 s. 2 (6), 16 (3); Rule 46, 96A CGST Rules",
    ),
    Rule(
        id="in-not-registered",
        seller="IN",
        status=NOT_CHARGING,
        category=TaxCategory.OUTSIDE,
        legend="No GST: the supplier is not registered for GST",
        vatex="VATEX-EU-O",
        source="CGST Act 2017 s. 22, 31 (3) (c)",
    ),
)
