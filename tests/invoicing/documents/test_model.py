from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.documents.model import (
    Category,
    DocumentError,
    Payment,
    Tax,
    Totals,
    TypeCode,
)
from invoicing.documents.stored import UnknownVersion, from_json, to_json
from tests.invoicing.documents.samples import credited, document, lines_of, taxes_of

CENTS = st.integers(1, 10**12).map(lambda cents: str(Decimal(cents).scaleb(-2)))
RATES = st.sampled_from(["5.5", "7", "8.1", "10", "17.5", "19", "20", "21", "25"])


def test_the_worked_example_adds_up():
    invoice = document("3333.34")

    assert invoice.totals == Totals(
        net=Decimal("3333.34"),
        tax=Decimal("633.33"),
        gross=Decimal("3966.67"),
        due=Decimal("3966.67"),
    )


@pytest.mark.parametrize(
    ("price", "rate", "tax"),
    [
        ("0.10", "5", "0.01"),
        ("0.09", "5", "0.00"),
        ("2.50", "5", "0.13"),
        ("100.05", "19", "19.01"),
    ],
)
def test_tax_is_rounded_half_up_on_the_sum(price, rate, tax):
    assert document(price, rate=rate).totals.tax == Decimal(tax)


def test_yen_have_no_decimals():
    invoice = document("33335", rate="10", currency="JPY")

    assert invoice.totals.tax == Decimal(3334)


@given(st.lists(CENTS, min_size=1, max_size=6), RATES)
def test_totals_always_follow_the_rules_of_the_standard(prices, rate):
    totals = document(*prices, rate=rate).totals

    assert totals.net == sum(map(Decimal, prices))
    assert totals.gross == totals.net + totals.tax == totals.due
    assert abs(totals.tax - totals.net * Decimal(rate) / 100) <= Decimal("0.005")


@given(st.lists(CENTS, min_size=1, max_size=3))
def test_a_stored_document_comes_back_as_it_was(prices):
    invoice = document(*prices, paid=True)

    assert from_json(to_json(invoice)) == invoice
    assert to_json(from_json(to_json(invoice))) == to_json(invoice)


def test_a_stored_credit_note_comes_back_as_it_was():
    note = credited(document(category=Category.OUTSIDE, rate=None, reason="Not subject to VAT"))

    assert from_json(to_json(note)) == note


def test_a_stored_document_is_ascii_with_its_version():
    stored = to_json(document())

    assert stored.startswith(b'{"document":{"buyer":')
    assert stored.endswith(b'"version":1}')
    assert b"Torstra\\u00dfe" in stored


def test_a_newer_version_is_refused():
    stored = to_json(document()).replace(b'"version":1', b'"version":2')

    with pytest.raises(UnknownVersion):
        from_json(stored)


def test_a_document_without_tax_is_whole():
    invoice = document(category=None, rate=None)

    assert not invoice.has_tax
    assert invoice.totals.gross == Decimal("3333.34")


def refused(rule, **changes):
    with pytest.raises(DocumentError) as refusal:
        replace(document(), **changes)
    assert refusal.value.rule == rule


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("BR-02", {"number": ""}),
        ("BR-CL-04", {"currency": "XXX"}),
        ("BR-16", {"lines": ()}),
        ("due-date", {"due_on": date(2026, 11, 22)}),
        ("BR-CO-25", {"due_on": None}),
        ("BT-25", {"type_code": TypeCode.CREDIT_NOTE}),
        ("issuer", {"type_code": TypeCode.SELF_BILLED}),
        ("BR-CO-18", {"taxes": ()}),
        ("BR-21", {"lines": document().lines * 2}),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(rule, changes):
    refused(rule, **changes)


@pytest.mark.parametrize(
    ("rule", "part", "amount"),
    [
        ("BR-CO-10", "net", "3333.35"),
        ("BR-CO-14", "tax", "633.34"),
        ("BR-CO-15", "gross", "3966.68"),
        ("BR-CO-16", "due", "3966.66"),
        ("due-amount", "paid", "3966.68"),
    ],
)
def test_totals_that_are_wrong_by_a_cent_are_refused(rule, part, amount):
    changes = {part: Decimal(amount)}
    if part == "paid":
        changes["due"] = Decimal("-0.01")

    refused(rule, totals=replace(document().totals, **changes))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("BR-CO-17", {"amount": Decimal("633.34")}),
        ("BR-S-08", {"base": Decimal("3333.33")}),
        ("BR-S-08", {"rate": Decimal(7)}),
        ("BR-S-10", {"reason": "Exempt"}),
    ],
)
def test_a_breakdown_that_does_not_fit_is_refused(rule, changes):
    refused(rule, taxes=(replace(document().taxes[0], **changes),))


def test_a_line_that_is_not_quantity_times_price_is_refused():
    [line] = document().lines

    refused("PEPPOL-EN16931-R120", lines=(replace(line, quantity=Decimal(2)),))


@pytest.mark.parametrize(
    ("rule", "category", "rate"),
    [
        ("BR-S-05", Category.STANDARD, "0"),
        ("BR-O-05", Category.OUTSIDE, "0"),
        ("BR-AE-05", Category.REVERSE_CHARGE, "19"),
        ("BR-E-05", Category.EXEMPT, None),
        ("BR-E-10", Category.EXEMPT, "0"),
    ],
)
def test_a_rate_that_its_category_does_not_have_is_refused(rule, category, rate):
    with pytest.raises(DocumentError) as refusal:
        document(category=category, rate=rate)
    assert refusal.value.rule == rule


def test_outside_the_scope_is_not_mixed():
    outside = lines_of("1.00", category=Category.OUTSIDE, rate=None)
    lines = (*outside, replace(document().lines[0], id="2"))
    taxes = (
        Tax(category=Category.OUTSIDE, rate=None, base=Decimal(1), amount=Decimal(0), reason="-"),
        *taxes_of(lines[1:]),
    )

    with pytest.raises(DocumentError) as refusal:
        document(lines=lines, taxes=taxes)
    assert refusal.value.rule == "BR-O-11"


def test_amounts_finer_than_the_currency_are_refused():
    refused(
        "BR-DEC",
        totals=replace(document().totals, paid=Decimal("0.005"), due=Decimal("3966.665")),
    )


def test_terms_stand_for_a_due_date():
    invoice = document(due_on=None, payment=Payment(means="68", terms="Within a week"))

    assert invoice.due_on is None


def test_what_is_due_on_the_day_of_issue_is_fine():
    assert document(due_on=date(2026, 11, 23)).due_on - date(2026, 11, 23) == timedelta(0)
