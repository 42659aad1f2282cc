"""Money of a wallet that staff keep back."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import positive
from common.models import LockableQuerySet, PublicIdModel


class HoldQuerySet(LockableQuerySet["Hold"]):
    def of(self, user: User) -> "HoldQuerySet":
        """The user's own."""
        return self.filter(user=user)

    def live(self) -> "HoldQuerySet":
        """Those that still keep money back."""
        return self.filter(released_at__isnull=True)


class Hold(PublicIdModel):
    """An amount kept back for a reason that the user reads, until a date when staff look again."""

    PREFIX = "hld"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="holds")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    clause = models.CharField(max_length=120)
    review_on = models.DateField()
    placed_at = models.DateTimeField()
    request_key = models.UUIDField(null=True, blank=True)
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    release_note = models.CharField(max_length=300, blank=True)

    objects: ClassVar[HoldQuerySet] = HoldQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            positive("amount_minor", name="wallets_hold_amount_positive"),
            models.CheckConstraint(
                condition=~Q(reason__regex=r"^\s*$") & ~Q(clause__regex=r"^\s*$"),
                name="wallets_hold_reason_and_clause",
            ),
            models.CheckConstraint(
                condition=Q(review_on__gte=F("placed_at__date")),
                name="wallets_hold_review_after_placing",
            ),
            models.CheckConstraint(
                condition=~Q(placed_by=F("user")), name="wallets_hold_placed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True, release_note="")
                | Q(released_at__isnull=False, released_by__isnull=False)
                & ~Q(release_note__regex=r"^\s*$"),
                name="wallets_hold_released_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["user", "request_key"], name="wallets_hold_one_per_request"
            ),
        ]
        indexes = [models.Index(fields=["user", "placed_at"], name="wallets_hold_of_user")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.amount_minor} {self.currency}"
