"""API tokens, the passwords that earn them, and how often somebody may call."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Q

from accounts import audit, policies
from accounts.enums import ORDINARY, Scope
from accounts.exceptions import (
    EmailUnconfirmed,
    InvalidCredentials,
    OtpInvalid,
    OtpRequired,
    TooManyCalls,
)
from accounts.models import ApiToken, RateWindow, User
from common.exceptions import FieldError, Invalid
from common.middleware import TOKEN_PREFIX

TOKEN_LIFE: Final = timedelta(days=30)
SEEN_EVERY: Final = timedelta(minutes=1)
WINDOW: Final = 60
KEEP_WINDOWS: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a new token is called and may do; no lifetime means thirty days."""

    name: str
    scopes: Sequence[Scope] = ORDINARY
    life: timedelta = TOKEN_LIFE


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a limit in this window, for the RateLimit headers."""

    limit: int
    remaining: int
    reset: int


@transaction.atomic
def token_issue(
    *, grant: TokenGrant, by: User, at: datetime, parent: ApiToken | None = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is shown now and never again: only its hash is kept.

    A token that makes another (`parent`) hands on no scope and no lifetime beyond its own.
    Invalid when the grant asks for more.
    """
    expires_at = at + grant.life
    if parent is not None:
        _refuse_more_than(parent, grant)
        expires_at = min(expires_at, parent.expires_at)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=by,
        name=grant.name,
        digest=token_digest(secret),
        scopes=sorted(set(grant.scopes)),
        created_at=at,
        expires_at=expires_at,
    )
    audit.record(
        audit.Record(
            event="token.issued",
            target=token,
            after={"scopes": ", ".join(token.scopes), "expires_at": expires_at.isoformat()},
        ),
        by=by,
        at=at,
    )
    return token, secret


@transaction.atomic
def token_revoke(*, token_id: int, by: User, at: datetime) -> ApiToken:
    """End a token at once; revoking it again changes nothing. PermissionRefused."""
    token = ApiToken.objects.locked().get(pk=token_id)
    policies.require(
        token.user_id == by.pk or policies.may_administer(by), "This is not your token."
    )
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        audit.record(audit.Record(event="token.revoked", target=token), by=by, at=at)
    return token


def token_find(*, secret: str, at: datetime) -> ApiToken | None:
    """The live token of an active user with that secret; notes once a minute that it was seen."""
    live = ApiToken.objects.filter(
        revoked_at__isnull=True, expires_at__gt=at, user__is_active=True
    ).select_related("user")
    try:
        token = live.get(digest=token_digest(secret))
    except ApiToken.DoesNotExist:
        return None
    if token.last_used_at is None or token.last_used_at < at - SEEN_EVERY:
        ApiToken.objects.filter(pk=token.pk).filter(
            Q(last_used_at__isnull=True) | Q(last_used_at__lt=at - SEEN_EVERY)
        ).update(last_used_at=at)
    return token


def token_digest(secret: str) -> str:
    """What is kept of a secret. It is long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def password_check(*, email: str, password: str, otp: str | None, at: datetime) -> User:
    """The user whom address, password and, where it is on, one-time code prove.

    InvalidCredentials, OtpRequired, OtpInvalid, EmailUnconfirmed, TooManyCalls.
    """
    user = authenticate(None, email=email.strip().lower(), password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    if is_mfa_enabled(user):
        _check_otp(user, otp, at=at)
    if settings.EMAIL_CONFIRMATION == "mandatory" and not _is_confirmed(user):
        raise EmailUnconfirmed
    return user


def call_count(*, scope: str, subject: str, at: datetime) -> Allowance:
    """Count one call against the limit of that scope for this minute. TooManyCalls beyond it.

    One atomic statement outside of any other transaction, so parallel calls are all counted.
    """
    limit: int = settings.RATE_LIMITS[scope]
    second = int(at.timestamp())
    reset = WINDOW - second % WINDOW
    hits = _hit(scope, subject, second // WINDOW)
    if hits > limit:
        raise TooManyCalls(wait=reset)
    return Allowance(limit=limit, remaining=limit - hits, reset=reset)


def windows_purge(*, at: datetime) -> int:
    """Delete the counters of past minutes; how many there were."""
    oldest = int((at - KEEP_WINDOWS).timestamp()) // WINDOW
    deleted, _ = RateWindow.objects.filter(window__lt=oldest).delete()
    return deleted


def _hit(scope: str, subject: str, window: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO accounts_ratewindow (scope, subject, "window", hits)'
            " VALUES (%s, %s, %s, 1)"
            ' ON CONFLICT (scope, subject, "window")'
            " DO UPDATE SET hits = accounts_ratewindow.hits + 1 RETURNING hits",
            [scope, subject, window],
        )
        (hits,) = cursor.fetchone()
    return int(hits)


def _refuse_more_than(parent: ApiToken, grant: TokenGrant) -> None:
    beyond = sorted(set(grant.scopes) - set(parent.scopes))
    if beyond:
        words = f"Your own token lacks: {', '.join(beyond)}."
        raise Invalid([FieldError("scopes", "scope_missing", words)])


def _check_otp(user: User, otp: str | None, *, at: datetime) -> None:
    if not otp:
        raise OtpRequired
    call_count(scope="otp", subject=user.public_id, at=at)
    own = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    if not any(authenticator.wrap().validate_code(otp) for authenticator in own):
        raise OtpInvalid


def _is_confirmed(user: User) -> bool:
    confirmed: bool = EmailAddress.objects.filter(
        user=user, email=user.email, verified=True
    ).exists()
    return confirmed
