import pytest

from accounts import selectors, services
from accounts.models import AuditEvent, Organisation
from common.exceptions import Invalid, PermissionRefused
from tests.factories import AT

pytestmark = pytest.mark.django_db

LEGAL = {
    "legal_name": "Ana Lima Lda.",
    "street": "Rua Augusta 1",
    "postcode": "1100-048",
    "city": "Lisboa",
    "country": "PT",
    "tax_number": "PT123456789",
}
GERMAN = {
    "legal_name": "Ana Lima",
    "street": "Linienstrasse 12",
    "postcode": "10178",
    "city": "Berlin",
    "country": "DE",
    "vat_id": "de 136 695 976",
    "tax_number": "181/815/08155",
    "register_number": "HRB 12345 B",
    "electronic_address": "DE136695976",
    "electronic_address_scheme": "9930",
    "tax_status": "registered",
    "invoice_iban": "DE89 3704 0044 0532 0130 00",
}


def refusals(changes, by):
    with pytest.raises(Invalid) as refusal:
        services.legal_data_update(changes=changes, by=by, at=AT)
    return {(error.field, error.code) for error in refusal.value.errors}


def test_legal_data_update_saves_and_audits(freelancer):
    services.legal_data_update(changes=LEGAL, by=freelancer, at=AT)

    freelancer.refresh_from_db()
    assert freelancer.legal_name == "Ana Lima Lda."
    assert (freelancer.postcode, freelancer.city, freelancer.country) == (
        "1100-048",
        "Lisboa",
        "PT",
    )
    event = AuditEvent.objects.get()
    assert event.event == "user.legal_data_updated"
    assert event.after["tax_number"] == "PT123456789"


def test_numbers_are_kept_in_one_spelling(freelancer):
    user = services.legal_data_update(changes=GERMAN, by=freelancer, at=AT)

    assert user.vat_id == "DE136695976"
    assert user.invoice_iban == "DE89370400440532013000"
    assert user.register_number == "HRB 12345 B"


def test_what_is_left_out_stays_and_what_is_empty_goes(freelancer):
    services.legal_data_update(changes=GERMAN, by=freelancer, at=AT)

    user = services.legal_data_update(changes={"tax_number": ""}, by=freelancer, at=AT)

    assert (user.vat_id, user.tax_number, user.city) == ("DE136695976", "", "Berlin")


def test_the_same_again_is_no_event(freelancer):
    services.legal_data_update(changes=GERMAN, by=freelancer, at=AT)

    services.legal_data_update(changes=GERMAN, by=freelancer, at=AT)

    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"legal_name": " "}, {("legal_name", "blank")}),
        ({"country": "ZZ"}, {("country", "invalid_choice")}),
        ({"country": "", "vat_id": "DE136695976"}, {("vat_id", "country_required")}),
        ({"country": "US", "vat_id": "1"}, {("vat_id", "no_vat_number")}),
        ({"country": "FR", "vat_id": "DE136695976"}, {("vat_id", "invalid_vat_number")}),
        ({"country": "DE", "vat_id": "DE136695977"}, {("vat_id", "invalid_vat_number")}),
        (
            {"country": "US", "tax_number": "536-90-4399"},
            {("tax_number", "social_security_number")},
        ),
        ({"country": "DE", "tax_number": "1"}, {("tax_number", "invalid_tax_number")}),
        ({"register_scheme": "0002"}, {("register_number", "required")}),
        (
            {"register_scheme": "0002", "register_number": "303265046"},
            {("register_number", "invalid_register_number")},
        ),
        (
            {"register_scheme": "9999", "register_number": "1"},
            {("register_number", "invalid_register_scheme")},
        ),
        (
            {"electronic_address": "ana@example.com"},
            {("electronic_address_scheme", "required")},
        ),
        ({"electronic_address_scheme": "EM"}, {("electronic_address", "required")}),
        (
            {"electronic_address_scheme": "9930", "electronic_address": "DE1"},
            {("electronic_address", "invalid_electronic_address")},
        ),
        ({"invoice_iban": "DE00370400440532013000"}, {("invoice_iban", "invalid_iban")}),
        ({"contact_phone": "call me"}, {("contact_phone", "invalid_phone")}),
        ({"contact_phone": "12"}, {("contact_phone", "invalid_phone")}),
        ({"contact_phone": "٠٣٠١٢٣"}, {("contact_phone", "invalid_phone")}),
        ({"contact_email": "ana at example.com"}, {("contact_email", "invalid_email")}),
        ({"tax_status": "rich"}, {("tax_status", "invalid_choice")}),
        ({"buyer_kind": "state"}, {("buyer_kind", "invalid_choice")}),
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_changes(freelancer, changes, refused):
    assert refusals(changes, freelancer) == refused

    assert AuditEvent.objects.count() == 0


def test_every_field_that_is_wrong_is_named_at_once(freelancer):
    changes = {"legal_name": "", "invoice_iban": "x", "country": "DE", "vat_id": "1"}

    assert refusals(changes, freelancer) == {
        ("legal_name", "blank"),
        ("invoice_iban", "invalid_iban"),
        ("vat_id", "invalid_vat_number"),
    }


def test_other_columns_cannot_be_changed_this_way(freelancer):
    with pytest.raises(ValueError, match="is_staff"):
        services.legal_data_update(changes={"is_staff": "1"}, by=freelancer, at=AT)


def test_organisation_is_created_once_and_then_changed(commissioner):
    first = services.organisation_save(changes={"name": "Museum", **LEGAL}, by=commissioner, at=AT)
    second = services.organisation_save(changes={"name": "The Museum"}, by=commissioner, at=AT)

    assert first.pk == second.pk
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.owner) == ("The Museum", commissioner)
    assert organisation.city == "Lisboa"
    assert list(AuditEvent.objects.order_by("pk").values_list("event", flat=True)) == [
        "organisation.created",
        "organisation.updated",
    ]


def test_an_organisation_has_a_name_and_by_default_the_same_legal_name(commissioner):
    with pytest.raises(Invalid):
        services.organisation_save(changes={"city": "Bergen"}, by=commissioner, at=AT)

    organisation = services.organisation_save(changes={"name": "Museum"}, by=commissioner, at=AT)

    assert organisation.legal_name == "Museum"


def test_only_commissioners_act_for_an_organisation(freelancer):
    with pytest.raises(PermissionRefused):
        services.organisation_save(changes={"name": "Museum", **LEGAL}, by=freelancer, at=AT)

    assert Organisation.objects.count() == 0


def test_copies_say_what_each_side_may_know(commissioner, freelancer):
    seller = services.legal_data_update(changes=GERMAN, by=freelancer, at=AT)
    organisation = services.organisation_save(changes={"name": "Museum"}, by=commissioner, at=AT)

    sold, bought = selectors.seller_copy(seller), selectors.buyer_copy(seller)

    assert (sold["iban"], sold["tax_status"], sold["kind"]) == (
        "DE89370400440532013000",
        "registered",
        "business",
    )
    assert (bought["iban"], bought["tax_status"], bought["kind"]) == ("", "", "")
    assert selectors.buyer_copy(organisation)["kind"] == "business"
    assert sold.keys() == bought.keys()
