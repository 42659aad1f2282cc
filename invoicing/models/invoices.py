"""Invoices, their lines and taxes."""

from decimal import Decimal
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q
from djmoney.models.fields import MoneyField
from djmoney.money import Money

from accounts.models import User
from common.constraints import in_sub_units, not_negative, one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from common.money import fee_left, from_minor, minor_of, quantize, to_minor, zero
from gigs.models import Milestone, Project
from invoicing.enums import (
    INVOICE_TRANSITIONS,
    MILESTONE_KINDS,
    PAYABLE,
    WHOLE_KINDS,
    InvoiceKind,
    InvoiceStatus,
    TaxCategory,
)
from invoicing.exceptions import InvoiceTransitionRefused
from invoicing.models.series import InvoiceSeries

LUMP_SUM: Final = "LS"
"""A milestone is sold as a whole (UN/ECE recommendation 20)."""


def _is_rated(category: str, rate: str) -> Q:
    """More than nothing at the standard rate, nothing where none is charged within the scope."""
    is_given = {f"{rate}__isnull": False}
    charged = Q(**{category: TaxCategory.STANDARD, f"{rate}__gt": 0}, **is_given)
    not_charged = [TaxCategory.ZERO, TaxCategory.EXEMPT, TaxCategory.REVERSE_CHARGE]
    return charged | Q(**{f"{category}__in": not_charged, rate: 0}, **is_given)


class InvoiceQuerySet(LockableQuerySet["Invoice"]):
    def for_user(self, user: User) -> "InvoiceQuerySet":
        """Invoices that the user issued or received."""
        return self.filter(Q(seller=user) | Q(buyer=user))


class Invoice(PublicIdModel):
    """A numbered document: an invoice, or the note that credits one. Immutable by trigger.

    Only status, paid_at, what is credited and what is paid in part move; party texts are frozen copies. The amounts of
    a credit note are positive: the kind tells the sign. It is paid when its money went back, which
    it does at once if the invoice had been paid.
    """

    PREFIX = "inv"

    # The unique constraint of its places serves look-ups by series.
    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    position = models.PositiveIntegerField("number in the series")
    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices)
    status = models.CharField(max_length=10, choices=InvoiceStatus.choices)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="invoices")
    milestone = models.ForeignKey(
        Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    credits = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_notes",
        db_index=False,
    )
    request_key = models.UUIDField(null=True, blank=True)
    seller = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="issued_invoices", db_index=False
    )
    buyer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="received_invoices", db_index=False
    )
    seller_copy = models.JSONField()
    buyer_copy = models.JSONField()
    subtotal = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    tax = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    total = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    fee = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    net = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    fee_rate = models.DecimalField(max_digits=5, decimal_places=4)
    credited = models.DecimalField(
        "credited before tax", max_digits=19, decimal_places=4, default=0, db_default=0
    )
    credited_tax = models.DecimalField(max_digits=19, decimal_places=4, default=0, db_default=0)
    credited_fee = models.DecimalField(max_digits=19, decimal_places=4, default=0, db_default=0)
    part_paid = models.DecimalField(
        "paid while the rest is open", max_digits=19, decimal_places=4, default=0, db_default=0
    )
    reason = models.CharField(
        "why it credits", max_length=500, blank=True, default="", db_default=""
    )
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    due_on = models.DateField()
    paid_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[InvoiceQuerySet] = InvoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "position"], name="invoicing_invoice_number_unique_in_series"
            ),
            # Not `unique=True`, which brings a second index for LIKE.
            models.UniqueConstraint(fields=["number"], name="invoicing_invoice_number_unique"),
            one_of("kind", InvoiceKind, name="invoicing_invoice_kind_valid"),
            models.CheckConstraint(
                condition=Q(milestone__isnull=False) | ~Q(kind__in=MILESTONE_KINDS),
                name="invoicing_invoice_milestone_where_its_kind_has_one",
            ),
            models.UniqueConstraint(
                fields=["milestone"],
                condition=Q(kind=InvoiceKind.MILESTONE) & ~Q(status=InvoiceStatus.CREDITED),
                name="invoicing_invoice_one_per_milestone",
            ),
            models.UniqueConstraint(
                fields=["milestone"],
                condition=Q(kind=InvoiceKind.MANUAL) & ~Q(status=InvoiceStatus.CREDITED),
                name="invoicing_invoice_one_by_hand_per_milestone",
            ),
            models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(kind__in=WHOLE_KINDS) & ~Q(status=InvoiceStatus.CREDITED),
                name="invoicing_invoice_one_upfront_and_one_final",
            ),
            models.CheckConstraint(
                condition=Q(milestone__isnull=True) | ~Q(kind__in=WHOLE_KINDS),
                name="invoicing_invoice_whole_names_no_milestone",
            ),
            set_iff(
                "kind",
                [InvoiceKind.CREDIT_NOTE],
                ["credits"],
                name="invoicing_invoice_credits_iff_credit_note",
            ),
            one_of("status", InvoiceStatus, name="invoicing_invoice_status_valid"),
            positive("subtotal", name="invoicing_invoice_subtotal_positive"),
            not_negative("tax", name="invoicing_invoice_tax_not_negative"),
            not_negative("fee", name="invoicing_invoice_fee_not_negative"),
            not_negative("net", name="invoicing_invoice_net_not_negative"),
            in_sub_units("subtotal", "tax", "fee", name="invoicing_invoice_amounts_in_sub_units"),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") + F("tax")),
                name="invoicing_invoice_total_is_subtotal_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(total=F("fee") + F("net")),
                name="invoicing_invoice_total_is_fee_and_net",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("issued_on")), name="invoicing_invoice_due_after_issue"
            ),
            models.CheckConstraint(
                condition=~Q(seller=F("buyer")), name="invoicing_invoice_two_parties"
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False)
                | Q(status__in=["sent", "overdue", "on_hold"], paid_at__isnull=True)
                | ~Q(status__in=["paid", "sent", "overdue", "on_hold"]),
                name="invoicing_invoice_paid_at_fits_status",
            ),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.CREDIT_NOTE, status="issued")
                | (~Q(kind=InvoiceKind.CREDIT_NOTE) & ~Q(status="issued")),
                name="invoicing_invoice_issued_iff_credit_note",
            ),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.CREDIT_NOTE, reason__regex=r"\S")
                | (~Q(kind=InvoiceKind.CREDIT_NOTE) & Q(reason="")),
                name="invoicing_invoice_reason_iff_credit_note",
            ),
            models.CheckConstraint(
                condition=Q(credited__gte=0, credited__lte=F("subtotal"))
                & Q(credited_tax__gte=0, credited_tax__lte=F("tax"))
                & Q(credited_fee__gte=0, credited_fee__lte=F("credited")),
                name="invoicing_invoice_will_not_be_credited_beyond_its_amounts",
            ),
            models.CheckConstraint(
                condition=Q(status="credited", credited=F("subtotal"), credited_tax=F("tax"))
                | (~Q(status="credited") & Q(credited__lt=F("subtotal"))),
                name="invoicing_invoice_when_nothing_is_left_it_is_credited",
            ),
            models.CheckConstraint(
                condition=Q(part_paid=0)
                | Q(part_paid__gt=0, part_paid__lt=F("total"))
                & (
                    ~Q(status__in=["sent", "overdue", "on_hold"])
                    | Q(part_paid__lt=F("total") - F("credited") - F("credited_tax"))
                ),
                name="invoicing_invoice_part_paid_leaves_something_open",
            ),
            models.UniqueConstraint(
                fields=["credits", "request_key"],
                condition=Q(request_key__isnull=False),
                name="invoicing_credit_note_one_per_request",
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-issued_at"], name="invoicing_invoice_of_seller"),
            models.Index(fields=["buyer", "-issued_at"], name="invoicing_invoice_of_buyer"),
            models.Index(
                fields=["due_on"], condition=Q(status="sent"), name="invoicing_invoice_falls_due"
            ),
            models.Index(
                fields=["credits"],
                condition=Q(credits__isnull=False),
                name="invoicing_invoice_credits",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.number}"

    def move_to(self, status: InvoiceStatus) -> None:
        """Change the state in memory. InvoiceTransitionRefused for a move not in the table."""
        if status not in INVOICE_TRANSITIONS[InvoiceStatus(self.status)]:
            raise InvoiceTransitionRefused(
                f"An invoice that is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status

    @property
    def status_words(self) -> str:
        """Its state as people read it, who have to see that a part is paid while it is open."""
        words = self.get_status_display()
        return f"{words}, paid in part" if self.part_paid and self.status in PAYABLE else words

    @property
    def subtotal_left(self) -> Money:
        """What its notes have left of it before tax: what can still be credited."""
        return self._less(self.subtotal, self.credited)

    @property
    def credited_total(self) -> Money:
        """What its notes have taken back, with tax."""
        return self.total - self.total_left

    @property
    def total_left(self) -> Money:
        """What its notes have left of it, with tax."""
        return self._less(self.total, self.credited + self.credited_tax)

    @property
    def part_paid_amount(self) -> Money:
        """What was paid of it while the rest is, or was, open."""
        return quantize(Money(self.part_paid, self.total.currency.code))

    @property
    def open_left(self) -> Money:
        """What paying it takes, or took: what its notes have left less what was paid in part."""
        return self._less(self.total_left, self.part_paid)

    @property
    def fee_left(self) -> Money:
        """The platform's fee on what is left of it."""
        fee = fee_left(
            fee=to_minor(self.fee),
            given_back=minor_of(self.credited_fee, self.total.currency.code),
            gross_left=to_minor(self.subtotal_left),
        )
        return from_minor(fee, self.total.currency.code)

    @property
    def net_left(self) -> Money:
        """What the freelancer gets for what is left of it."""
        return self.total_left - self.fee_left

    @property
    def part_net(self) -> Money:
        """What the freelancer got of what was paid in part: that pays the fee first."""
        part = self.part_paid_amount
        return part - min(self.fee_left, part)

    @property
    def net_open(self) -> Money:
        """What the freelancer gets, or got, once the rest of it is paid."""
        return self.net_left - self.part_net

    @property
    def fee_open(self) -> Money:
        """What of the platform's fee the rest of it pays, or paid."""
        return self.open_left - self.net_open

    @property
    def due(self) -> Money:
        """What waits to be paid; nothing once it is paid or credited in full."""
        return self.open_left if self.status in PAYABLE else zero(self.total.currency.code)

    def _less(self, amount: Money, taken: Decimal) -> Money:
        return quantize(Money(amount.amount - taken, amount.currency.code))

    @property
    def subject(self) -> str:
        """What it is about, in the words of its milestone if it has one. Reads the milestone."""
        return self.milestone.title if self.milestone else self.get_kind_display()


class InvoiceLine(PublicIdModel):
    """One line of an invoice, frozen with it."""

    PREFIX = "inl"

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=9, decimal_places=2)
    unit_price = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    amount = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    unit = models.CharField("UN/ECE unit", max_length=3, default=LUMP_SUM)
    tax_category = models.CharField(max_length=2, choices=TaxCategory.choices, blank=True)
    tax_rate = models.DecimalField(
        "tax rate in percent", max_digits=5, decimal_places=2, null=True, blank=True
    )

    objects: ClassVar[LockableQuerySet["InvoiceLine"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="invoicing_line_position_unique"
            ),
            positive("amount", name="invoicing_line_amount_positive"),
            in_sub_units("amount", name="invoicing_line_amount_in_sub_units"),
            models.CheckConstraint(
                condition=Q(tax_category__in=["", *TaxCategory.values]),
                name="invoicing_line_tax_category_valid",
            ),
            models.CheckConstraint(
                condition=Q(tax_category__in=["", TaxCategory.OUTSIDE], tax_rate__isnull=True)
                | (_is_rated("tax_category", "tax_rate")),
                name="invoicing_line_tax_rate_fits_category",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.position}. {self.description}"


class InvoiceTax(models.Model):
    """One row of an invoice's tax breakdown, frozen with the rule that decided it.

    An invoice without rows was issued without the legal data that a decision needs: no tax.
    """

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="taxes", db_index=False
    )
    category = models.CharField(max_length=2, choices=TaxCategory.choices)
    rate = models.DecimalField(
        "rate in percent", max_digits=5, decimal_places=2, null=True, blank=True
    )
    name = models.CharField("what the tax is called", max_length=20, blank=True)
    basis = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    amount = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    legend = models.CharField("sentence on the document", max_length=300, blank=True)
    vatex_code = models.CharField("VATEX code", max_length=30, blank=True)
    rule = models.CharField("rule and version", max_length=60)

    objects: ClassVar[LockableQuerySet["InvoiceTax"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "invoice taxes"
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "category", "rate"],
                nulls_distinct=False,
                name="invoicing_tax_one_row_per_category_and_rate",
            ),
            one_of("category", TaxCategory, name="invoicing_tax_category_valid"),
            models.CheckConstraint(
                condition=Q(category=TaxCategory.OUTSIDE, rate__isnull=True)
                | (_is_rated("category", "rate")),
                name="invoicing_tax_rate_fits_category",
            ),
            models.CheckConstraint(
                condition=Q(category=TaxCategory.STANDARD) | Q(amount=0),
                name="invoicing_tax_is_nothing_but_at_the_standard_rate",
            ),
            models.CheckConstraint(
                condition=Q(category__in=[TaxCategory.STANDARD, TaxCategory.ZERO]) | ~Q(legend=""),
                name="invoicing_tax_reason_where_none_is_charged",
            ),
            positive("basis", name="invoicing_tax_basis_positive"),
            not_negative("amount", name="invoicing_tax_amount_not_negative"),
            in_sub_units("basis", "amount", name="invoicing_tax_amounts_in_sub_units"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.category} {self.rule}"
