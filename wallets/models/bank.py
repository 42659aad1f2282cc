"""What the operator's bank says: accounts, statements, their lines, and what each line was."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import one_of
from common.models import LockableQuerySet, PublicIdModel
from common.money import MAX_MINOR
from invoicing.models import Invoice
from wallets.enums import (
    BANK_MATCH_TRANSITIONS,
    BankMatchKind,
    BankMatchStatus,
    StatementFormat,
)
from wallets.exceptions import BankMatchTransitionRefused
from wallets.models.payments import Payment
from wallets.models.payouts import Withdrawal

LIVE = [BankMatchStatus.PROPOSED, BankMatchStatus.DONE]
BLANK = r"^\s*$"


class BankAccount(models.Model):
    """An account of the operator in one currency. Its row is locked by all that reads its lines."""

    iban = models.CharField("IBAN", max_length=34)
    currency = models.CharField(max_length=3)

    objects: ClassVar[LockableQuerySet["BankAccount"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["iban", "currency"], name="wallets_bank_account_once_per_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.iban} {self.currency}"


class BankStatement(PublicIdModel):
    """One statement of a file; `known` are its lines that an earlier statement brought. Append-only.

    Opening balance, lines and closing balance add up; a deferred trigger keeps it.
    """

    PREFIX = "bst"

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    format = models.CharField(max_length=12, choices=StatementFormat.choices)
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField("SHA-256", max_length=64)
    position = models.PositiveIntegerField()
    reference = models.CharField(max_length=60, blank=True)
    from_on = models.DateField()
    to_on = models.DateField()
    opening_minor = models.BigIntegerField()
    closing_minor = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    known_count = models.PositiveIntegerField()
    known_minor = models.BigIntegerField()
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            one_of("format", StatementFormat, name="wallets_bank_statement_format_valid"),
            models.UniqueConstraint(
                fields=["sha256", "position"], name="wallets_bank_statement_file_once"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="wallets_bank_statement_has_a_hash",
            ),
            models.CheckConstraint(
                condition=Q(to_on__gte=F("from_on")),
                name="wallets_bank_statement_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["account", "to_on"], name="wallets_bank_statement_newest")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.from_on} to {self.to_on}"


class BankStatementLineQuerySet(LockableQuerySet["BankStatementLine"]):
    def unmatched(self) -> "BankStatementLineQuerySet":
        """Lines of which nobody has said what they are."""
        return self.exclude(matches__status__in=LIVE)


class BankStatementLine(PublicIdModel):
    """One booking, once per account and reference of the bank; money out is negative. Append-only.

    `sealed` is the account that money in came from, where the bank named it by its IBAN.
    """

    PREFIX = "bsl"

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    reference = models.CharField(max_length=80)
    booked_on = models.DateField()
    amount_minor = models.BigIntegerField()
    end_to_end_id = models.CharField(max_length=60, blank=True)
    file_reference = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=140, blank=True)
    counterparty = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=500, blank=True)
    return_code = models.CharField(max_length=8, blank=True)
    sealed = models.TextField(blank=True, default="", db_default="")

    objects: ClassVar[BankStatementLineQuerySet] = BankStatementLineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "reference"], name="wallets_bank_line_once_per_account"
            ),
            models.UniqueConstraint(
                fields=["statement", "position"], name="wallets_bank_line_has_its_place"
            ),
            models.CheckConstraint(
                condition=~Q(reference__regex=BLANK), name="wallets_bank_line_has_a_reference"
            ),
            models.CheckConstraint(
                condition=~Q(amount_minor=0)
                & Q(amount_minor__gte=-MAX_MINOR, amount_minor__lte=MAX_MINOR),
                name="wallets_bank_line_amount_within_limits",
            ),
            models.CheckConstraint(
                condition=Q(sealed="") | Q(sealed__startswith="gAAAA", amount_minor__gt=0),
                name="wallets_bank_line_account_is_sealed",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.booked_on}"

    @property
    def is_out(self) -> bool:
        return self.amount_minor < 0


class BankMatch(PublicIdModel):
    """What a line, or a part of it, was. Without `made_by` it was found by itself.

    `difference_minor` is what the bank booked beyond the withdrawal, explained by staff.
    """

    PREFIX = "bmt"

    line = models.ForeignKey(BankStatementLine, on_delete=models.PROTECT, related_name="matches")
    kind = models.CharField(max_length=12, choices=BankMatchKind.choices)
    status = models.CharField(max_length=12, choices=BankMatchStatus.choices)
    withdrawal = models.ForeignKey(
        Withdrawal, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_matches"
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_matches"
    )
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_match"
    )
    amount_minor = models.BigIntegerField()
    difference_minor = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects: ClassVar[LockableQuerySet["BankMatch"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "bank matches"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="paid", withdrawal__isnull=False, invoice__isnull=True, amount_minor__lt=0
                )
                | Q(
                    kind="returned",
                    withdrawal__isnull=False,
                    invoice__isnull=True,
                    amount_minor__gt=0,
                )
                | Q(
                    kind="received",
                    withdrawal__isnull=True,
                    invoice__isnull=False,
                    amount_minor__gt=0,
                    difference_minor=0,
                )
                | Q(
                    kind="not_ours",
                    withdrawal__isnull=True,
                    invoice__isnull=True,
                    difference_minor=0,
                )
                & ~Q(amount_minor=0),
                name="wallets_bank_match_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="received", status="done", payment__isnull=False)
                | ~Q(kind="received", status="done") & Q(payment__isnull=True),
                name="wallets_bank_match_payment_iff_received",
            ),
            models.CheckConstraint(
                condition=Q(made_by__isnull=False) & ~Q(reason__regex=BLANK)
                | Q(made_by__isnull=True, difference_minor=0, status="done") & ~Q(kind="not_ours"),
                name="wallets_bank_match_by_hand_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_at__isnull=True, decided_by__isnull=True)
                | Q(status__in=["done", "dropped"], decided_at__isnull=False),
                name="wallets_bank_match_decided_iff_ended",
            ),
            models.CheckConstraint(
                condition=Q(status="dropped")
                | Q(decided_by__isnull=True)
                | ~Q(decided_by=F("made_by")),
                name="wallets_bank_match_confirmed_by_another",
            ),
            models.UniqueConstraint(
                fields=["withdrawal", "kind"],
                condition=Q(status__in=["proposed", "done"]),
                name="wallets_bank_match_once_per_withdrawal",
            ),
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(status__in=["proposed", "done"]) & ~Q(kind="paid"),
                name="wallets_bank_match_once_per_line",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.status}"

    def move_to(self, status: BankMatchStatus) -> None:
        """Change the state in memory. BankMatchTransitionRefused for a move not in the table."""
        if status not in BANK_MATCH_TRANSITIONS[BankMatchStatus(self.status)]:
            raise BankMatchTransitionRefused(
                f"A match that is {self.get_status_display().lower()} cannot become"
                f" {status.label.lower()}."
            )
        self.status = status
