"""How often an address may call."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory
from rest_framework.test import APIClient

from accounts.exceptions import TooManyCalls
from accounts.models import RateWindow
from accounts.services.access import call_count, windows_purge
from common.middleware import remote_address

NOON = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)


@pytest.fixture
def limit(settings):
    def set_to(**limits):
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, **limits}

    return set_to


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_headers_tell_what_is_left_and_429_when_to_come_back(limit, refused):
    limit(calls=2)
    client = APIClient()

    left = [client.get("/api/v1/me/")["RateLimit-Remaining"] for _ in range(2)]
    answer = client.get("/api/v1/me/")

    assert left == ["1", "0"]
    refused(answer, 429, "rate_limited")
    assert answer["Retry-After"] == "40"


@pytest.mark.django_db
def test_the_next_minute_starts_anew(limit):
    limit(calls=1)

    with time_machine.travel(NOON, tick=False):
        first, second = (APIClient().get("/api/v1/me/") for _ in range(2))
    with time_machine.travel(NOON + timedelta(seconds=40), tick=False):
        third = APIClient().get("/api/v1/me/")

    assert [first.status_code, second.status_code, third.status_code] == [401, 429, 401]
    assert (first["RateLimit-Limit"], first["RateLimit-Reset"]) == ("1", "40")
    assert third["RateLimit-Reset"] == "60"


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_registrations_and_sign_ins_have_counters_of_their_own(limit, refused):
    limit(register=1, token=1)
    client = APIClient()

    for path in ("/api/v1/auth/register/", "/api/v1/auth/token/"):
        assert client.post(path, {}, format="json").status_code == 400
        refused(client.post(path, {}, format="json"), 429, "rate_limited")
    assert client.get("/api/v1/me/").status_code == 401


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_another_address_has_a_limit_of_its_own(limit):
    limit(calls=1)

    codes = [
        APIClient(REMOTE_ADDR=address).get("/api/v1/me/").status_code
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")
    ]

    assert codes == [401, 429, 401]


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_a_forged_forwarded_header_is_no_way_around(limit):
    limit(calls=5)

    codes = [
        APIClient().get("/api/v1/me/", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(30)
    ]

    assert codes == [401] * 5 + [429] * 25


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "192.0.2.1", "127.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.9, 192.0.2.1", "192.0.2.1"),
        (2, "198.51.100.9, 192.0.2.1, 203.0.113.5", "192.0.2.1"),
        (2, "192.0.2.1", "127.0.0.1"),
        (1, "", ""),
        (1, "nonsense", ""),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_only_trusted_proxies_say_who_calls(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})

    assert remote_address(request) == address


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_thirty_calls_at_once_get_no_more_than_the_limit(limit):
    limit(calls=10)
    barrier = Barrier(30)

    def call(_):
        barrier.wait()
        try:
            call_count(scope="calls", subject="192.0.2.1", at=NOON)
        except TooManyCalls:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(30) as pool:
        let_through = sum(pool.map(call, range(30)))

    assert let_through == 10
    assert RateWindow.objects.get().hits == 30


@pytest.mark.django_db
def test_old_counters_are_cleared_away():
    for at in (NOON - timedelta(hours=2), NOON):
        call_count(scope="calls", subject="192.0.2.1", at=at)

    assert windows_purge(at=NOON) == 1
    assert RateWindow.objects.get().window == int(NOON.timestamp()) // 60
