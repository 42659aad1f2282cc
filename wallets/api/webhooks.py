"""What providers tell us, signed as Standard Webhooks say."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.api.parsers import UNSTORABLE
from common.api.problems import TooLarge
from common.api.schema import Operation, operation
from wallets.api.payout_serializers import ReceivedOutput
from wallets.enums import Rail
from wallets.exceptions import SignatureInvalid
from wallets.services import provider_event_note

TOLERANCE_SECONDS: Final = 300
LONGEST_ID: Final = 80


class SandboxEventsView(ApiView):
    @operation(
        Operation(
            name="provider_event_sandbox",
            tag="provider-events",
            is_public=True,
            answers={200: ReceivedOutput},
            refusals=[SignatureInvalid, TooLarge],
        )
    )
    def post(self, request: Request) -> Response:
        """Take in an event of the payout simulator.

        The signature proves who sent it; the event itself is only a hint to look into the
        provider's book. A second delivery changes nothing.
        """
        body = request.body
        event_id = _proved(request, body, at=self.at)
        event = _read(body)
        data = event.get("data")
        key = data.get("key") if isinstance(data, dict) else ""
        is_new = provider_event_note(
            provider=Rail.SANDBOX,
            event_id=event_id,
            kind=_storable(str(event.get("type", ""))[:60]),
            key=str(key or ""),
            body=_storable(body.decode(errors="replace")),
            at=self.at,
        )
        return Response(ReceivedOutput({"is_new": is_new}).data)


def _proved(request: Request, body: bytes, *, at: datetime) -> str:
    """The event's id, once one of our secrets signed id, time and body within five minutes."""
    event_id = request.headers.get("webhook-id") or ""
    stamp = request.headers.get("webhook-timestamp") or ""
    if not (0 < len(event_id) <= LONGEST_ID and stamp.isascii() and stamp.isdigit()):
        raise SignatureInvalid
    if len(stamp) > 12 or abs(int(stamp) - at.timestamp()) > TOLERANCE_SECONDS:
        raise SignatureInvalid
    signed = f"{event_id}.{stamp}.".encode() + body
    given = (request.headers.get("webhook-signature") or "").split()
    wanted = [f"v1,{_signature(secret, signed)}" for secret in settings.SANDBOX_PAYOUT_SECRETS]
    if not any(
        hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted
    ):
        raise SignatureInvalid
    return event_id


def _signature(secret: str, signed: bytes) -> str:
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _read(body: bytes) -> dict[str, Any]:
    """The event; one that cannot be read is kept all the same."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _storable(text: str) -> str:
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
