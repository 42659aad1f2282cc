"""The simulator over HTTP: POST and GET /payouts/, one book, signed webhooks."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from config.devservices.simulator.agenda import Agenda
from config.devservices.simulator.behaviour import LATER_SECONDS, Behaviour, behaviour_of
from config.devservices.simulator.book import Book, Payout

PATH: Final = "/payouts/"
BODY_LIMIT: Final = 64 * 1024
HOOK_TRIES: Final = 3
HOOK_PAUSE: Final = 2.0
HOOK_SECONDS: Final = 5.0
"""For one attempt."""
RETURNED: Final = "account_closed"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where events go, and what they are signed with; no address, no events."""

    address: str
    secret: str
    tries: int = HOOK_TRIES

    def deliver(self, event_id: str, body: bytes) -> int:
        """One attempt; the status of the answer, 599 without one."""
        target = urlsplit(self.address)
        connection = http.client.HTTPConnection(
            target.hostname or "", target.port, timeout=HOOK_SECONDS
        )
        try:
            connection.request("POST", target.path, body, self._headers(event_id, body))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 599
        finally:
            connection.close()

    def _headers(self, event_id: str, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        signed = f"{event_id}.{stamp}.".encode() + body
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


class Simulator(ThreadingHTTPServer):
    """One provider. Requests with another secret than its own are refused."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, book: Book, hook: Hook) -> None:
        super().__init__(address, Handler)
        self.book = book
        self.hook = hook
        self._agenda = Agenda()
        self._lost: set[str] = set()

    def server_close(self) -> None:
        self._agenda.close()
        super().server_close()

    def behaviour(self, order: dict[str, Any]) -> Behaviour:
        """How the first request for a payout goes; here its destination decides."""
        destination = order.get("destination") or {}
        return behaviour_of(str(destination.get("account_number", "")))

    def accept(self, order: dict[str, Any]) -> tuple[Payout | None, Behaviour]:
        """The payout of that key, made now unless it was made before; None for a lost request."""
        behaviour = self.behaviour(order)
        with self.book.lock:
            known = self.book.find(str(order["key"]))
            if known is not None:
                return known, Behaviour(webhooks=0)
            if behaviour.is_request_lost and str(order["key"]) not in self._lost:
                self._lost.add(str(order["key"]))
                return None, behaviour
            made = self.book.open(
                order, status=behaviour.status, reason=behaviour.reason, less=behaviour.less
            )
        self.follow_up(made, behaviour)
        return made, behaviour

    def follow_up(self, payout: Payout, behaviour: Behaviour) -> None:
        """Let what happens after the answer happen: events, and states that come later."""
        if behaviour.later:
            self._become_later(payout, behaviour.later, behaviour.webhooks)
        else:
            self.tell(payout, behaviour.webhooks)

    def tell(self, payout: Payout, times: int) -> None:
        """Tell the other side of a payout's state; each of so many events until it says 2xx."""
        if not self.hook.address:
            return
        body = json.dumps({"type": f"payout.{payout.status}", "data": payout.as_dict()}).encode()
        for _ in range(times):
            event_id = f"evt_{secrets.token_hex(16)}"
            self._agenda.add(partial(self._deliver, event_id, body, self.hook.tries))

    def _become_later(self, payout: Payout, statuses: Sequence[str], webhooks: int) -> None:
        status, *rest = statuses

        def become() -> None:
            reason = RETURNED if status == "returned" else payout.reason
            changed = self.book.write(replace(payout, status=status, reason=reason))
            self.tell(changed, webhooks)
            if rest:
                self._become_later(changed, rest, webhooks)

        self._agenda.add(become, seconds=LATER_SECONDS)

    def _deliver(self, event_id: str, body: bytes, tries: int) -> None:
        is_heard = self.hook.deliver(event_id, body) < HTTPStatus.MULTIPLE_CHOICES
        if not is_heard and tries > 1:
            again = partial(self._deliver, event_id, body, tries - 1)
            self._agenda.add(again, seconds=HOOK_PAUSE)


class Handler(BaseHTTPRequestHandler):
    """The two verbs."""

    server: Simulator
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, BODY_LIMIT))
        if not self._is_known_caller():
            return
        try:
            order = json.loads(body)
            payout, behaviour = self.server.accept(order)
        except (AttributeError, KeyError, TypeError, ValueError):
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "malformed"})
            return
        time.sleep(behaviour.delay)
        if payout is None or behaviour.is_answer_lost:
            self.close_connection = True
        elif behaviour.is_error_after:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "internal"})
        else:
            self._answer(HTTPStatus.OK, payout.as_dict())

    def do_GET(self) -> None:
        if not self._is_known_caller():
            return
        key = self.path.removeprefix(PATH)
        if not key:
            rows = [payout.as_dict() for payout in self.server.book.payouts()]
            self._answer(HTTPStatus.OK, {"payouts": rows})
        elif payout := self.server.book.find(key):
            self._answer(HTTPStatus.OK, payout.as_dict())
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "unknown"})

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the book says it all."""

    def _is_known_caller(self) -> bool:
        given = self.headers.get("Authorization") or ""
        wanted = f"Bearer {self.server.hook.secret}"
        if self.path.startswith(PATH) and hmac.compare_digest(given.encode(), wanted.encode()):
            return True
        self._answer(HTTPStatus.UNAUTHORIZED, {"error": "unknown caller"})
        return False

    def _answer(self, status: HTTPStatus, values: dict[str, Any]) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
