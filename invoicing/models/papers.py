"""Invoices by hand before they have a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from djmoney.money import Money

from accounts.models import User
from common.constraints import one_of, set_iff
from common.models import LockableQuerySet, PublicIdModel
from common.money import MAX_MINOR, from_minor, portion_of
from gigs.models import Project
from invoicing.enums import DRAFT_TRANSITIONS, DraftStatus, Unit
from invoicing.exceptions import DraftTransitionRefused
from invoicing.models.invoices import Invoice


@dataclass(frozen=True, slots=True)
class ManualLine:
    """What one line of an invoice by hand counts; the price of a unit in minor units."""

    description: str
    quantity: Decimal
    unit: Unit
    price: int

    @property
    def amount(self) -> int:
        """Quantity times price, rounded half up, in minor units."""
        return portion_of(self.quantity, self.price)

    def stored(self) -> dict[str, str | int]:
        """As a draft keeps it."""
        return {
            "description": self.description,
            "quantity": str(self.quantity),
            "unit": self.unit,
            "price": self.price,
        }

    @classmethod
    def of(cls, stored: Mapping[str, str | int]) -> "ManualLine":
        """What `stored` made."""
        return cls(
            str(stored["description"]),
            Decimal(stored["quantity"]),
            Unit(str(stored["unit"])),
            int(stored["price"]),
        )


class InvoiceDraftQuerySet(LockableQuerySet["InvoiceDraft"]):
    def unsent(self) -> "InvoiceDraftQuerySet":
        """Those that are neither sent nor cancelled."""
        return self.filter(status=DraftStatus.DRAFT)


class InvoiceDraft(PublicIdModel):
    """The working paper of an invoice by hand: the freelancer's alone until it is sent.

    The invoice that it becomes has the same identifier.
    """

    PREFIX = Invoice.PREFIX

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="invoice_drafts")
    seller = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invoice_drafts")
    status = models.CharField(max_length=10, choices=DraftStatus.choices)
    stored_lines = models.JSONField()
    subtotal_minor = models.BigIntegerField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="draft"
    )

    objects: ClassVar[InvoiceDraftQuerySet] = InvoiceDraftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", DraftStatus, name="invoicing_draft_status_valid"),
            models.CheckConstraint(
                condition=Q(subtotal_minor__gte=1, subtotal_minor__lte=MAX_MINOR),
                name="invoicing_draft_subtotal_positive",
            ),
            set_iff("status", ["sent"], ["invoice"], name="invoicing_draft_invoice_iff_sent"),
            set_iff(
                "status",
                ["sent", "cancelled"],
                ["ended_at"],
                name="invoicing_draft_ended_at_iff_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["seller", "-created_at"],
                condition=Q(status="draft"),
                name="invoicing_draft_of_seller",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} draft"

    def move_to(self, status: DraftStatus) -> None:
        """Change the state in memory. DraftTransitionRefused for a move not in the table."""
        if status not in DRAFT_TRANSITIONS[DraftStatus(self.status)]:
            raise DraftTransitionRefused(
                f"A draft that is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status

    @property
    def lines(self) -> list[ManualLine]:
        return [ManualLine.of(line) for line in self.stored_lines]

    @property
    def subtotal(self) -> Money:
        """Reads the project for its currency."""
        return from_minor(self.subtotal_minor, self.project.budget.currency.code)
