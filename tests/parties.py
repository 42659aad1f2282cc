"""Legal data of people for tests of tax, given through the services."""

from accounts.models import Organisation, User
from accounts.services import legal_data_update, organisation_save
from tests.factories import AT, CommissionerFactory, FreelancerFactory

GERMAN = {
    "legal_name": "Fred's Studio GmbH",
    "street": "Torstrasse 140",
    "postcode": "10119",
    "city": "Berlin",
    "country": "DE",
    "vat_id": "DE136695976",
}
REACHABLE = {
    **GERMAN,
    "electronic_address": "DE136695976",
    "electronic_address_scheme": "9930",
    "contact_phone": "+49 (30) 1234-567",
    "contact_email": "fred@studio.example",
}
"""A German with whom to ask, and an address in Peppol."""
AUTHORITY = {"electronic_address": "04011000-12345-03", "electronic_address_scheme": "0204"}
"""The Leitweg-ID of a German authority."""
FRENCH = {
    "legal_name": "Musée des Tranches SAS",
    "street": "Rue de Rivoli 1",
    "postcode": "75001",
    "city": "Paris",
    "country": "FR",
    "vat_id": "FR40303265045",
}
INDIAN = {
    "legal_name": "Asha Rao",
    "street": "Hill Road 2",
    "postcode": "400050",
    "city": "Mumbai",
    "region": "Maharashtra",
    "country": "IN",
    "vat_id": "27AAPFU0939F1ZV",
}

AUSTRALIAN = {
    "legal_name": "Slices Pty Ltd",
    "street": "George Street 1",
    "postcode": "2000",
    "city": "Sydney",
    "region": "NSW",
    "country": "AU",
    "vat_id": "51824753556",
}
BRITISH = {
    "legal_name": "Slices Ltd",
    "street": "Cornmarket Street 1",
    "postcode": "OX1 3EX",
    "city": "Oxford",
    "country": "GB",
    "vat_id": "GB220430231",
}


def seller(legal=GERMAN, *, status="registered", user: User | None = None) -> User:
    user = user or FreelancerFactory(name="Fred Freelancer")
    return legal_data_update(changes={**legal, "tax_status": status}, by=user, at=AT)


def buyer(legal=GERMAN, *, kind="business", user: User | None = None) -> User:
    user = user or CommissionerFactory(name="Clara Commissioner")
    return legal_data_update(changes={**legal, "buyer_kind": kind}, by=user, at=AT)


def organisation(legal=FRENCH, *, owner: User | None = None) -> Organisation:
    owner = owner or CommissionerFactory(name="Clara Commissioner")
    return organisation_save(changes={"name": "Museum", **legal}, by=owner, at=AT)
