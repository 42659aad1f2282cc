"""Who did what to which object, written in the transaction that did it."""

from django.db import models
from django.db.models import Q


class AuditEvent(models.Model):
    """One state change or movement of money. Append-only by trigger; no foreign keys."""

    at = models.DateTimeField()
    event = models.CharField(max_length=60)
    actor = models.CharField("actor id", max_length=40, blank=True)
    actor_name = models.CharField(max_length=160, blank=True)
    target = models.CharField("object id", max_length=40)
    target_label = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    journal_key = models.CharField(max_length=120, blank=True, null=True)  # noqa: DJ001 - one a journal
    request_id = models.CharField(max_length=64, blank=True)
    remote_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["journal_key"],
                condition=Q(journal_key__isnull=False),
                name="accounts_audit_one_per_journal",
            ),
        ]
        indexes = [
            models.Index(fields=["target", "at"], name="accounts_audit_target"),
            models.Index(
                fields=["actor", "at"], name="accounts_audit_actor", condition=~Q(actor="")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.event} {self.target}"
