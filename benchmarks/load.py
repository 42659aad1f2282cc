"""Users that think one second between calls and walk the whole path over HTTP."""

import asyncio
import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

THINK_SECONDS = 1.0
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
    """One account and its token."""

    def __init__(self, client: httpx.AsyncClient, user: dict[str, Any], token: str) -> None:
        self.client, self.id = client, user["id"]
        self.headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def register(cls, client: httpx.AsyncClient, email: str, role: str) -> "Person":
        body = {"email": email, "password": PASSWORD, "name": email.split("@")[0], "role": role}
        answer = await client.post("/api/v1/auth/register/", json=body)
        answer.raise_for_status()
        answer = await client.post(
            "/api/v1/auth/token/", json={"email": email, "password": PASSWORD}
        )
        answer.raise_for_status()
        return cls(client, answer.json()["user"], answer.json()["token"])


class Pair:
    """A commissioner and a freelancer who work together again and again."""

    _keys = itertools.count()

    def __init__(self, commissioner: Person, freelancer: Person, timings: Timings) -> None:
        self.commissioner, self.freelancer, self.timings = commissioner, freelancer, timings

    async def call(
        self, name: str, person: Person, path: str, body: dict[str, Any], *statuses: int
    ) -> dict[str, Any]:
        headers = {**person.headers, "Idempotency-Key": f"bench-{next(self._keys)}"}
        began = time.perf_counter()
        answer = await person.client.post(path, json=body, headers=headers)
        self.timings.seconds[name].append(time.perf_counter() - began)
        if answer.status_code not in statuses:
            self.timings.errors.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            raise Broken
        result: dict[str, Any] = answer.json()
        await asyncio.sleep(THINK_SECONDS)
        return result

    async def walk(self) -> None:
        """From a gig to the wallet, once."""
        buyer, seller = self.commissioner, self.freelancer
        gig = await self.call(
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
        await self.call(
            "applications",
            seller,
            f"/api/v1/gigs/{gig['id']}/applications/",
            {"pitch": "I can do this."},
            201,
        )
        project = await self.call(
            "gigs/match-freelancer",
            buyer,
            "/api/gigs/match-freelancer",
            {"gig_id": gig["id"], "freelancer_id": seller.id},
            201,
        )
        task = {"task_id": project["tasks"][0]["id"]}
        path = "/api/project-tasks/submit"
        await self.call(
            "submit", seller, path, {**task, "action": "submit", "message": "Done."}, 200
        )
        await self.call("approve", buyer, path, {**task, "action": "approve"}, 200)
        invoice = await self.call(
            "invoices/auto-generate", buyer, "/api/invoices/auto-generate", task, 200, 201
        )
        await self.call(
            "payments/execute",
            buyer,
            "/api/payments/execute",
            {"invoice_id": invoice["id"], "payment_method": "test_ok"},
            200,
        )


class Broken(Exception):
    """An answer that ends this walk; it is among the errors."""


async def _walk_until(pair: Pair, stopped: Callable[[], bool], delay: float) -> None:
    await asyncio.sleep(delay)
    while not stopped():
        try:
            await pair.walk()
        except (Broken, httpx.HTTPError) as error:
            pair.timings.errors.append(repr(error))


async def run(address: str, *, users: int, seconds: float) -> tuple[Timings, float]:
    """`users` at once for that long; what was measured and how long it took."""
    timings = Timings()
    limits = httpx.Limits(max_connections=users + 10, max_keepalive_connections=users + 10)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=limits) as client:
        pairs = []
        for number in range(users):
            mark = f"{users}-{number}@bench.example"
            buyer = await Person.register(client, f"buyer-{mark}", "commissioner")
            seller = await Person.register(client, f"seller-{mark}", "freelancer")
            pairs.append(Pair(buyer, seller, timings))
        began = time.monotonic()
        await asyncio.gather(
            *(
                _walk_until(
                    pair,
                    lambda: time.monotonic() - began > seconds,
                    delay=THINK_SECONDS * number / users,
                )
                for number, pair in enumerate(pairs)
            )
        )
        return timings, time.monotonic() - began
