"""Money leaving wallets: the bank accounts that it goes to."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import one_of
from common.models import LockableQuerySet, PublicIdModel
from wallets.enums import PayoutMethodKind


class PayoutMethodQuerySet(LockableQuerySet["PayoutMethod"]):
    def of(self, user: User) -> "PayoutMethodQuerySet":
        """The user's methods that have not been removed."""
        return self.filter(user=user, removed_at__isnull=True)


class PayoutMethod(PublicIdModel):
    """A bank account to withdraw to. What the bank needs is sealed; people see the label."""

    PREFIX = "pom"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="payout_methods")
    kind = models.CharField(max_length=12, choices=PayoutMethodKind.choices)
    holder = models.CharField(max_length=70)
    label = models.CharField(max_length=120)
    sealed = models.TextField()
    created_at = models.DateTimeField()
    usable_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PayoutMethodQuerySet] = PayoutMethodQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("kind", PayoutMethodKind, name="wallets_payout_method_kind_valid"),
            models.CheckConstraint(
                condition=~Q(holder__regex=r"^\s*$"), name="wallets_payout_method_holder_not_blank"
            ),
            models.CheckConstraint(
                condition=Q(sealed__startswith="gAAAA"), name="wallets_payout_method_is_sealed"
            ),
            models.CheckConstraint(
                condition=Q(usable_at__gte=F("created_at")),
                name="wallets_payout_method_usable_after_creation",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.label}"

    def is_usable(self, at: datetime) -> bool:
        """Whether it has cooled off and is still there."""
        return self.removed_at is None and self.usable_at <= at
