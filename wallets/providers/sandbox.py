"""A provider for development and tests: its tokens behave as their names say.

It keeps a book of its own, so that the outcome of a charge survives whatever happens to the
process that asked for it. It moves no money; production settings refuse to switch it on.
"""

import time
from typing import Final

from django.db import connection, transaction

from common.money import MAX_MINOR
from wallets.enums import ChargeResult
from wallets.exceptions import PaymentMethodUnknown
from wallets.models import SandboxCharge, SandboxRefund
from wallets.providers.protocol import Answer, Charge, ProviderTimeout, Refund

LABELS: Final = {
    "test_payment_method_123": "Sandbox card",
    "test_ok": "Sandbox card that works",
    "test_insufficient_funds": "Sandbox card without funds",
    "test_declined": "Sandbox card that is declined",
    "test_timeout": "Sandbox card whose answer is late",
    "test_slow": "Sandbox card that takes five seconds",
    "test_over": "Sandbox transfer of 10.00 too much",
    "test_short": "Sandbox transfer of half the amount",
    "test_no_refund": "Sandbox card that takes nothing back",
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


CHARGED: Final = "SELECT token FROM wallets_sandboxcharge WHERE key = %s FOR UPDATE"
REFUND: Final = """
INSERT INTO wallets_sandboxrefund (
  key, charge_key, amount_minor, currency, result, failure_code, created_at
)
SELECT %(key)s, %(charge)s, %(amount)s, %(currency)s,
       CASE WHEN refusal = '' THEN 'succeeded' ELSE 'declined' END, refusal, statement_timestamp()
FROM (
  SELECT CASE
    WHEN c.token = 'test_no_refund' THEN 'not_refundable'
    WHEN c.id IS NULL OR c.amount_minor - coalesce(r.given, 0) < %(amount)s THEN 'charge_exceeded'
    ELSE ''
  END AS refusal
  FROM (SELECT) AS nothing
  LEFT JOIN wallets_sandboxcharge c
    ON c.key = %(charge)s AND c.currency = %(currency)s AND c.result = 'succeeded'
  LEFT JOIN (
    SELECT charge_key, sum(amount_minor) AS given FROM wallets_sandboxrefund
    WHERE result = 'succeeded' GROUP BY charge_key
  ) r ON r.charge_key = c.key
) AS decided
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

    def refund(self, refund: Refund) -> Answer:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CHARGED, (refund.charge_key,))
            is_slow = cursor.fetchall() == [("test_timeout",)]
            cursor.execute(
                REFUND,
                {
                    "key": refund.key,
                    "charge": refund.charge_key,
                    "amount": refund.amount_minor,
                    "currency": refund.currency,
                },
            )
            is_new = cursor.rowcount == 1
        if is_new and is_slow:
            raise ProviderTimeout(refund.key)
        row = SandboxRefund.objects.get(key=refund.key)
        return Answer(result=ChargeResult(row.result), failure_code=row.failure_code)

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
