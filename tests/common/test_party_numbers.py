import pytest

from common.countries import COUNTRIES
from common.party_numbers import (
    EU,
    PartyNumberError,
    electronic_address_of,
    iban_of,
    register_number_of,
    tax_number_of,
    vat_id_of,
    vat_prefix,
)


@pytest.mark.parametrize(
    ("country", "text", "stored"),
    [
        ("DE", "DE 136 695 976", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("FR", "FR 40 303265045", "FR40303265045"),
        ("MC", "FR40303265045", "FR40303265045"),
        ("GR", "094259216", "EL094259216"),
        ("AT", "U13585627", "ATU13585627"),
        ("GB", "980 7806 84", "GB980780684"),
        ("IM", "GB980780684", "GB980780684"),
        ("CH", "CHE-107.787.577", "CHE107787577MWST"),
        ("CH", "CHE-107.787.577 TVA", "CHE107787577TVA"),
        ("NO", "995 525 828", "NO995525828MVA"),
        ("NO", "NO995525828MVA", "NO995525828MVA"),
        ("AU", "51 824 753 556", "51824753556"),
        ("IN", "27aapfu0939f1zv", "27AAPFU0939F1ZV"),
        ("CA", "12302 6635 RC 0001", "123026635RC0001"),
        ("NZ", "49-098-576", "49098576"),
        ("BR", "12.345/67", "1234567"),
    ],
)
def test_vat_numbers_have_one_spelling(country, text, stored):
    assert vat_id_of(text, country=country) == stored
    assert vat_id_of(stored, country=country) == stored


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("", "DE136695976", "country_required"),
        ("US", "123", "no_vat_number"),
        ("DE", "DE136695977", "invalid_vat_number"),
        ("FR", "DE136695976", "invalid_vat_number"),
        ("AU", "51824753557", "invalid_vat_number"),
        ("IN", "27AAPFU0939F1ZA", "invalid_vat_number"),
        ("BR", "<b>", "invalid_vat_number"),
    ],
)
def test_what_is_no_vat_number_is_refused(country, text, code):
    with pytest.raises(PartyNumberError) as refusal:
        vat_id_of(text, country=country)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("scheme", "text", "stored"),
    [
        ("0002", "303 265 045", "303265045"),
        ("0183", "CHE-107.787.577", "CHE107787577"),
        ("0208", "0428.759.497", "0428759497"),
        ("", "HRB 12345 B", "HRB 12345 B"),
    ],
)
def test_register_numbers_of_known_registers_are_checked(scheme, text, stored):
    assert register_number_of(text, scheme=scheme) == stored


def test_a_social_security_number_never_gets_onto_an_invoice():
    with pytest.raises(PartyNumberError) as refusal:
        tax_number_of("536-90-4399", country="US")
    assert refusal.value.code == "social_security_number"
    assert tax_number_of("911144442", country="US") == "91-1144442"


@pytest.mark.parametrize(
    ("scheme", "text", "stored"),
    [
        ("9930", "136695976", "DE136695976"),
        ("0088", "4012345000009", "4012345000009"),
        ("EM", "ana@example.com", "ana@example.com"),
        ("0225", "303265045_1", "303265045_1"),
    ],
)
def test_electronic_addresses_follow_their_kind(scheme, text, stored):
    if scheme == "0225":
        with pytest.raises(PartyNumberError):
            electronic_address_of("a b<c>", scheme=scheme)
    assert electronic_address_of(text, scheme=scheme) == stored


def test_ibans_are_checked_to_the_bank_of_their_country():
    assert iban_of("DE89 3704 0044 0532 0130 00") == "DE89370400440532013000"
    with pytest.raises(PartyNumberError):
        iban_of("DE88 3704 0044 0532 0130 00")


def test_the_union_is_made_of_countries():
    assert len(EU) == 27
    assert set(COUNTRIES) >= EU
    assert (vat_prefix("GR"), vat_prefix("FR")) == ("EL", "FR")
