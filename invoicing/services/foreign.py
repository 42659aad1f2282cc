"""Keeping invoices that others made, as a record of somebody's own. No money moves."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Final

from django.db import IntegrityError, transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import may_administer, require
from common.exceptions import FieldError
from common.money import quantize
from invoicing.documents.foreign import Reading, Unreadable, day_of, read
from invoicing.enums import Side
from invoicing.exceptions import (
    ForeignImported,
    ForeignIncomplete,
    ForeignLimit,
    ForeignUnreadable,
)
from invoicing.models import ForeignInvoice

MOST_KEPT: Final = 1_000
"""For one person: each may be some megabytes."""


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file, whose record it is to be, and on which side that person stands."""

    name: str
    content: bytes
    owner: User
    side: Side


def foreign_invoice_read(content: bytes) -> Reading:
    """What a file says and the rules that it breaks. ForeignUnreadable."""
    try:
        return read(content)
    except Unreadable as error:
        raise ForeignUnreadable(str(error)) from error


@transaction.atomic
def foreign_invoice_import(
    *, file: ForeignFile, accepts_findings: bool, by: User | None, at: datetime
) -> ForeignInvoice:
    """Keep a foreign invoice as it came, once for each owner; `by` is None for the command line.

    ForeignIncomplete while it breaks rules that are not accepted, or lacks what a record needs;
    ForeignImported, ForeignLimit, ForeignUnreadable, PermissionRefused.
    """
    if by is not None:
        is_own = by.pk == file.owner.pk
        require(is_own or may_administer(by), "Only staff import invoices for others.")
    reading = foreign_invoice_read(file.content)
    if not reading.is_complete or (reading.findings and not accepts_findings):
        raise ForeignIncomplete(
            [FieldError("file", found.rule, found.message) for found in reading.findings]
        )
    if ForeignInvoice.objects.filter(user=file.owner).count() >= MOST_KEPT:
        raise ForeignLimit
    invoice = _record(file, reading, by=by, at=at)
    try:
        with transaction.atomic():
            invoice.save()
    except IntegrityError as error:
        raise ForeignImported from error
    entry = audit.Record(
        event="foreign_invoice.imported",
        target=invoice,
        after={"number": invoice.number, "sha256": invoice.digest, "for": file.owner.public_id},
    )
    audit.record(entry, by=by, at=at)
    return invoice


def _record(
    file: ForeignFile, reading: Reading, *, by: User | None, at: datetime
) -> ForeignInvoice:
    total = Money(Decimal(str(reading.term("BT-112"))), str(reading.term("BT-5")))
    return ForeignInvoice(
        user=file.owner,
        side=file.side,
        format=reading.format,
        file_name=PurePath(file.name).name[-200:],
        content=file.content,
        digest=hashlib.sha256(file.content).hexdigest(),
        number=str(reading.term("BT-1"))[:100],
        type_code=str(reading.term("BT-3"))[:3],
        issued_on=day_of(reading),
        seller_name=str(reading.term("BG-4.name"))[:300],
        buyer_name=str(reading.term("BG-7.name"))[:300],
        total=quantize(total),
        terms=json.loads(reading.terms_json),
        findings=[asdict(finding) for finding in reading.findings],
        imported_by=by,
        imported_at=at,
    )
