"""A provider for development and tests: its tokens behave as their names say.

It keeps a book of its own, so that the outcome of a charge survives whatever happens to the
process that asked for it. It moves no money; production settings refuse to switch it on.
"""

import time
from typing import Final

from django.db import connection

from common.money import MAX_MINOR
from wallets.enums import ChargeResult
from wallets.exceptions import PaymentMethodUnknown
from wallets.models import SandboxCharge
from wallets.providers.protocol import Answer, Charge, ProviderTimeout

LABELS: Final = {
    "test_payment_method_123": "Sandbox card",
    "test_ok": "Sandbox card that works",
    "test_insufficient_funds": "Sandbox card without funds",
    "test_declined": "Sandbox card that is declined",
    "test_timeout": "Sandbox card whose answer is late",
    "test_slow": "Sandbox card that takes five seconds",
    "test_over": "Sandbox transfer of 10.00 too much",
    "test_short": "Sandbox transfer of half the amount",
}
DECLINES: Final = {
    "test_insufficient_funds": "insufficient_funds",
    "test_declined": "card_declined",
}
SLOW_SECONDS: Final = 5.0
OVER_MINOR: Final = 1_000
BOOK: Final = """
INSERT INTO wallets_sandboxcharge (
  key, token, amount_minor, currency, result, failure_code, created_at
)
VALUES (%s, %s, %s, %s, %s, %s, statement_timestamp())
ON CONFLICT (key) DO NOTHING
"""


class SandboxProvider:
    """Answers at once, except where a token's name says otherwise."""

    def charge(self, charge: Charge) -> Answer:
        self.label_of(charge.token)
        if charge.token == "test_slow":  # noqa: S105 - a sandbox method, not a secret
            time.sleep(SLOW_SECONDS)
        decline = DECLINES.get(charge.token, "")
        result = ChargeResult.DECLINED if decline else ChargeResult.SUCCEEDED
        taken = _taken(charge)
        with connection.cursor() as cursor:
            cursor.execute(
                BOOK,
                (
                    charge.key,
                    charge.token,
                    taken,
                    charge.currency,
                    result.value,
                    decline,
                ),
            )
            is_new = cursor.rowcount == 1
        if is_new and charge.token == "test_timeout":  # noqa: S105 - a sandbox method
            raise ProviderTimeout(charge.key)
        if not is_new:
            return _known(charge.key)
        return Answer(result, failure_code=decline, received_minor=None if decline else taken)

    def label_of(self, token: str) -> str:
        try:
            return LABELS[token]
        except KeyError:
            raise PaymentMethodUnknown from None


def _taken(charge: Charge) -> int:
    """What arrives of the amount: people who transfer money by hand mistype it."""
    match charge.token:
        case "test_over":
            return min(charge.amount_minor + OVER_MINOR, MAX_MINOR)
        case "test_short":
            return -(-charge.amount_minor // 2)
    return charge.amount_minor


def _known(key: str) -> Answer:
    row = SandboxCharge.objects.get(key=key)
    has_paid = row.result == ChargeResult.SUCCEEDED
    return Answer(
        result=ChargeResult(row.result),
        failure_code=row.failure_code,
        received_minor=row.amount_minor if has_paid else None,
    )
