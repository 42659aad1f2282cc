"""Changing what people say about themselves: under their row's lock, audited, nothing for nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from accounts import audit
from accounts.models import Organisation, User


def locked_user(user_id: int) -> User:
    """The person's row, locked until the transaction ends."""
    user: User = User.objects.locked().get(pk=user_id)
    return user


def change_and_audit(
    row: models.Model,
    values: Mapping[str, Any],
    *,
    event: str,
    target: User | Organisation,
    by: User,
    at: datetime,
) -> None:
    """Save and audit the values that differ; nothing when none does."""
    before = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
    if not before:
        return
    for name in before:
        setattr(row, name, values[name])
    row.save(update_fields=list(before))
    after = {name: values[name] for name in before}
    audit.record(
        audit.Record(event=event, target=target, before=_plain(before), after=_plain(after)),
        by=by,
        at=at,
    )


def _plain(values: Mapping[str, Any]) -> dict[str, str | bool]:
    return {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in values.items()
    }
