"""Who did what to which object, written in the transaction that did it."""

from django.db import models


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
    journal_key = models.CharField(max_length=120, blank=True, null=True, unique=True)
    request_id = models.CharField(max_length=64, blank=True)
    remote_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["target", "at"], name="accounts_audit_target"),
            models.Index(fields=["actor", "at"], name="accounts_audit_actor"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.event} {self.target}"
