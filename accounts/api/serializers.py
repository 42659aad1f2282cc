"""What the account endpoints take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.enums import PartyKind, Role, Scope, TaxStatus
from accounts.models import User
from accounts.selectors import organisation_of
from common.api.fields import ItemsField, LineField, NumberField, OptionField, TextField
from common.api.serializers import Input, Output

USER = {
    "id": "usr_0b6e1c9d5b4c4f8a9e2b3c4d5e6f7081",
    "email": "ada@example.com",
    "name": "Ada Nwosu",
    "roles": ["freelancer"],
    "currency": "USD",
    "organisation": None,
}


class RegisterInput(Input):
    """The four fields that are enough for the whole path."""

    example = {
        "email": "ada@example.com",
        "password": "a long and private sentence",
        "name": "Ada Nwosu",
        "role": "freelancer",
    }

    email = LineField(max_length=254)
    password = TextField(max_length=128, trim_whitespace=False)
    name = LineField(max_length=120)
    role = OptionField(Role.choices)


class TokenInput(Input):
    """What earns a token."""

    example = {"email": "ada@example.com", "password": "a long and private sentence"}

    email = LineField(max_length=254)
    password = TextField(max_length=128, trim_whitespace=False)
    otp = LineField(max_length=40, required=False, allow_null=True)
    scopes = ItemsField(
        child=OptionField(Scope.choices), longest=len(Scope), allow_empty=False, required=False
    )


class TokenCreateInput(Input):
    """A further token; without `scopes` it has all of the caller's, without `days` thirty."""

    example = {"name": "Bookkeeping", "scopes": ["money:read"], "days": 90}

    name = LineField(max_length=80)
    scopes = ItemsField(
        child=OptionField(Scope.choices), longest=len(Scope), allow_empty=False, required=False
    )
    days = NumberField(min_value=1, max_value=365, required=False)


class LegalInput(Input):
    """What stands on invoices; fields that are left out stay, an empty string clears one."""

    legal_name = LineField(max_length=200, required=False)
    street = LineField(max_length=200, required=False, allow_blank=True)
    postcode = LineField(max_length=20, required=False, allow_blank=True)
    city = LineField(max_length=100, required=False, allow_blank=True)
    region = LineField(max_length=100, required=False, allow_blank=True)
    country = LineField(max_length=2, required=False, allow_blank=True)
    vat_id = LineField(max_length=30, required=False, allow_blank=True)
    tax_number = LineField(max_length=40, required=False, allow_blank=True)
    register_number = LineField(max_length=40, required=False, allow_blank=True)
    register_scheme = LineField(max_length=4, required=False, allow_blank=True)
    electronic_address = LineField(max_length=150, required=False, allow_blank=True)
    electronic_address_scheme = LineField(max_length=4, required=False, allow_blank=True)


class PersonLegalInput(LegalInput):
    """The same of a person: also how one sells, as what one buys, and an IBAN and a contact to
    print on one's invoices.
    """

    example = {
        "street": "Linienstrasse 12",
        "postcode": "10178",
        "city": "Berlin",
        "country": "DE",
        "vat_id": "DE136695976",
        "tax_status": "registered",
    }

    tax_status = OptionField([("", "Not stated"), *TaxStatus.choices], required=False)
    buyer_kind = OptionField([("", "Not stated"), *PartyKind.choices], required=False)
    invoice_iban = LineField(max_length=42, required=False, allow_blank=True)
    contact_phone = LineField(max_length=30, required=False, allow_blank=True)
    contact_email = LineField(max_length=150, required=False, allow_blank=True)


class OrganisationInput(LegalInput):
    """The organisation that one acts for; the first call makes it and needs `name`."""

    example = {"name": "Museum of Slices", "legal_name": "Museum of Slices Ltd", "country": "GB"}

    name = LineField(max_length=200, required=False)


class LegalOutput(Output):
    """Name, address and registrations as the next invoices show them; empty when not given."""

    legal_name = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    country = serializers.CharField()
    vat_id = serializers.CharField()
    tax_number = serializers.CharField()
    register_number = serializers.CharField()
    register_scheme = serializers.CharField()
    electronic_address = serializers.CharField()
    electronic_address_scheme = serializers.CharField()


class PersonLegalOutput(LegalOutput):
    """The same of a person."""

    example = {
        "legal_name": "Ada Nwosu",
        "street": "Linienstrasse 12",
        "postcode": "10178",
        "city": "Berlin",
        "region": "",
        "country": "DE",
        "vat_id": "DE136695976",
        "tax_number": "",
        "register_number": "",
        "register_scheme": "",
        "electronic_address": "",
        "electronic_address_scheme": "",
        "tax_status": "registered",
        "buyer_kind": "",
        "invoice_iban": "",
        "contact_phone": "+49 30 1234567",
        "contact_email": "ada@nwosu.example",
    }

    tax_status = serializers.CharField()
    buyer_kind = serializers.CharField()
    invoice_iban = serializers.CharField()
    contact_phone = serializers.CharField()
    contact_email = serializers.CharField()


class LogoInput(Input):
    """A PNG or JPEG of up to 2 MiB."""

    file = serializers.FileField(max_length=200)


class LogoOutput(Output):
    """The logo as it is printed: a PNG on white, of so many dots."""

    example = {
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "width": 900,
        "height": 300,
    }

    sha256 = serializers.CharField(source="digest")
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class OrganisationOutput(LegalOutput):
    """The legal buyer that a commissioner acts for."""

    example = {
        "id": "org_1c2d3e4f5a6b4c7d8e9f0a1b2c3d4e5f",
        "name": "Museum of Slices",
        "legal_name": "Museum of Slices Ltd",
        "street": "12 St James's Square",
        "postcode": "SW1Y 4JH",
        "city": "London",
        "region": "",
        "country": "GB",
        "vat_id": "GB980780684",
        "tax_number": "",
        "register_number": "",
        "register_scheme": "",
        "electronic_address": "",
        "electronic_address_scheme": "",
    }

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class UserOutput(Output):
    """A person, as that person sees it."""

    example = USER

    id = serializers.CharField(source="public_id")
    email = serializers.EmailField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    currency = serializers.CharField()
    organisation = serializers.SerializerMethodField()

    @extend_schema_field(OrganisationOutput(allow_null=True))
    def get_organisation(self, user: User) -> Any:
        organisation = organisation_of(user)
        return OrganisationOutput(organisation).data if organisation else None


class PartyOutput(Output):
    """A person, as the other side sees it."""

    example = {"id": "usr_0b6e1c9d5b4c4f8a9e2b3c4d5e6f7081", "name": "Ada Nwosu"}

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class NewTokenOutput(Output):
    """A token's secret, shown this once."""

    example = {
        "token": "trn_9Kq0Zx2mB7w4Rt6Yp1Lc8Vn3Hd5Jf0Gs2Aa4Ee6Ii8O",
        "expires_at": "2026-12-23T09:00:00Z",
        "user": USER,
    }

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    user = UserOutput()


class TokenOutput(Output):
    """A token without its secret."""

    example = {
        "id": "tok_4d1f0c6b8a9e4b7c8d2f1a0b3c5e6f70",
        "name": "Bookkeeping",
        "scopes": ["money:read"],
        "created_at": "2026-11-23T09:00:00Z",
        "expires_at": "2027-02-21T09:00:00Z",
        "last_used_at": None,
    }

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class CreatedTokenOutput(TokenOutput):
    """A token with its secret, shown this once."""

    example = {**TokenOutput.example, "token": NewTokenOutput.example["token"]}

    token = serializers.CharField()
