"""API tokens, idempotency keys and rate windows."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.enums import KeyState, Scope
from accounts.models.people import User
from common.constraints import one_of
from common.models import LockableQuerySet, PublicIdModel


class ApiToken(PublicIdModel):
    """A bearer token: only its SHA-256 is kept, the secret is shown once."""

    PREFIX = "tok"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["ApiToken"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values), name="accounts_token_scopes_valid"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")),
                name="accounts_token_expires_after_creation",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"


class IdempotencyKey(models.Model):
    """The first answer to a request, kept under the key that its sender chose.

    `reference` names the payment whose outcome a started request waits for.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=KeyState.choices)
    reference = models.CharField(max_length=60, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["IdempotencyKey"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="accounts_key_unique_per_user"),
            one_of("state", KeyState, name="accounts_key_state_valid"),
            models.CheckConstraint(
                condition=Q(state=KeyState.STARTED, status__isnull=True)
                | Q(state=KeyState.ANSWERED, status__isnull=False),
                name="accounts_key_status_iff_answered",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="accounts_key_age")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"


class RateWindow(models.Model):
    """How often something was asked for in one window of time."""

    scope = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    window = models.BigIntegerField()
    hits = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "subject", "window"], name="accounts_rate_window_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject} {self.window}"
