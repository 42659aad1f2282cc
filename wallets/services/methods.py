"""Storing and removing payment methods."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from wallets import policies
from wallets.exceptions import PaymentMethodUnknown
from wallets.models import PaymentMethod
from wallets.providers import provider_of


@transaction.atomic
def payment_method_add(
    *, provider: str, token: str, is_default: bool, by: User, at: datetime
) -> PaymentMethod:
    """Store a method; the first one, and one asked to be, becomes the default.

    The user's row is locked, so that there is one default. PaymentMethodUnknown,
    PermissionRefused.
    """
    require(policies.may_store_method(by), "Only commissioners can store payment methods.")
    label = provider_of(provider).label_of(token)
    User.objects.locked().get(pk=by.pk)
    others = PaymentMethod.objects.of(by)
    is_default = is_default or not others.exists()
    if is_default:
        others.filter(is_default=True).update(is_default=False)
    method = PaymentMethod.objects.create(
        user=by,
        provider=provider,
        token=token,
        label=label,
        is_default=is_default,
        created_at=at,
    )
    audit.record(
        audit.Record(
            event="payment_method.added",
            target=method,
            after={"provider": provider, "label": label, "is_default": is_default},
        ),
        by=by,
        at=at,
    )
    return method


@transaction.atomic
def payment_method_make_default(*, method_id: int, by: User, at: datetime) -> PaymentMethod:
    """Pay with this method where nothing else is said. PaymentMethodUnknown, PermissionRefused."""
    User.objects.locked().get(pk=by.pk)
    method = PaymentMethod.objects.locked().get(pk=method_id)
    require(policies.may_remove_method(by, method), "This is not your payment method.")
    if method.removed_at is not None:
        raise PaymentMethodUnknown
    if not method.is_default:
        PaymentMethod.objects.of(by).filter(is_default=True).update(is_default=False)
        method.is_default = True
        method.save(update_fields=["is_default"])
        audit.record(audit.Record(event="payment_method.made_default", target=method), by=by, at=at)
    return method


@transaction.atomic
def payment_method_remove(*, method_id: int, by: User, at: datetime) -> PaymentMethod:
    """Forget a method; payments made with it keep their record. PermissionRefused."""
    method = PaymentMethod.objects.locked().get(pk=method_id)
    require(policies.may_remove_method(by, method), "This is not your payment method.")
    if method.removed_at is None:
        method.removed_at, method.is_default = at, False
        method.save(update_fields=["removed_at", "is_default"])
        audit.record(audit.Record(event="payment_method.removed", target=method), by=by, at=at)
    return method
