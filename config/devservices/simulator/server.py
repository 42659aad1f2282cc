"""The simulator over HTTP: POST and GET /payouts/, one book, signed webhooks."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from config.devservices.simulator.behaviour import LATER_SECONDS, Behaviour, behaviour_of
from config.devservices.simulator.book import Book, Payout

PATH: Final = "/payouts/"
BODY_LIMIT: Final = 64 * 1024
HOOK_TRIES: Final = 3
HOOK_PAUSE: Final = 2.0
RETURNED: Final = "account_closed"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where events go, and what they are signed with; no address, no events."""

    address: str
    secret: str
    tries: int = HOOK_TRIES

    def send(self, payout: Payout) -> None:
        """Tell the other side of a payout's state, a few times until it says 2xx."""
        body = json.dumps({"type": f"payout.{payout.status}", "data": payout.as_dict()}).encode()
        event_id = f"evt_{secrets.token_hex(16)}"
        for _ in range(self.tries):
            if self.deliver(event_id, body) < HTTPStatus.MULTIPLE_CHOICES:
                return
            time.sleep(HOOK_PAUSE)

    def deliver(self, event_id: str, body: bytes) -> int:
        """One attempt; the status of the answer, 599 without one."""
        target = urlsplit(self.address)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=5)
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
        self._lost: set[str] = set()

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
        """Let what happens after the answer happen."""
        threading.Thread(target=self._follow_up, args=(payout, behaviour), daemon=True).start()

    def _follow_up(self, payout: Payout, behaviour: Behaviour) -> None:
        """What happens after the answer: events, and states that come later."""
        if not behaviour.later:
            self._tell(payout, behaviour.webhooks)
        for status in behaviour.later:
            time.sleep(LATER_SECONDS)
            reason = RETURNED if status == "returned" else payout.reason
            payout = self.book.write(replace(payout, status=status, reason=reason))
            self._tell(payout, behaviour.webhooks)

    def _tell(self, payout: Payout, times: int) -> None:
        if self.hook.address:
            for _ in range(times):
                self.hook.send(payout)


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
