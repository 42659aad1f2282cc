from dataclasses import replace

import pytest

from invoicing.documents.model import Address, Identifier, Payment
from invoicing.documents.rules import gaps
from tests.invoicing.documents.cases import made
from tests.invoicing.documents.samples import document


def terms_of(one):
    return [(gap.side, gap.term) for gap in gaps(one)]


def changed(one, side, **changes):
    return replace(one, **{side: replace(getattr(one, side), **changes)})


def test_a_whole_document_has_no_gap():
    assert gaps(document()) == []


def test_without_a_decision_on_tax_there_is_no_electronic_invoice():
    assert terms_of(document(category=None, rate=None)) == [("document", "BG-23")]


def test_dinars_have_too_many_decimals():
    assert terms_of(document("1.250", currency="KWD")) == [("document", "BT-5")]


@pytest.mark.parametrize(
    ("side", "changes", "term"),
    [
        ("seller", {"legal_name": " "}, "BT-27"),
        ("seller", {"vat_id": "136695976"}, "BT-31"),
        ("seller", {"vat_id": "QQ136695976"}, "BT-31"),
        ("seller", {"vat_id": "", "registration": None}, "BT-30"),
        ("seller", {"electronic_address": Identifier(value="x", scheme="1234")}, "BT-34"),
        ("buyer", {"legal_name": ""}, "BT-44"),
        ("buyer", {"vat_id": "DE 129"}, "BT-48"),
        ("buyer", {"electronic_address": Identifier(value="x", scheme="0000")}, "BT-49"),
    ],
)
def test_what_is_missing_of_a_party_is_named(side, changes, term):
    assert (side, term) in terms_of(changed(document(), side, **changes))


@pytest.mark.parametrize(
    ("side", "part", "term"),
    [
        ("seller", "street", "BT-35"),
        ("seller", "city", "BT-37"),
        ("seller", "country", "BT-40"),
        ("buyer", "city", "BT-52"),
        ("buyer", "country", "BT-55"),
    ],
)
def test_an_address_without_its_parts_is_not_enough(side, part, term):
    one = document()
    address = replace(getattr(one, side).address, **{part: ""})

    assert terms_of(changed(one, side, address=address)) == [(side, term)]
    assert isinstance(address, Address)


def test_a_reverse_charge_names_both_vat_numbers():
    one = made("de-fr")

    assert terms_of(changed(one, "buyer", vat_id="")) == [("buyer", "BT-48")]
    assert ("seller", "BT-31") in terms_of(changed(one, "seller", vat_id=""))


def test_who_charges_tax_has_a_tax_number():
    one = changed(document(), "seller", vat_id="")

    assert terms_of(one) == [("seller", "BT-32")]


@pytest.mark.parametrize(
    "payment", [Payment(means="58"), Payment(means="58", iban="DE02120300000000202052")]
)
def test_a_transfer_needs_a_valid_iban(payment):
    assert terms_of(document(payment=payment)) == [("seller", "BT-84")]
