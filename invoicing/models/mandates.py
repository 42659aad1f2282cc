"""What lets invoices be issued in a freelancer's name."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.models import LockableQuerySet, PublicIdModel


class IssuingMandate(PublicIdModel):
    """A freelancer's word that invoices may be issued in their name: what, when, from where.

    Only its end is written later. It holds for one text and one VAT number.
    """

    PREFIX = "mnd"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="issuing_mandates")
    version = models.CharField(max_length=10)
    text_digest = models.CharField("SHA-256 of the text", max_length=64)
    scope = models.CharField(max_length=100)
    legal_name = models.CharField(max_length=200)
    vat_id = models.CharField("VAT or GST number", max_length=20, blank=True)
    remote_address = models.GenericIPAddressField(null=True, blank=True)
    accepted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["IssuingMandate"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(revoked_at=None),
                name="invoicing_mandate_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(revoked_at__gte=F("accepted_at")),
                name="invoicing_mandate_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.version} of {self.legal_name}"

    def covers(self, *, version: str, vat_id: str) -> bool:
        """Whether it is in force for that text and number."""
        return self.revoked_at is None and (self.version, self.vat_id) == (version, vat_id)
