"""Issuers and their number series."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User
from common.constraints import one_of
from common.models import LockableQuerySet, PublicIdModel
from invoicing.enums import SeriesFamily


class Issuer(PublicIdModel):
    """Who issues invoices, with a code that is unique: a freelancer, or without user the platform."""

    PREFIX = "iss"

    user = models.OneToOneField(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="issuer"
    )
    code = models.CharField(max_length=8, unique=True)

    objects: ClassVar[LockableQuerySet["Issuer"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9A-Z]{4,8}$"), name="invoicing_issuer_code_valid"
            ),
            models.UniqueConstraint(
                fields=["user"], nulls_distinct=False, name="invoicing_issuer_one_is_the_platform"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.code}"


class InvoiceSeries(models.Model):
    """The counter of one issuer, family of kinds and year: its lock makes numbers gapless."""

    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="series")
    family = models.CharField(max_length=12, choices=SeriesFamily.choices)
    year = models.PositiveSmallIntegerField()
    prefix = models.CharField("what its numbers begin with", max_length=24)
    digits = models.PositiveSmallIntegerField("least digits of its numbers")
    last_number = models.PositiveIntegerField(default=0)

    objects: ClassVar[LockableQuerySet["InvoiceSeries"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "invoice series"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "family", "year"], name="invoicing_series_unique_per_year"
            ),
            one_of("family", SeriesFamily, name="invoicing_series_family_valid"),
            models.UniqueConstraint(fields=["prefix"], name="invoicing_series_prefix_is_its_own"),
            models.CheckConstraint(
                condition=Q(prefix__regex=r"^[0-9A-Z/-]*[A-Z/-]$"),
                name="invoicing_series_prefix_ends_before_the_digits",
            ),
            models.CheckConstraint(
                condition=Q(digits__gte=1, digits__lte=9), name="invoicing_series_digits_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_family_display()} {self.year}: {self.last_number}"
