"""The payout simulator of development and tests, over HTTP. It moves no money."""

import http.client
import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from common.failpoints import failpoint
from wallets.enums import PayoutResult
from wallets.providers.payouts import PayoutAnswer, PayoutOrder
from wallets.providers.protocol import ProviderTimeout, ProviderUnreachable

PATH: Final = "/payouts/"


class SandboxPayouts:
    """Only a 200 that can be read is an answer; whatever else comes leaves the outcome unknown."""

    def send(self, order: PayoutOrder) -> PayoutAnswer:
        status, body = self._call(
            "POST",
            PATH,
            {
                "key": order.key,
                "amount_minor": order.amount_minor,
                "currency": order.currency,
                "destination": order.destination,
            },
        )
        if status != HTTPStatus.OK:
            raise ProviderTimeout(f"{order.key}: the provider said {status}")
        return _answer(body)

    def look(self, key: str) -> PayoutAnswer | None:
        status, body = self._call("GET", f"{PATH}{key}")
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise ProviderTimeout(f"{key}: the provider said {status}")
        return _answer(body)

    def book(self) -> dict[str, PayoutAnswer]:
        status, body = self._call("GET", PATH)
        if status != HTTPStatus.OK:
            raise ProviderTimeout(f"the provider said {status} when asked for its book")
        return {row["key"]: _answer(row) for row in body["payouts"]}

    def _call(
        self, method: str, path: str, values: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        target = urlsplit(settings.SANDBOX_PAYOUT_URL)
        headers = {
            "Authorization": f"Bearer {settings.SANDBOX_PAYOUT_SECRETS[0]}",
            "Content-Type": "application/json",
        }
        connection = http.client.HTTPConnection(
            target.hostname or "", target.port, timeout=settings.PAYOUT_TIMEOUT_SECONDS
        )
        try:
            _connect(connection)
            connection.request(method, path, json.dumps(values) if values else None, headers)
            failpoint("send.asked")
            response = connection.getresponse()
            body = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ProviderTimeout(f"no answer to {method} {path}: {error}") from error
        finally:
            connection.close()
        return response.status, body


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise ProviderUnreachable(f"no connection to the provider: {error}") from error


def _answer(body: dict[str, Any]) -> PayoutAnswer:
    try:
        return PayoutAnswer(
            result=PayoutResult(body["status"]),
            amount_minor=int(body["amount_minor"]),
            currency=str(body["currency"]),
            reference=str(body["reference"])[:120],
            reason=str(body.get("reason", ""))[:200],
            at=str(body.get("at", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderTimeout(f"an answer that cannot be read: {error}") from error
