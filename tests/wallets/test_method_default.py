import pytest

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from tests.factories import AT
from wallets.exceptions import PaymentMethodUnknown
from wallets.models import PaymentMethod
from wallets.services import (
    payment_method_add,
    payment_method_make_default,
    payment_method_remove,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def methods(commissioner):
    """The default one, and another."""
    return [
        payment_method_add(
            provider="sandbox", token=token, is_default=False, by=commissioner, at=AT
        )
        for token in ("test_ok", "test_slow")
    ]


def defaults():
    return list(PaymentMethod.objects.filter(is_default=True))


def test_there_is_one_default(methods, commissioner):
    first, second = methods
    assert defaults() == [first]

    payment_method_make_default(method_id=second.pk, by=commissioner, at=AT)
    assert defaults() == [second]

    third = payment_method_add(
        provider="sandbox", token="test_declined", is_default=True, by=commissioner, at=AT
    )
    assert defaults() == [third]


def test_making_the_default_the_default_again_changes_nothing(methods, commissioner):
    payment_method_make_default(method_id=methods[0].pk, by=commissioner, at=AT)

    assert defaults() == [methods[0]]
    assert not AuditEvent.objects.filter(event="payment_method.made_default").exists()


def test_a_removed_method_cannot_become_the_default(methods, commissioner):
    payment_method_remove(method_id=methods[1].pk, by=commissioner, at=AT)

    with pytest.raises(PaymentMethodUnknown):
        payment_method_make_default(method_id=methods[1].pk, by=commissioner, at=AT)

    assert defaults() == [methods[0]]


def test_only_the_owner_makes_a_method_the_default(methods, stranger):
    with pytest.raises(PermissionRefused):
        payment_method_make_default(method_id=methods[1].pk, by=stranger, at=AT)

    assert defaults() == [methods[0]]
