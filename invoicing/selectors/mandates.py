"""Where a freelancer stands with the mandate to issue invoices in their name."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from accounts.models import User
from invoicing.models import IssuingMandate

MANDATE_VERSION: Final = "2026-11.2"
"""The current text; each is a file of templates/invoicing/mandate."""


@dataclass(frozen=True, slots=True)
class MandatePage:
    """The mandate of a freelancer, and the text that there is to accept."""

    mandate: IssuingMandate | None
    is_in_force: bool
    is_required: bool
    version: str
    template: str
    reason: str


def mandate_template(version: str) -> str:
    """The text of that version."""
    return f"invoicing/mandate/{version}.html"


def mandate_page(user: User) -> MandatePage:
    """Where a freelancer stands with the mandate to issue invoices in their name."""
    mandate = IssuingMandate.objects.filter(user=user, revoked_at=None).first()
    is_in_force = bool(mandate and mandate.covers(version=MANDATE_VERSION, vat_id=user.vat_id))
    reason = ""
    if mandate is not None and not is_in_force:
        is_old = mandate.version != MANDATE_VERSION
        reason = "The text has changed." if is_old else "Your VAT or GST number has changed."
    return MandatePage(
        mandate=mandate,
        is_in_force=is_in_force,
        is_required=settings.REQUIRE_LEGAL_DATA,
        version=MANDATE_VERSION,
        template=mandate_template(MANDATE_VERSION),
        reason=reason,
    )
