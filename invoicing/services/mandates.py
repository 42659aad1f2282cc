"""The freelancer's word that invoices may be issued in their name."""

import hashlib
from datetime import datetime
from typing import Final

from django.db import transaction
from django.template.loader import render_to_string

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common import context
from invoicing.exceptions import MandateOutdated, NoMandate
from invoicing.models import IssuingMandate
from invoicing.policies import may_give_mandate
from invoicing.selectors import MANDATE_VERSION, mandate_template

SCOPE: Final = "all invoices and credit notes for work on this platform"


@transaction.atomic
def mandate_accept(*, version: str, by: User, at: datetime) -> IssuingMandate:
    """Accept the current text; nothing changes while the same mandate is in force.

    A mandate of an older text, or for another VAT number, ends with it. MandateOutdated when
    `version` is not the current text, PermissionRefused.
    """
    require(may_give_mandate(by), "Only freelancers give this mandate.")
    if version != MANDATE_VERSION:
        raise MandateOutdated
    user: User = User.objects.locked().get(pk=by.pk)
    live = IssuingMandate.objects.filter(user=user, revoked_at=None).locked().first()
    if live is not None and live.covers(version=MANDATE_VERSION, vat_id=user.vat_id):
        return live
    if live is not None:
        _revoke(live, by=by, at=at)
    text = render_to_string(mandate_template(version))
    mandate = IssuingMandate.objects.create(
        user=user,
        version=version,
        text_digest=hashlib.sha256(text.encode()).hexdigest(),
        scope=SCOPE,
        legal_name=user.legal_name or user.name,
        vat_id=user.vat_id,
        remote_address=context.remote_address.get() or None,
        accepted_at=at,
    )
    entry = audit.Record(event="mandate.accepted", target=mandate, after={"version": version})
    audit.record(entry, by=by, at=at)
    return mandate


@transaction.atomic
def mandate_revoke(*, by: User, at: datetime) -> IssuingMandate:
    """End one's mandate; issued invoices stay. NoMandate."""
    live = IssuingMandate.objects.filter(user=by, revoked_at=None).locked().first()
    if live is None:
        raise NoMandate
    _revoke(live, by=by, at=at)
    return live


def _revoke(mandate: IssuingMandate, *, by: User, at: datetime) -> None:
    mandate.revoked_at = at
    mandate.save(update_fields=["revoked_at"])
    entry = audit.Record(
        event="mandate.revoked", target=mandate, before={"version": mandate.version}
    )
    audit.record(entry, by=by, at=at)
