"""The logos that stand on invoices: of whoever writes them, and the platform's on those for its fees."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts import policies
from accounts.models import Logo, Organisation, User
from accounts.policies import require
from accounts.services.changes import change_and_audit, locked_user
from common.exceptions import FieldError, Invalid, Missing
from common.images import ImageError, Picture, plain_picture

WIDTH: Final = 900
HEIGHT: Final = 300
"""In pixels: 300 dots an inch at the size in which it is printed."""


@transaction.atomic
def logo_save(*, content: bytes, by: User, at: datetime) -> Logo:
    """Put this picture on the next invoices; issued ones keep theirs.

    It is written anew, on white and without what came along with it. Invalid for what is no PNG
    or JPEG, or too large; PermissionRefused for who is no freelancer.
    """
    require(by.is_freelancer, "Only freelancers put a logo on their invoices.")
    picture = _picture(content)
    user = locked_user(by.pk)
    logo = _kept(user, picture, at=at)
    change_and_audit(
        user, {"logo_digest": logo.digest}, event="user.logo_changed", target=user, by=by, at=at
    )
    return logo


@transaction.atomic
def organisation_logo_save(*, content: bytes, by: User, at: datetime) -> Logo:
    """Put this picture on the next invoices that one's organisation writes itself.

    Issued ones keep theirs. Invalid and PermissionRefused as for one's own; Missing while there is
    no organisation.
    """
    picture = _picture(content)
    organisation = _locked_organisation(by)
    logo = _kept(by, picture, at=at)
    _organisation_logo_change(organisation, logo.digest, by=by, at=at)
    return logo


@transaction.atomic
def organisation_logo_remove(*, by: User, at: datetime) -> None:
    """Leave the logo off the next invoices of one's organisation; nothing where there is none."""
    _organisation_logo_change(_locked_organisation(by), "", by=by, at=at)


def _locked_organisation(by: User) -> Organisation:
    user = locked_user(by.pk)
    policies.require(
        policies.may_act_for_organisation(user), "Only commissioners act for an organisation."
    )
    organisation = Organisation.objects.filter(owner=user).first()
    if organisation is None:
        raise Missing("There is no organisation yet: name it first.")
    return organisation


def _organisation_logo_change(
    organisation: Organisation, digest: str, *, by: User, at: datetime
) -> None:
    change_and_audit(
        organisation,
        {"logo_digest": digest},
        event="organisation.logo_changed",
        target=organisation,
        by=by,
        at=at,
    )


def _picture(content: bytes) -> Picture:
    try:
        return plain_picture(content, width=WIDTH, height=HEIGHT)
    except ImageError as error:
        raise Invalid([FieldError("file", "invalid_image", str(error))]) from error


@transaction.atomic
def platform_logo(*, at: datetime) -> str:
    """The SHA-256 of the logo that PLATFORM_LOGO names, kept on first use; "" for none.

    ImproperlyConfigured for a file that is no such picture.
    """
    if not settings.PLATFORM_LOGO:
        return ""
    try:
        content = Path(settings.PLATFORM_LOGO).read_bytes()
        picture = plain_picture(content, width=WIDTH, height=HEIGHT)
    except (OSError, ImageError) as error:
        raise ImproperlyConfigured(f"PLATFORM_LOGO: {error}") from error
    return _kept(None, picture, at=at).digest


def _kept(user: User | None, picture: Picture, *, at: datetime) -> Logo:
    logo, _ = Logo.objects.get_or_create(
        user=user,
        digest=hashlib.sha256(picture.content).hexdigest(),
        defaults={
            "content": picture.content,
            "width": picture.width,
            "height": picture.height,
            "uploaded_at": at,
        },
    )
    return logo


@transaction.atomic
def logo_remove(*, by: User, at: datetime) -> None:
    """Leave the logo off the next invoices; nothing for who has none."""
    user = locked_user(by.pk)
    change_and_audit(
        user, {"logo_digest": ""}, event="user.logo_changed", target=user, by=by, at=at
    )
