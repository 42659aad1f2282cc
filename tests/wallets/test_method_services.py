"""Storing and removing payment methods."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from tests.builders import run_jobs
from tests.factories import AT
from tests.wallets.paying import begin, store, traces
from wallets.exceptions import PaymentMethodUnknown
from wallets.models import Payment, PaymentMethod
from wallets.services import MethodChoice, payment_method_remove

pytestmark = pytest.mark.django_db


def test_the_first_method_becomes_the_default(commissioner):
    first, second = store(commissioner), store(commissioner, token="test_declined")

    assert (first.is_default, first.label, first.created_at) == (
        True,
        "Sandbox card that works",
        AT,
    )
    assert (second.is_default, second.label) == (False, "Sandbox card that is declined")
    event = AuditEvent.objects.get(event="payment_method.added", target=first.public_id)
    assert event.after == {
        "provider": "sandbox",
        "label": "Sandbox card that works",
        "is_default": True,
    }


def test_a_new_default_replaces_the_old_one(commissioner):
    first = store(commissioner)

    second = store(commissioner, is_default=True)

    assert [*PaymentMethod.objects.filter(is_default=True)] == [second]
    assert [*PaymentMethod.objects.of(commissioner).order_by("pk")] == [first, second]


def test_methods_are_the_commissioners(freelancer):
    before = traces()

    with pytest.raises(PermissionRefused):
        store(freelancer)

    assert traces() == before


def test_a_method_that_the_provider_does_not_know_is_not_stored(commissioner):
    before = traces()

    with pytest.raises(PaymentMethodUnknown):
        store(commissioner, token="test_unheard_of")

    assert traces() == before


def test_a_removed_method_is_no_default_and_pays_nothing_any_more(automatic, commissioner):
    method = store(commissioner)

    removed = payment_method_remove(method_id=method.pk, by=commissioner, at=AT)
    run_jobs("invoice.issued", "payment.auto")

    assert (removed.removed_at, removed.is_default) == (AT, False)
    assert not PaymentMethod.objects.of(commissioner).exists()
    assert Payment.objects.count() == 0
    assert AuditEvent.objects.filter(event="payment_method.removed").count() == 1


def test_removing_again_changes_nothing(commissioner):
    method = store(commissioner)
    payment_method_remove(method_id=method.pk, by=commissioner, at=AT)
    before = traces()

    payment_method_remove(method_id=method.pk, by=commissioner, at=AT + timedelta(days=1))

    assert traces() == before


def test_only_the_owner_removes_a_method(commissioner, stranger):
    method = store(commissioner)
    before = traces()

    with pytest.raises(PermissionRefused):
        payment_method_remove(method_id=method.pk, by=stranger, at=AT)

    assert traces() == before


def test_a_removed_stored_method_pays_no_invoice(invoice, commissioner):
    method = store(commissioner)
    payment_method_remove(method_id=method.pk, by=commissioner, at=AT)
    method.refresh_from_db()
    before = traces()

    with pytest.raises(PaymentMethodUnknown):
        begin(invoice, method=MethodChoice(method.provider, method.token, method))

    assert traces() == before
