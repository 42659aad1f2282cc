"""What happens to invoices that nobody paid by their due day."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.services.mail import Addressee, Mail, Page, Values, mail_enqueue_many
from common.money import from_minor, minor_of
from common.public_ids import format_public_id
from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.models import Invoice
from outbox.services import enqueue

OVERDUE: Final = "invoice.overdue"
ROUND: Final = 1000
COLUMNS: Final = (
    "pk",
    "uuid",
    "number",
    "kind",
    "milestone__title",
    "total",
    "credited",
    "credited_tax",
    "part_paid",
    "currency",
    "due_on",
    "buyer__email",
    "buyer__name",
    "buyer__uuid",
    "seller__email",
    "seller__name",
    "seller__uuid",
)


@transaction.atomic
def invoices_become_overdue(*, at: datetime, limit: int = ROUND) -> int:
    """Mark sent invoices whose due day (UTC) is over as overdue and tell both sides; how many.

    One that is on hold stays so: it is known to be in trouble. At most `limit` at once, those due
    first; when there were as many, a job for the next round follows.
    """
    late = Invoice.objects.filter(status=InvoiceStatus.SENT, due_on__lt=at.date())
    first = list(late.order_by("due_on", "pk").values_list("pk", flat=True)[:limit])
    rows: list[Any] = list(late.filter(pk__in=first).locked().values_list(*COLUMNS))
    Invoice.objects.filter(pk__in=[row[0] for row in rows]).update(status=InvoiceStatus.OVERDUE)
    audit.record_many([_record(*row[:3]) for row in rows], by=None, at=at)
    mail_enqueue_many(Mail.INVOICE_OVERDUE, [mail for row in rows for mail in _mails(*row)])
    if len(first) == limit:
        enqueue(OVERDUE, key=f"after:{rows[-1][0] if rows else first[-1]}:{at.isoformat()}")
    return len(rows)


def _record(pk: int, uuid: Any, number: str) -> audit.Record:
    return audit.Record(
        event="invoice.overdue",
        target=audit.Subject(format_public_id(Invoice.PREFIX, uuid), f"#{pk} {number}"),
        before={"status": InvoiceStatus.SENT},
        after={"status": InvoiceStatus.OVERDUE},
    )


def _mails(pk: int, uuid: Any, number: str, *rest: Any) -> list[tuple[Addressee, str, Values]]:
    kind, title, total, credited, credited_tax, part_paid, currency, due_on, *people = rest
    public_id = format_public_id(Invoice.PREFIX, uuid)
    left = total - credited - credited_tax - part_paid
    words: Values = {
        "number": number,
        "milestone": title or InvoiceKind(kind).label,
        "total": from_minor(minor_of(left, currency), currency),
        "due_on": due_on,
        "path": Page("invoicing:detail", (public_id,)),
    }
    return [(_addressee(*person), public_id, words) for person in (people[:3], people[3:])]


def _addressee(email: str, name: str, uuid: Any) -> Addressee:
    return Addressee(email, name, format_public_id(User.PREFIX, uuid))
