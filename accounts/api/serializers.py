"""What the account endpoints take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.enums import Role, Scope
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


class TokenCreateInput(Input):
    """A further token; without `scopes` it has all of the caller's, without `days` thirty."""

    example = {"name": "Bookkeeping", "scopes": ["money:read"], "days": 90}

    name = LineField(max_length=80)
    scopes = ItemsField(
        child=OptionField(Scope.choices), longest=len(Scope), allow_empty=False, required=False
    )
    days = NumberField(min_value=1, max_value=365, required=False)


class OrganisationOutput(Output):
    """The legal buyer that a commissioner acts for."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    legal_name = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()
    tax_number = serializers.CharField()


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
