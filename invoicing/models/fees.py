"""The platform's own documents to freelancers for its fees."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from djmoney.money import Money

from accounts.models import User
from common.constraints import one_of
from common.models import LockableQuerySet, PublicIdModel
from common.money import from_minor
from invoicing.enums import DocumentKind, FeeKind
from invoicing.models.documents import DocumentFile
from invoicing.models.series import InvoiceSeries


class FeeInvoice(PublicIdModel):
    """What the platform took from a freelancer in a month and currency, or gave back of it.

    The total is what the ledger moved; any tax is in it. `rounding` is the cent that no basis and
    tax can reach. Immutable by trigger; the files are made of the snapshot.
    """

    PREFIX = "fei"

    kind = models.CharField(max_length=10, choices=FeeKind.choices)
    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, related_name="fee_invoices", db_index=False
    )
    position = models.PositiveIntegerField("number in the series")
    number = models.CharField(max_length=40, unique=True)
    freelancer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="fee_invoices")
    month = models.DateField("first day of the month")
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    rounding_minor = models.SmallIntegerField()
    total_minor = models.BigIntegerField()
    tax_rule = models.CharField("rule and version", max_length=60, blank=True)
    snapshot = models.TextField("the document as it was issued")
    issued_at = models.DateTimeField()
    issued_on = models.DateField()

    objects: ClassVar[LockableQuerySet["FeeInvoice"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("kind", FeeKind, name="invoicing_fee_invoice_kind_valid"),
            models.UniqueConstraint(
                fields=["freelancer", "currency", "month", "kind"],
                name="invoicing_fee_invoice_one_per_month",
            ),
            models.UniqueConstraint(
                fields=["series", "position"], name="invoicing_fee_invoice_number_unique_in_series"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1), name="invoicing_fee_invoice_month_begins_on_its_first"
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gt=0, subtotal_minor__gte=0, tax_minor__gte=0),
                name="invoicing_fee_invoice_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") + F("tax_minor") + F("rounding_minor")),
                name="invoicing_fee_invoice_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(rounding_minor__gte=-1, rounding_minor__lte=1),
                name="invoicing_fee_invoice_rounding_is_a_cent",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.number}"

    @property
    def subtotal(self) -> Money:
        """Without the tax."""
        return from_minor(self.subtotal_minor, self.currency)

    @property
    def tax(self) -> Money:
        """The tax that is in it."""
        return from_minor(self.tax_minor, self.currency)

    @property
    def rounding(self) -> Money:
        """The cent between subtotal and tax, and what was taken."""
        return from_minor(self.rounding_minor, self.currency)

    @property
    def total(self) -> Money:
        """What was taken, or given back."""
        return from_minor(self.total_minor, self.currency)


class FeeDocument(DocumentFile):
    """A file of a fee invoice."""

    invoice = models.ForeignKey(FeeInvoice, on_delete=models.PROTECT, related_name="documents")

    objects: ClassVar[LockableQuerySet["FeeDocument"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "kind"], name="invoicing_fee_document_one_per_kind"
            ),
            one_of("kind", DocumentKind, name="invoicing_fee_document_kind_valid"),
        ]
