"""Users that think one second between calls and walk the whole path over HTTP."""

import http.client
import itertools
import json
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

THINK_SECONDS = 1.0
CALLS = 7
"""Of one walk. Users begin spread over its length, so that at no time all of them make the same call."""
PASSWORD = "bench mark password"
BUDGET = {"amount": "10000.00", "currency": "USD"}


@dataclass
class Timings:
    """Seconds of each call, and answers that were not as expected."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    def row(self, call: str, duration: float) -> tuple[str, ...]:
        """Call, p50, p95, p99 in ms and calls a second."""
        values = sorted(self.seconds[call])
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        shown = [f"{1000 * cuts[at - 1]:.0f}" for at in (50, 95, 99)]
        return (call, *shown, f"{len(values) / duration:.1f}")


class Person:
    """One account, its token and its connection."""

    def __init__(self, address: str, email: str, role: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        self.headers = {"Content-Type": "application/json"}
        credentials = {"email": email, "password": PASSWORD}
        person = {**credentials, "name": email.split("@")[0], "role": role}
        self.expect(201, "/api/v1/auth/register/", person)
        granted = self.expect(201, "/api/v1/auth/token/", credentials)
        self.id: str = granted["user"]["id"]
        self.headers["Authorization"] = f"Bearer {granted['token']}"

    def post(self, path: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """Status and body of one call."""
        self.connection.request("POST", path, json.dumps(body), {**self.headers, **headers})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def expect(self, status: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a call that must have this status."""
        found, text = self.post(path, body)
        if found != status:
            raise RuntimeError(f"{path}: {found} {text[:200]!r}")
        answer: dict[str, Any] = json.loads(text)
        return answer


class Pair:
    """A commissioner and a freelancer who work together again and again."""

    _keys = itertools.count()

    def __init__(self, commissioner: Person, freelancer: Person, timings: Timings) -> None:
        self.commissioner, self.freelancer, self.timings = commissioner, freelancer, timings

    def call(
        self, name: str, person: Person, path: str, body: dict[str, Any], *statuses: int
    ) -> dict[str, Any]:
        key = {"Idempotency-Key": f"bench-{next(self._keys)}"}
        began = time.perf_counter()
        status, text = person.post(path, body, **key)
        self.timings.seconds[name].append(time.perf_counter() - began)
        if status not in statuses:
            self.timings.errors.append(f"{name}: {status} {text[:200]!r}")
            raise Broken
        time.sleep(THINK_SECONDS)
        answer: dict[str, Any] = json.loads(text)
        return answer

    def walk(self) -> None:
        """From a gig to the wallet, once."""
        buyer, seller = self.commissioner, self.freelancer
        gig = self.call(
            "gigs/post",
            buyer,
            "/api/gigs/post",
            {
                "title": f"Bench {next(self._keys)}",
                "description": "A gig of the benchmark.",
                "category": "development",
                "budget": BUDGET,
                "milestones": [{"title": "One"}, {"title": "Two"}, {"title": "Three"}],
            },
            201,
        )
        self.call(
            "applications",
            seller,
            f"/api/v1/gigs/{gig['id']}/applications/",
            {"pitch": "I can do this."},
            201,
        )
        project = self.call(
            "gigs/match-freelancer",
            buyer,
            "/api/gigs/match-freelancer",
            {"gig_id": gig["id"], "freelancer_id": seller.id},
            201,
        )
        task = {"task_id": project["tasks"][0]["id"]}
        path = "/api/project-tasks/submit"
        self.call("submit", seller, path, {**task, "action": "submit", "message": "Done."}, 200)
        self.call("approve", buyer, path, {**task, "action": "approve"}, 200)
        invoice = self.call(
            "invoices/auto-generate", buyer, "/api/invoices/auto-generate", task, 200, 201
        )
        self.call(
            "payments/execute",
            buyer,
            "/api/payments/execute",
            {"invoice_id": invoice["id"], "payment_method": "test_ok"},
            200,
        )


class Broken(Exception):
    """An answer that ends this walk; it is among the errors."""


def _walk_until(pair: Pair, end: float, delay: float) -> None:
    time.sleep(delay)
    while time.monotonic() < end:
        try:
            pair.walk()
        except Broken:
            continue
        except (OSError, http.client.HTTPException) as error:
            pair.timings.errors.append(repr(error))
            pair.commissioner.connection.close()
            pair.freelancer.connection.close()


def run(address: str, *, users: int, seconds: float) -> tuple[Timings, float]:
    """`users` at once for that long; what was measured and how long it took."""
    timings = Timings()
    pairs = []
    for number in range(users):
        mark = f"{users}-{number}@bench.example"
        buyer = Person(address, f"buyer-{mark}", "commissioner")
        seller = Person(address, f"seller-{mark}", "freelancer")
        pairs.append(Pair(buyer, seller, timings))
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=users) as crowd:
        for number, pair in enumerate(pairs):
            delay = CALLS * THINK_SECONDS * number / users
            crowd.submit(_walk_until, pair, began + seconds, delay)
    return timings, time.monotonic() - began
