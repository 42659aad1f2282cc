"""Reads of the settings screens."""

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

from accounts.enums import Role
from accounts.models import (
    ApiToken,
    CommissionerProfile,
    FreelancerProfile,
    LegalParty,
    Organisation,
    User,
)
from common.models import LockableQuerySet

LEGAL_FIELDS = ("legal_name", "street", "postcode", "city", "country", "tax_number")


@dataclass(frozen=True, slots=True)
class Security:
    """How an account is protected."""

    has_two_factor: bool
    addresses: list[EmailAddress]


def freelancer_profile_values(user: User) -> dict[str, Any]:
    """What the freelancer's form starts with."""
    profile = FreelancerProfile.objects.get(user=user)
    return {"headline": profile.headline, "about": profile.about, "skills": profile.skills}


def commissioner_profile_values(user: User) -> dict[str, Any]:
    """What the commissioner's form starts with."""
    profile = CommissionerProfile.objects.get(user=user)
    return {"about": profile.about, "website": profile.website}


def missing_roles(user: User) -> list[Role]:
    """Roles that the user could still take on."""
    return [role for role in Role if role not in user.roles]


def legal_values(party: LegalParty) -> dict[str, str]:
    """What stands on invoices about a person or an organisation."""
    return {name: getattr(party, name) for name in LEGAL_FIELDS}


def organisation_values(user: User) -> dict[str, str]:
    """What the form of the user's organisation starts with; nothing while there is none."""
    organisation = Organisation.objects.filter(owner=user).first()
    return {"name": organisation.name, **legal_values(organisation)} if organisation else {}


def organisation_of(user: User) -> Organisation | None:
    """The organisation that the user acts for."""
    return Organisation.objects.filter(owner=user).first()


def tokens_of(user: User) -> LockableQuerySet[ApiToken]:
    """The user's tokens that were not revoked, newest first; expired ones too."""
    tokens = ApiToken.objects.filter(user=user, revoked_at__isnull=True)
    return tokens.order_by("-created_at", "-pk")


def security_of(user: User) -> Security:
    """The second factor and the addresses of an account."""
    return Security(
        has_two_factor=is_mfa_enabled(user, [Authenticator.Type.TOTP]),
        addresses=list(EmailAddress.objects.filter(user=user).order_by("-primary", "email")),
    )
