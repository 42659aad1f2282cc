"""Reads of the settings screens."""

from collections.abc import Collection
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.db import connection

from accounts.enums import PartyKind, Role
from accounts.models import (
    ApiToken,
    CommissionerProfile,
    FreelancerProfile,
    LegalParty,
    Logo,
    Organisation,
    User,
)
from common.arrays import bigints
from common.models import LockableQuerySet

LEGAL_FIELDS: Final = (
    "legal_name",
    "street",
    "postcode",
    "city",
    "region",
    "country",
    "vat_id",
    "tax_number",
    "register_number",
    "register_scheme",
    "electronic_address",
    "electronic_address_scheme",
)
PERSONAL_FIELDS: Final = (
    "tax_status",
    "buyer_kind",
    "invoice_iban",
    "contact_phone",
    "contact_email",
)
COPIES: Final = """
SELECT 'seller:' || u.id, accounts_seller_copy(u)::text FROM accounts_user u
WHERE u.id = ANY(%s::bigint[])
UNION ALL
SELECT 'user:' || u.id, accounts_buyer_copy(u)::text FROM accounts_user u
WHERE u.id = ANY(%s::bigint[])
UNION ALL
SELECT 'organisation:' || o.id, accounts_organisation_copy(o)::text FROM accounts_organisation o
WHERE o.id = ANY(%s::bigint[])
"""
_legal_of = attrgetter(*LEGAL_FIELDS)


@dataclass(frozen=True, slots=True)
class Security:
    """How an account is protected."""

    has_two_factor: bool
    addresses: list[EmailAddress]


def staff() -> LockableQuerySet[User]:
    """Those who are told when something needs a person."""
    people: LockableQuerySet[User] = User.objects.filter(is_staff=True, is_active=True)
    return people.order_by("pk")


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
    return dict(zip(LEGAL_FIELDS, _legal_of(party), strict=True))


def person_values(user: User) -> dict[str, str]:
    """The same of a person, with what concerns selling, buying as a person, and being paid."""
    return {**legal_values(user), **{name: getattr(user, name) for name in PERSONAL_FIELDS}}


def seller_copy(user: User) -> dict[str, str]:
    """A seller as an invoice freezes one: text only."""
    return {
        "id": user.public_id,
        "name": user.name,
        **legal_values(user),
        "legal_name": user.legal_name or user.name,
        "kind": PartyKind.BUSINESS,
        "tax_status": user.tax_status,
        "iban": user.invoice_iban,
        "contact_phone": user.contact_phone,
        "contact_email": user.contact_email,
        "logo": user.logo_digest,
    }


def invoice_copies(
    *, sellers: Collection[int], buyers: Collection[int], organisations: Collection[int]
) -> dict[str, str]:
    """These parties as invoices freeze them, in JSON, by `seller:`, `user:` or `organisation:<id>`."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES, [bigints(sellers), bigints(buyers), bigints(organisations)])
        return dict(cursor.fetchall())


def logo_of(user: User) -> Logo | None:
    """The logo on the user's next invoices."""
    return Logo.objects.filter(user=user, digest=user.logo_digest).first()


def organisation_logo_of(user: User) -> Logo | None:
    """The logo on the next invoices that the user's organisation writes itself."""
    organisation = organisation_of(user)
    if organisation is None:
        return None
    return Logo.objects.filter(user=user, digest=organisation.logo_digest).first()


def logo_contents(digests: Collection[str]) -> dict[str, bytes]:
    """The pictures of these logos, by digest."""
    found = Logo.objects.filter(digest__in=digests).values_list("digest", "content")
    return {digest: bytes(content) for digest, content in found}


def buyer_copy(party: User | Organisation) -> dict[str, str]:
    """A buyer as an invoice freezes one. Where a buyer is paid as a seller is nobody's business."""
    return {
        "id": party.public_id,
        "name": party.name,
        **legal_values(party),
        "legal_name": party.legal_name or party.name,
        "kind": PartyKind.BUSINESS if isinstance(party, Organisation) else party.buyer_kind,
        "tax_status": "",
        "iban": "",
        "contact_phone": "",
        "contact_email": "",
        "logo": party.logo_digest,
    }


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
