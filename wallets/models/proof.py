"""What the books were last proved to be: runs of verify_money, and how far each chain is proved."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from common.constraints import one_of
from wallets.enums import VerificationMode


class VerificationRunQuerySet(models.QuerySet["VerificationRun"]):
    def green(self) -> "VerificationRunQuerySet":
        """Runs that found nothing."""
        return self.filter(difference_count=0)


class VerificationRun(models.Model):
    """One proof of the books and what it found. Append-only by trigger.

    `differences` holds up to 20 of each check, as check, subject and detail.
    """

    mode = models.CharField(max_length=8, choices=VerificationMode.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    checks = models.PositiveSmallIntegerField()
    entries = models.BigIntegerField("entries proved")
    difference_count = models.PositiveIntegerField("differences")
    differences = models.JSONField(default=list)

    objects: ClassVar[VerificationRunQuerySet] = VerificationRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("mode", VerificationMode, name="wallets_verification_mode_valid"),
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at")),
                name="wallets_verification_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(difference_count=0, differences=[])
                | (Q(difference_count__gt=0) & ~Q(differences=[])),
                name="wallets_verification_differences_are_kept",
            ),
        ]
        indexes = [
            models.Index(fields=["-ended_at"], name="wallets_verification_newest"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_mode_display()} {self.ended_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_green(self) -> bool:
        return self.difference_count == 0

    @property
    def duration(self) -> timedelta:
        return self.ended_at - self.started_at


class Checkpoint(models.Model):
    """How far a chain was proved by the last green run, and what it was there."""

    pk = models.CompositePrimaryKey("account_id", "shard")
    account_id = models.BigIntegerField()
    shard = models.SmallIntegerField()
    seq = models.BigIntegerField()
    posted = models.BigIntegerField()
    head = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(seq__gte=0), name="wallets_checkpoint_seq_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.account_id}/{self.shard} proved to {self.seq}"


class Anchor(models.Model):
    """A signed statement of what all chains were at a moment. Append-only by trigger."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    chains = models.IntegerField()
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)

    objects: ClassVar[models.Manager["Anchor"]] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gt=0), name="wallets_anchor_number_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.at:%Y-%m-%d %H:%M:%S}"


class AnchoredHead(models.Model):
    """A chain that had grown by the time of an anchor, and its head then. Append-only by trigger."""

    pk = models.CompositePrimaryKey("account_id", "shard", "seq")
    anchor = models.ForeignKey(Anchor, models.PROTECT, related_name="heads")
    account_id = models.BigIntegerField()
    shard = models.SmallIntegerField()
    seq = models.BigIntegerField()
    head = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(seq__gte=0), name="wallets_anchored_head_seq_not_negative"
            ),
            models.UniqueConstraint(
                fields=["account_id", "shard", "anchor"],
                name="wallets_anchored_head_one_per_anchor",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.account_id}/{self.shard} at {self.seq} in anchor {self.anchor_id}"
