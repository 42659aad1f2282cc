"""Invoices that others made and somebody keeps here: records, without any effect on money."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from djmoney.models.fields import MoneyField

from accounts.models import User
from common.constraints import not_negative, one_of
from common.models import LockableQuerySet, PublicIdModel
from invoicing.enums import ForeignFormat, Side


class ForeignInvoice(PublicIdModel):
    """A foreign invoice as it came, what it says, and the rules that it breaks. Never changes."""

    PREFIX = "fri"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="foreign_invoices")
    side = models.CharField(max_length=8, choices=Side.choices)
    format = models.CharField(max_length=3, choices=ForeignFormat.choices)
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    digest = models.CharField("SHA-256", max_length=64)
    number = models.CharField(max_length=100)
    type_code = models.CharField("UNTDID 1001", max_length=3)
    issued_on = models.DateField()
    seller_name = models.CharField(max_length=300)
    buyer_name = models.CharField(max_length=300)
    total = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    terms = models.JSONField("business terms")
    findings = models.JSONField("rules that it breaks")
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["ForeignInvoice"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("side", Side, name="invoicing_foreign_side_valid"),
            one_of("format", ForeignFormat, name="invoicing_foreign_format_valid"),
            models.UniqueConstraint(
                fields=["user", "digest"], name="invoicing_foreign_kept_once_by_each"
            ),
            not_negative("total", name="invoicing_foreign_total_not_negative"),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="invoicing_foreign_digest_valid"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-imported_at"], name="invoicing_foreign_of_user"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.number}"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self.format == ForeignFormat.PDF else "application/xml"

    @property
    def download_name(self) -> str:
        """A name that is safe to send, unlike the one it came with."""
        return f"{self.public_id}.{'pdf' if self.format == ForeignFormat.PDF else 'xml'}"
