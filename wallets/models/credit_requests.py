"""What staff want to credit above the limit, until a second person has decided."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from invoicing.models import Invoice
from wallets.enums import CREDIT_REQUEST_TRANSITIONS, CreditRequestStatus
from wallets.exceptions import CreditRequestTransitionRefused


class CreditRequest(PublicIdModel):
    """A credit note that staff propose, in minor units before tax; DONE with the note."""

    PREFIX = "crq"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_requests")
    amount_minor = models.BigIntegerField("before tax")
    reason = models.CharField(max_length=500)
    status = models.CharField(max_length=12, choices=CreditRequestStatus.choices)
    request_key = models.UUIDField(null=True, blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_request"
    )

    objects: ClassVar[LockableQuerySet["CreditRequest"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", CreditRequestStatus, name="wallets_credit_request_status_valid"),
            positive("amount_minor", name="wallets_credit_request_amount_positive"),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S"), name="wallets_credit_request_has_a_reason"
            ),
            set_iff(
                "status",
                ["done", "dropped"],
                ["decided_at", "decided_by"],
                name="wallets_credit_request_decided_iff_ended",
            ),
            set_iff("status", ["done"], ["note"], name="wallets_credit_request_note_iff_done"),
            models.CheckConstraint(
                condition=~Q(status="done") | ~Q(decided_by=F("proposed_by")),
                name="wallets_credit_request_confirmed_by_another",
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(status="proposed"),
                name="wallets_credit_request_one_open_per_invoice",
            ),
            models.UniqueConstraint(
                fields=["invoice", "proposed_by", "request_key"],
                name="wallets_credit_request_one_per_request",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def move_to(self, status: CreditRequestStatus) -> None:
        """Change the state in memory. CreditRequestTransitionRefused for one not in the table."""
        if status not in CREDIT_REQUEST_TRANSITIONS[CreditRequestStatus(self.status)]:
            raise CreditRequestTransitionRefused(
                f"A request that is {self.get_status_display().lower()} cannot become"
                f" {status.label.lower()}."
            )
        self.status = status
