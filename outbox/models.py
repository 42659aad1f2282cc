"""Background work as rows: written in the transaction that causes it, done exactly once."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from common.constraints import one_of
from common.models import LockableQuerySet, PublicIdModel
from outbox.enums import Beat, Outcome


class JobQuerySet(LockableQuerySet["Job"]):
    def pending(self) -> "JobQuerySet":
        """Neither done nor given up."""
        return self.filter(done_at__isnull=True, dead_at__isnull=True)

    def dead(self) -> "JobQuerySet":
        """Given up after the last attempt; a person has to look."""
        return self.filter(dead_at__isnull=False, done_at__isnull=True)


class Job(PublicIdModel):
    """One piece of work of a topic. `key` is the natural key of the work: it exists once."""

    PREFIX = "job"

    topic = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    outcome_note = models.TextField(blank=True)

    objects: ClassVar[JobQuerySet] = JobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "key"], name="outbox_job_key_unique_in_topic"),
            models.CheckConstraint(
                condition=(Q(done_at__isnull=True) & Q(outcome=""))
                | (Q(done_at__isnull=False) & Q(outcome__in=Outcome.values)),
                name="outbox_job_outcome_iff_done",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True, lease_token__isnull=True)
                | Q(lease_until__isnull=False, lease_token__isnull=False),
                name="outbox_job_lease_has_token",
            ),
        ]
        indexes = [
            models.Index(
                F("due_at"),
                F("id"),
                name="outbox_job_waiting",
                condition=Q(done_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="outbox_job_dead", condition=Q(dead_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.topic} {self.key}"


class Heartbeat(models.Model):
    """When a process last showed that it works."""

    name = models.CharField(max_length=20, primary_key=True, choices=Beat.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [one_of("name", Beat, name="outbox_heartbeat_name_valid")]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"
