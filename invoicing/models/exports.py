"""Archives that people ask for: many documents, or the tables of a year, in one file."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import one_of, set_iff
from common.models import LockableQuerySet, PublicIdModel
from invoicing.enums import (
    EXPORT_TRANSITIONS,
    ExportKind,
    ExportStatus,
    InvoiceStatus,
    Side,
)
from invoicing.exceptions import ExportTransitionRefused


class InvoiceExport(PublicIdModel):
    """One archive: what its owner asked for, how far it is, and until when it can be had."""

    PREFIX = "exp"

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invoice_exports")
    kind = models.CharField(max_length=5, choices=ExportKind.choices)
    side = models.CharField(max_length=8, choices=Side.choices)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    issued_from = models.DateField(null=True, blank=True)
    issued_until = models.DateField(null=True, blank=True)
    invoice_status = models.CharField(max_length=10, choices=InvoiceStatus.choices, blank=True)
    status = models.CharField(max_length=7, choices=ExportStatus.choices)
    reason = models.CharField("why there is none", max_length=200, blank=True)
    expected = models.PositiveIntegerField("documents")
    done = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField("bytes", default=0)
    digest = models.CharField("SHA-256", max_length=64, blank=True)
    requested_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["InvoiceExport"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("kind", ExportKind, name="invoicing_export_kind_valid"),
            one_of("side", Side, name="invoicing_export_side_valid"),
            one_of("status", ExportStatus, name="invoicing_export_status_valid"),
            set_iff(
                "kind", [ExportKind.YEAR], ["year"], name="invoicing_export_year_iff_of_a_year"
            ),
            set_iff(
                "status",
                [ExportStatus.READY, ExportStatus.FAILED, ExportStatus.EXPIRED],
                ["ended_at"],
                name="invoicing_export_ended_at_iff_ended",
            ),
            set_iff(
                "status",
                [ExportStatus.READY, ExportStatus.EXPIRED],
                ["expires_at"],
                name="invoicing_export_expires_iff_it_was_made",
            ),
            models.CheckConstraint(
                condition=Q(done__lte=F("expected")), name="invoicing_export_done_within_expected"
            ),
            models.UniqueConstraint(
                fields=["owner"],
                condition=Q(status=ExportStatus.PENDING),
                name="invoicing_export_one_under_way_per_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-requested_at"], name="invoicing_export_of_owner"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.file_name}"

    def move_to(self, status: ExportStatus) -> None:
        """Change the state in memory. ExportTransitionRefused for a move not in the table."""
        if status not in EXPORT_TRANSITIONS[ExportStatus(self.status)]:
            raise ExportTransitionRefused
        self.status = status

    @property
    def file_name(self) -> str:
        """Such as tranche-invoices-sent-2026-11-01-2026-11-30.zip."""
        if self.year is not None:
            return f"tranche-year-{self.year}-{self.side}.zip"
        days = "".join(f"-{day}" for day in (self.issued_from, self.issued_until) if day)
        return f"tranche-invoices-{self.side}{days}.zip"

    @property
    def percent(self) -> int:
        """How much is done of what was expected."""
        return 100 * self.done // self.expected if self.expected else 0


class InvoiceExportPart(models.Model):
    """A piece of an archive's bytes; all are deleted when it expires."""

    export = models.ForeignKey(InvoiceExport, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    objects: ClassVar[LockableQuerySet["InvoiceExportPart"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["export", "position"], name="invoicing_export_part_one_per_position"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} part {self.position}"
