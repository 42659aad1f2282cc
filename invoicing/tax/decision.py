"""Which tax an invoice carries: the first rule of the table that fits seller, buyer and day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from invoicing.enums import TaxCategory
from invoicing.tax import legends
from invoicing.tax.parties import TaxParty
from invoicing.tax.rates import standard_rate
from invoicing.tax.rules import RULES, UNION, VERSION, Customer, Place, Rule

CENTRAL_AND_STATE: Final = "CGST + SGST"
INTEGRATED: Final = "IGST"


@dataclass(frozen=True, slots=True)
class Decision:
    """What all lines of an invoice carry, and the rule and version of the table that said so.

    `rate` is in percent, None outside the scope of tax. `legend` has to stand on the document: as
    the reason where no tax is charged (E, AE, O), else as a note.
    """

    category: TaxCategory
    rate: Decimal | None
    rule: str
    name: str = ""
    legend: str = ""
    vatex: str = ""


def decide(seller: TaxParty, buyer: TaxParty, *, on: date) -> Decision | None:
    """The decision for services on that day; None where legal data that it needs are missing.

    Without a decision an invoice carries no tax and is a page only.
    """
    rule = rule_for(seller, buyer, on=on)
    if rule is None or unmet(rule, seller, buyer):
        return None
    decision = _outcome(rule, seller, buyer, on=on)
    if decision.category == TaxCategory.STANDARD and decision.rate is None:
        return None
    return decision


def rule_for(seller: TaxParty, buyer: TaxParty, *, on: date) -> Rule | None:
    """The row of the table that fits; None when too little is known, or the country is not there."""
    if not (seller.country and seller.status and buyer.country and buyer.kind):
        return None
    place, customer = _place(seller, buyer), _customer(buyer)
    zones = {seller.territory, UNION} if seller.is_in_union else {seller.territory}
    return next(
        (
            rule
            for rule in RULES
            if rule.seller in zones
            and seller.status in rule.status
            and place in rule.place
            and customer in rule.customer
            and rule.valid_from <= on
            and (rule.valid_to is None or on <= rule.valid_to)
            and not (rule.is_optional and unmet(rule, seller, buyer))
        ),
        None,
    )


def unmet(rule: Rule, seller: TaxParty, buyer: TaxParty) -> list[str]:
    """Which of the rule's needs are missing; whoever charges tax also has a number for it."""
    values = {
        "seller.vat_id": seller.vat_id,
        "buyer.vat_id": buyer.vat_id,
        "buyer.state": buyer.state,
        "seller.tax_id": seller.vat_id or seller.tax_number,
    }
    charges = rule.category in (TaxCategory.STANDARD, TaxCategory.ZERO)
    needs = (*rule.needs, "seller.tax_id") if charges and not rule.needs else rule.needs
    return [need for need in needs if not values[need]]


def _outcome(rule: Rule, seller: TaxParty, buyer: TaxParty, *, on: date) -> Decision:
    standard = standard_rate(seller.territory, on)
    rates = {
        TaxCategory.STANDARD: standard.percent if standard else None,
        TaxCategory.OUTSIDE: None,
    }
    is_standard = rule.category == TaxCategory.STANDARD
    return Decision(
        category=rule.category,
        rate=rates.get(rule.category, Decimal(0)),
        rule=f"{rule.id}@{VERSION}",
        name=_name(seller, buyer, standard.name) if is_standard and standard else "",
        legend=_legend(rule, seller.territory),
        vatex=_vatex(rule, seller.territory),
    )


def _place(seller: TaxParty, buyer: TaxParty) -> Place:
    if seller.territory == buyer.territory:
        return Place.DOMESTIC
    if seller.is_in_union and buyer.is_in_union:
        return Place.OTHER_MEMBER_STATE
    return Place.ABROAD


def _customer(buyer: TaxParty) -> Customer:
    if not buyer.is_business:
        return Customer.CONSUMER
    return Customer.TAXABLE if buyer.vat_id else Customer.UNPROVEN


def _name(seller: TaxParty, buyer: TaxParty, usual: str) -> str:
    if seller.country != "IN":
        return usual
    return CENTRAL_AND_STATE if seller.state == buyer.state else INTEGRATED


def _legend(rule: Rule, territory: str) -> str:
    if rule.legend == "reverse_charge":
        return legends.reverse_charge(territory)
    if rule.legend == "small_business":
        return legends.small_business(territory)
    if rule.legend == "export_of_india":
        return legends.EXPORT_OF_INDIA
    return rule.legend


def _vatex(rule: Rule, territory: str) -> str:
    """France alone has a code for its small businesses; others give the text."""
    if rule.legend == "small_business" and territory == "FR":
        return "VATEX-FR-FRANCHISE"
    return rule.vatex
