"""Callers of the API who ask again, under the same key, until they get a definite answer."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT: Final = 20.0
LONGEST_PAUSE: Final = 1.0
PASSWORD: Final = "a long and private sentence"
PASSING: Final = frozenset({"busy", "idempotency_key_in_flight", "payment_in_progress"})
"""Refusals that say nothing about how it ends."""


class GaveUp(Exception):
    """No definite answer while there was patience."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A definite one."""

    status: int
    body: Any

    @property
    def is_ok(self) -> bool:
        return self.status < 300

    @property
    def code(self) -> str:
        return "" if self.is_ok else str(self.body.get("code", self.status))


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What somebody was told had happened: which, under which key, about what, called what."""

    kind: str
    user: str
    key: str
    subject: str
    result: str
    amount: str = ""


@dataclass
class Log:
    """What the callers were told; it outlives every process but this one."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    replays: int = 0
    complaints: list[str] = field(default_factory=list)
    patient_until: float = float("inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, entry: Acknowledged) -> None:
        with self.lock:
            self.acknowledged.append(entry)

    def count(self, counter: Counter[str], name: str) -> None:
        with self.lock:
            counter[name] += 1

    def complain(self, words: str) -> None:
        with self.lock:
            self.complaints.append(words)


class Caller:
    """One person's token. Each call is a new connection, as the old one's end may be dead."""

    def __init__(self, address: str, log: Log, *, email: str, role: str) -> None:
        self.server = urlsplit(address).netloc
        self.log = log
        self.headers = {"Content-Type": "application/json"}
        person = {"email": email, "password": PASSWORD, "name": email.split("@")[0], "role": role}
        self.expect("/api/v1/auth/register/", person)
        grant = {"email": email, "password": PASSWORD}
        if role == "freelancer":
            grant["scopes"] = [  # type: ignore[assignment]
                "gigs:read", "gigs:write", "money:read", "money:write", "withdrawals:write",
            ]  # fmt: skip
        granted = self.expect("/api/v1/auth/token/", grant)
        self.headers["Authorization"] = f"Bearer {granted['token']}"
        self.id: str = granted["user"]["id"]

    def once(self, method: str, path: str, body: Any = None, *, key: str = "") -> Answer:
        """One attempt. OSError or HTTPException when there is no answer."""
        connection = http.client.HTTPConnection(self.server, timeout=TIMEOUT)
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        return Answer(response.status, json.loads(text) if text else {})

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> Answer:
        """Ask until the answer is definite. GaveUp."""
        pause = 0.1
        while True:
            reason = self._attempt(method, path, body, key)
            if isinstance(reason, Answer):
                return reason
            self.log.count(self.log.retries, reason)
            if time.monotonic() > self.log.patient_until:
                raise GaveUp(f"{method} {path} {key}: {reason}")
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE)

    def expect(self, path: str, body: Any, *, key: str = "") -> Any:
        """The body of a POST that has to succeed."""
        answer = self.ask("POST", path, body, key=key)
        if not answer.is_ok:
            raise RuntimeError(f"{path}: {answer.status} {answer.body}")
        return answer.body

    def _attempt(self, method: str, path: str, body: Any, key: str) -> Answer | str:
        try:
            answer = self.once(method, path, body, key=key)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            return type(problem).__name__
        if answer.status >= 500 or answer.status == 429:
            return str(answer.status)
        return answer.code if answer.code in PASSING else answer


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """The answers to calls made at the same time. GaveUp."""
    answers: dict[int, Answer] = {}

    def make(position: int, call: Callable[[], Answer]) -> None:
        try:
            answers[position] = call()
        except GaveUp:
            return

    threads = [threading.Thread(target=make, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) < len(calls):
        raise GaveUp("one of two callers at once")
    return [answers[position] for position in range(len(calls))]
