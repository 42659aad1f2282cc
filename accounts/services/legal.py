"""What stands on invoices about people and organisations, checked before it is kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts import audit, policies
from accounts.enums import PartyKind, TaxStatus
from accounts.models import Organisation, User
from accounts.selectors import (
    LEGAL_FIELDS,
    PERSONAL_FIELDS,
    organisation_values,
    person_values,
)
from accounts.services.changes import change_and_audit, locked_user
from common.countries import COUNTRIES
from common.exceptions import FieldError, Invalid
from common.party_numbers import (
    PartyNumberError,
    electronic_address_of,
    iban_of,
    mail_of,
    phone_of,
    register_number_of,
    tax_number_of,
    vat_id_of,
)

CHOICES: Final[dict[str, tuple[str, list[str]]]] = {
    "country": ("Choose one of the countries.", list(COUNTRIES)),
    "tax_status": ("Choose one of the tax statuses.", list(TaxStatus.values)),
    "buyer_kind": ("Say whether you buy for a business or as a person.", list(PartyKind.values)),
}
STORED: Final = frozenset({"name", *LEGAL_FIELDS, *PERSONAL_FIELDS})
PAIRS: Final = (
    ("register_scheme", "register_number", "Give the number of this register."),
    ("electronic_address_scheme", "electronic_address", "Give the address of this kind."),
    ("electronic_address", "electronic_address_scheme", "Choose the kind of this address."),
)
"""Fields that make no sense without another one."""


def legal_data_checked(given: Mapping[str, str]) -> dict[str, str]:
    """The values in their stored spelling. Invalid names each field that cannot be accepted."""
    if not given.keys() <= STORED:
        raise ValueError(f"unknown fields {sorted(given.keys() - STORED)}")
    values = {name: " ".join(value.split()) for name, value in given.items()}
    errors = [
        FieldError(name, "invalid_choice", words)
        for name, (words, choices) in CHOICES.items()
        if values.get(name) and values[name] not in choices
    ]
    if not values["legal_name"]:
        errors.append(FieldError("legal_name", "blank", "Give the name that the law knows."))
    errors += [
        FieldError(other, "required", words)
        for name, other, words in PAIRS
        if values[name] and not values[other]
    ]
    refused = {error.field for error in errors}
    for name, check in _checks(values).items():
        if not values.get(name) or refused & {name, "country", f"{name}_scheme"}:
            continue
        try:
            values[name] = check(values[name])
        except PartyNumberError as error:
            errors.append(FieldError(name, error.code, str(error)))
    if errors:
        raise Invalid(errors)
    return values


def _checks(values: Mapping[str, str]) -> dict[str, Callable[[str], str]]:
    country = values["country"]
    return {
        "vat_id": lambda text: vat_id_of(text, country=country),
        "tax_number": lambda text: tax_number_of(text, country=country),
        "register_number": lambda text: register_number_of(text, scheme=values["register_scheme"]),
        "electronic_address": lambda text: electronic_address_of(
            text, scheme=values["electronic_address_scheme"]
        ),
        "invoice_iban": iban_of,
        "contact_phone": phone_of,
        "contact_email": mail_of,
    }


@transaction.atomic
def legal_data_update(*, changes: Mapping[str, str], by: User, at: datetime) -> User:
    """Change what the next invoices say about oneself; issued ones keep their copy.

    `changes` names fields of `person_values`; the others stay. Invalid.
    """
    user = locked_user(by.pk)
    values = legal_data_checked({**person_values(user), **changes})
    change_and_audit(user, values, event="user.legal_data_updated", target=user, by=by, at=at)
    return user


@transaction.atomic
def organisation_save(*, changes: Mapping[str, str], by: User, at: datetime) -> Organisation:
    """Name the organisation that a commissioner acts for, or change it. One per person.

    `changes` names fields of `organisation_values`; the others stay. Without a legal name it is
    the name. Invalid, PermissionRefused.
    """
    user = locked_user(by.pk)
    policies.require(
        policies.may_act_for_organisation(user), "Only commissioners act for an organisation."
    )
    merged = {**dict.fromkeys(("name", *LEGAL_FIELDS), ""), **organisation_values(user), **changes}
    merged["legal_name"] = merged["legal_name"].strip() or merged["name"]
    if not merged["name"].strip():
        raise Invalid([FieldError("name", "blank", "Give the name of the organisation.")])
    values = legal_data_checked(merged)
    organisation = Organisation.objects.filter(owner=user).first()
    if organisation is not None:
        change_and_audit(
            organisation, values, event="organisation.updated", target=organisation, by=by, at=at
        )
        return organisation
    organisation = Organisation.objects.create(owner=user, created_at=at, **values)
    audit.record(
        audit.Record(event="organisation.created", target=organisation, after=values), by=by, at=at
    )
    return organisation
