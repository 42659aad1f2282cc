"""The logo that stands on a freelancer's invoices."""

import hashlib
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import Logo, User
from accounts.services.changes import change_and_audit, locked_user
from common.exceptions import FieldError, Invalid
from common.images import ImageError, plain_picture

WIDTH: Final = 900
HEIGHT: Final = 300
"""In pixels: 300 dots an inch at the size in which it is printed."""


@transaction.atomic
def logo_save(*, content: bytes, by: User, at: datetime) -> Logo:
    """Put this picture on the next invoices; issued ones keep theirs.

    It is written anew, on white and without what came along with it. Invalid for what is no PNG
    or JPEG, or too large.
    """
    try:
        picture = plain_picture(content, width=WIDTH, height=HEIGHT)
    except ImageError as error:
        raise Invalid([FieldError("file", "invalid_image", str(error))]) from error
    user = locked_user(by.pk)
    digest = hashlib.sha256(picture.content).hexdigest()
    logo, _ = Logo.objects.get_or_create(
        user=user,
        digest=digest,
        defaults={
            "content": picture.content,
            "width": picture.width,
            "height": picture.height,
            "uploaded_at": at,
        },
    )
    change_and_audit(
        user, {"logo_digest": digest}, event="user.logo_changed", target=user, by=by, at=at
    )
    return logo


@transaction.atomic
def logo_remove(*, by: User, at: datetime) -> None:
    """Leave the logo off the next invoices; nothing for who has none."""
    user = locked_user(by.pk)
    change_and_audit(
        user, {"logo_digest": ""}, event="user.logo_changed", target=user, by=by, at=at
    )
