"""The files of invoices."""

from typing import Any, ClassVar

from django.db import models

from common.constraints import one_of
from common.models import LockableQuerySet
from invoicing.enums import DOCUMENT_FILES, DocumentKind
from invoicing.models.invoices import Invoice


class DocumentFile(models.Model):
    """The bytes of one file of an `invoice` and their SHA-256; made once."""

    invoice: models.ForeignKey[Any, Any]
    kind = models.CharField(max_length=8, choices=DocumentKind.choices)
    content = models.BinaryField()
    digest = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"

    @property
    def file_name(self) -> str:
        """Such as K7QM-2026-00012-ubl.xml. Reads the invoice."""
        return DOCUMENT_FILES[DocumentKind(self.kind)][0].format(number=self.invoice.number)

    @property
    def media_type(self) -> str:
        return DOCUMENT_FILES[DocumentKind(self.kind)][1]


class InvoiceDocument(DocumentFile):
    """A file of an invoice from a freelancer to a commissioner, or of a credit note."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="documents")

    objects: ClassVar[LockableQuerySet["InvoiceDocument"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "kind"], name="invoicing_document_one_per_kind"
            ),
            one_of("kind", DocumentKind, name="invoicing_document_kind_valid"),
        ]
