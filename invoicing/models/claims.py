"""What a freelancer has said about an invoice: reminders, a report to staff, an objection."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from accounts.models import User
from common.models import LockableQuerySet
from invoicing.models.invoices import Invoice

FIRST_WAIT: Final = timedelta(hours=48)
LATER_WAIT: Final = timedelta(hours=72)
"""Between the first and the second reminder of an invoice, and between later ones."""
REMINDERS_BEFORE_REPORT: Final = 2


class InvoiceObjection(models.Model):
    """That the seller does not accept an invoice that was issued in their name, and why."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="objection")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=2000)
    created_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["InvoiceObjection"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason__regex=r"^\s*$"), name="invoicing_objection_has_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} to invoice {self.invoice_id}"


class InvoiceReminder(models.Model):
    """One mail by which the freelancer reminded the commissioner of an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    position = models.PositiveSmallIntegerField()
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["InvoiceReminder"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="invoicing_reminder_one_per_position"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.position}. reminder"

    @staticmethod
    def next_at(sent: Sequence[datetime]) -> datetime | None:
        """When the next one is possible after those, the oldest first; None for at once."""
        if not sent:
            return None
        return sent[-1] + (FIRST_WAIT if len(sent) == 1 else LATER_WAIT)


class InvoiceReport(models.Model):
    """The freelancer's word to staff that reminders of an invoice did not help."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="report")
    message = models.TextField(max_length=2000)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["InvoiceReport"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"#{self.pk} report"
