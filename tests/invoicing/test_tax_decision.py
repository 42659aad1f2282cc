"""The decision table, case by case (einvoice.md §3.4 and §3.7)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.enums import TaxStatus
from accounts.selectors import LEGAL_FIELDS
from common.party_numbers import EU
from invoicing.enums import TaxCategory
from invoicing.tax import VERSION, decide, decision, tax_party
from invoicing.tax.decision import rule_for
from invoicing.tax.rates import RATES, standard_rate
from invoicing.tax.rules import RULES

TODAY = date(2026, 11, 23)
REGISTERED, SMALL, NOT = TaxStatus
IDS = {
    "DE": "DE136695976",
    "FR": "FR40303265045",
    "GB": "GB980780684",
    "CH": "CHE107787577MWST",
    "NO": "NO995525828MVA",
    "AU": "51824753556",
    "IN": "27AAPFU0939F1ZV",
}


def copy(**changes):
    nothing = dict.fromkeys((*LEGAL_FIELDS, "tax_status", "kind", "iban"), "")
    return {**nothing, **changes}


def seller(country, status=REGISTERED, **changes):
    values = {"country": country, "tax_status": status, "kind": "business"}
    return tax_party(copy(**{"vat_id": IDS.get(country, ""), **values, **changes}))


def buyer(country, *, has_id=True, kind="business", **changes):
    vat_id = IDS.get(country, "") if has_id and kind == "business" else ""
    return tax_party(copy(**{"vat_id": vat_id, "country": country, "kind": kind, **changes}))


CASES = [
    # seller, buyer, category, rate, rule, VATEX, words of the legend
    (seller("DE"), buyer("DE"), "S", "19", "eu-standard", "", ""),
    (seller("DE"), buyer("DE", kind="consumer"), "S", "19", "eu-standard", "", ""),
    (seller("FR"), buyer("FR"), "S", "20", "eu-standard", "", ""),
    (
        seller("DE", vat_id="", tax_number="181/815/08155"),
        buyer("DE"),
        "S",
        "19",
        "eu-standard",
        "",
        "",
    ),
    (
        seller("DE"),
        buyer("FR"),
        "AE",
        "0",
        "eu-reverse-charge",
        "VATEX-EU-AE",
        "Reverse charge (Steuerschuldnerschaft des Leistungsempfängers)",
    ),
    (
        seller("FR"),
        buyer("DE"),
        "AE",
        "0",
        "eu-reverse-charge",
        "VATEX-EU-AE",
        "Reverse charge (Autoliquidation)",
    ),
    (seller("DE"), buyer("FR", has_id=False), "S", "19", "eu-consumer-in-union", "", ""),
    (seller("DE"), buyer("FR", kind="consumer"), "S", "19", "eu-consumer-in-union", "", ""),
    (
        seller("DE"),
        buyer("US"),
        "O",
        None,
        "eu-outside-business",
        "VATEX-EU-O",
        "Art. 44",
    ),
    (
        seller("DE"),
        buyer("GB", kind="consumer"),
        "O",
        None,
        "eu-outside-consumer",
        "VATEX-EU-O",
        "Art. 59",
    ),
    (seller("DE", SMALL), buyer("DE"), "E", "0", "eu-small-business", "", "§ 19 UStG"),
    (
        seller("FR", SMALL, vat_id=""),
        buyer("FR"),
        "E",
        "0",
        "eu-small-business",
        "VATEX-FR-FRANCHISE",
        "TVA non applicable, art. 293 B du CGI",
    ),
    (
        seller("DE", SMALL, vat_id=""),
        buyer("FR"),
        "E",
        "0",
        "eu-small-business",
        "",
        "§ 19 UStG",
    ),
    (
        seller("DE", SMALL),
        buyer("FR"),
        "AE",
        "0",
        "eu-reverse-charge-small",
        "VATEX-EU-AE",
        "Reverse charge",
    ),
    (
        seller("LV", SMALL, vat_id=""),
        buyer("LV"),
        "E",
        "0",
        "eu-small-business",
        "",
        "Art. 284",
    ),
    (
        seller("DE", NOT, vat_id=""),
        buyer("DE"),
        "O",
        None,
        "eu-not-registered",
        "VATEX-EU-O",
        "not registered",
    ),
    (seller("GB"), buyer("GB"), "S", "20", "gb-standard", "", ""),
    (seller("GB"), buyer("DE"), "O", None, "gb-outside-business", "VATEX-EU-O", "s. 7A (2) (a)"),
    (
        seller("GB"),
        buyer("DE", kind="consumer"),
        "O",
        None,
        "gb-outside-consumer",
        "VATEX-EU-O",
        "Sch. 4A",
    ),
    (
        seller("GB", NOT, vat_id=""),
        buyer("GB"),
        "O",
        None,
        "gb-not-registered",
        "VATEX-EU-O",
        "not registered",
    ),
    (seller("CH"), buyer("CH"), "S", "8.1", "ch-standard", "", ""),
    (seller("CH"), buyer("DE"), "O", None, "ch-outside", "VATEX-EU-O", "Art. 8 (1) MWSTG"),
    (
        seller("CH", SMALL, vat_id=""),
        buyer("CH"),
        "O",
        None,
        "ch-not-registered",
        "VATEX-EU-O",
        "not registered",
    ),
    (seller("NO"), buyer("NO"), "S", "25", "no-standard", "", ""),
    (seller("NO"), buyer("DE"), "Z", "0", "no-export", "", "§ 6-22"),
    (seller("NO"), buyer("DE", kind="consumer"), "S", "25", "no-standard", "", ""),
    (
        seller("NO", NOT, vat_id=""),
        buyer("NO"),
        "O",
        None,
        "no-not-registered",
        "VATEX-EU-O",
        "not registered",
    ),
    (seller("US", NOT), buyer("US"), "O", None, "us-no-tax", "VATEX-EU-O", "sales tax"),
    (seller("US"), buyer("DE"), "O", None, "us-no-tax", "VATEX-EU-O", "sales tax"),
    (seller("CA"), buyer("CA"), "O", None, "ca-no-tax", "VATEX-EU-O", "GST or HST"),
    (seller("AU"), buyer("AU"), "S", "10", "au-gst", "", ""),
    (seller("AU"), buyer("US"), "Z", "0", "au-export", "", "GST-free"),
    (seller("AU", NOT), buyer("AU"), "O", None, "au-not-registered", "VATEX-EU-O", "No GST"),
    (seller("IN"), buyer("IN"), "S", "18", "in-gst", "", ""),
    (seller("IN"), buyer("US"), "Z", "0", "in-export", "", "LETTER OF UNDERTAKING"),
    (
        seller("IN", NOT, vat_id=""),
        buyer("IN"),
        "O",
        None,
        "in-not-registered",
        "VATEX-EU-O",
        "not registered",
    ),
]


@pytest.mark.parametrize(("sells", "buys", "category", "rate", "rule", "vatex", "words"), CASES)
def test_each_case_has_its_rule(sells, buys, category, rate, rule, vatex, words):
    decision = decide(sells, buys, on=TODAY)

    assert decision is not None
    assert (decision.category, decision.rate) == (category, Decimal(rate) if rate else None)
    assert decision.rule == f"{rule}@{VERSION}"
    assert decision.vatex == vatex
    assert words in decision.legend
    assert bool(decision.legend) == bool(words)


def test_a_tax_that_is_not_charged_has_no_name():
    assert decide(seller("AU"), buyer("AU"), on=TODAY).name == "GST"
    assert decide(seller("AU", NOT), buyer("AU"), on=TODAY).name == ""


def test_a_rule_holds_from_its_first_to_its_last_day(monkeypatch):
    rule = next(rule for rule in RULES if rule.id == "eu-standard")
    only_today = replace(rule, valid_from=TODAY, valid_to=TODAY)
    monkeypatch.setattr(decision, "RULES", [only_today])

    days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
    found = [rule_for(seller("DE"), buyer("DE"), on=on) for on in days]

    assert found == [None, only_today, None]


def test_every_rule_has_a_case():
    assert {rule.id for rule in RULES} == {case[4] for case in CASES}


@pytest.mark.parametrize(
    ("sells", "buys"),
    [
        (seller(""), buyer("DE")),
        (seller("DE", ""), buyer("DE")),
        (seller("DE"), buyer("")),
        (seller("DE"), buyer("DE", kind="")),
        (seller("DE", vat_id=""), buyer("DE")),
        (seller("DE", vat_id="", tax_number="181/815/08155"), buyer("FR")),
        (seller("AU", vat_id="", tax_number="1"), buyer("AU")),
        (seller("IN"), buyer("IN", has_id=False)),
        (seller("JP"), buyer("JP")),
    ],
)
def test_without_the_legal_data_that_a_case_needs_nothing_is_decided(sells, buys):
    assert decide(sells, buys, on=TODAY) is None


def test_a_day_before_the_table_has_no_decision():
    assert decide(seller("DE"), buyer("DE"), on=date(2023, 12, 31)) is None


@pytest.mark.parametrize(
    ("country", "on", "percent"),
    [
        ("EE", date(2025, 6, 30), "22"),
        ("EE", date(2025, 7, 1), "24"),
        ("FI", date(2024, 8, 31), "24"),
        ("FI", date(2024, 9, 1), "25.5"),
        ("RO", date(2025, 7, 31), "19"),
        ("RO", date(2025, 8, 1), "21"),
        ("SK", date(2024, 12, 31), "20"),
        ("SK", date(2025, 1, 1), "23"),
    ],
)
def test_rates_are_those_of_the_day(country, on, percent):
    rate = standard_rate(country, on)

    assert rate is not None
    assert rate.percent == Decimal(percent)


def test_every_member_state_has_a_rate():
    assert {rate.country for rate in RATES} >= EU
    assert len({(rate.country, rate.valid_from) for rate in RATES}) == len(RATES)


def test_one_vat_territory_is_domestic():
    decision = decide(seller("FR"), buyer("MC", has_id=False), on=TODAY)

    assert decision is not None
    assert (decision.rule, decision.rate) == (f"eu-standard@{VERSION}", Decimal(20))


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ({"vat_id": "27AAACR5055K1Z7"}, "CGST + SGST"),
        ({"vat_id": "29AAACR5055K1Z3"}, "IGST"),
        ({"vat_id": "", "region": "Maharashtra"}, "CGST + SGST"),
        ({"vat_id": "", "region": "Jammu & Kashmir"}, "IGST"),
    ],
)
def test_india_has_two_taxes_within_a_state_and_one_between_states(state, name):
    decision = decide(seller("IN"), buyer("IN", **state), on=TODAY)

    assert decision is not None
    assert (decision.name, decision.rate) == (name, Decimal(18))


def test_what_is_taxed_names_the_tax_where_it_is_not_vat():
    decision = decide(seller("AU"), buyer("AU"), on=TODAY)

    assert decision is not None
    assert decision.name == "GST"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_is_complete(rule):
    assert rule.source
    is_charged = rule.category in (TaxCategory.STANDARD,)
    assert bool(rule.legend) == (not is_charged)
    assert bool(rule.vatex) == (rule.category in (TaxCategory.REVERSE_CHARGE, TaxCategory.OUTSIDE))
