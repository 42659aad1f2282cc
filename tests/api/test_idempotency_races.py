"""Twins of one request at the same moment, with real threads and connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import idempotency
from accounts.exceptions import KeyInFlight
from accounts.idempotency import Answered, Asked, Claimed
from accounts.models import IdempotencyKey
from accounts.services.access import TokenGrant, token_issue
from gigs.models import Gig
from tests.builders import sent_invoice
from wallets.models import Payment
from wallets.selectors import wallet_balances

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TWINS = 12


@pytest.fixture
def secret_of():
    def make(user) -> str:
        return token_issue(grant=TokenGrant(name="race"), by=user, at=timezone.now())[1]

    return make


def all_at_once(count, call):
    barrier = Barrier(count)

    def run(number):
        barrier.wait()
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_twins_under_one_key_have_one_effect_and_one_answer(commissioner, secret_of, gig_body):
    secret = secret_of(commissioner)

    def call(_):
        return APIClient().post(
            "/api/gigs/post",
            gig_body,
            format="json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"},
        )

    answers = all_at_once(TWINS, call)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == TWINS - 1
    assert Gig.objects.count() == 1


@pytest.mark.parametrize("is_one_key", [True, False])
def test_an_invoice_is_paid_once_however_many_pay_it(secret_of, is_one_key):
    invoice = sent_invoice()
    secret = secret_of(invoice.buyer)

    def call(number):
        return APIClient().post(
            "/api/payments/execute",
            {"invoice_id": invoice.public_id, "payment_method": "test_ok"},
            format="json",
            headers={
                "Authorization": f"Bearer {secret}",
                "Idempotency-Key": "one" if is_one_key else f"key-{number}",
            },
        )

    answers = all_at_once(TWINS, call)

    codes = [answer.json().get("code") for answer in answers if answer.status_code == 409]
    paid = [answer for answer in answers if answer.status_code == 200]
    assert len(paid) + len(codes) == TWINS
    assert set(codes) <= {"payment_in_progress", "already_paid"}
    assert len({answer.json()["payment"]["id"] for answer in paid}) == 1
    if not is_one_key:
        assert len(paid) == 1
    assert Payment.objects.count() == 1
    (balance,) = wallet_balances(invoice.seller_id)
    assert balance.available == 316667


def test_a_twin_of_a_request_that_takes_too_long_is_409(commissioner, secret_of, gig_body):
    """The first transaction stays open for longer than the lock timeout of three seconds."""
    asked = Asked(user=commissioner, key="one", digest="d" * 64)
    is_claimed, may_end = Event(), Event()

    def first():
        try:
            with transaction.atomic():
                claimed = idempotency.claim(asked, at=timezone.now())
                is_claimed.set()
                may_end.wait(60)
                assert isinstance(claimed, Claimed)
                idempotency.answer(claimed, status=201, body="{}")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert is_claimed.wait(60)
        with transaction.atomic(), pytest.raises(KeyInFlight), transaction.atomic():
            idempotency.claim(asked, at=timezone.now())
        may_end.set()
        running.result()

    with transaction.atomic():
        assert idempotency.claim(asked, at=timezone.now()) == Answered(201, "{}")


def test_a_twin_goes_on_when_the_first_one_is_rolled_back(commissioner):
    asked = Asked(user=commissioner, key="one", digest="d" * 64)
    is_claimed = Event()

    def first():
        try:
            with transaction.atomic():
                idempotency.claim(asked, at=timezone.now())
                is_claimed.set()
                transaction.set_rollback(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert is_claimed.wait(60)
        with transaction.atomic():
            assert isinstance(idempotency.claim(asked, at=timezone.now()), Claimed)
        running.result()

    assert IdempotencyKey.objects.count() == 1


def test_without_the_unique_key_twins_would_both_do_the_work(commissioner, monkeypatch):
    """The race's no-lock twin: looking before inserting lets everybody through."""
    barrier = Barrier(4)

    def look_then_claim(_):
        with transaction.atomic():
            is_new = not IdempotencyKey.objects.filter(user=commissioner, key="one").exists()
            barrier.wait()
            return is_new

    assert all_at_once(4, look_then_claim) == [True] * 4
