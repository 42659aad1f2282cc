"""Billing the platform's fees: after each month, one invoice for each freelancer and currency."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from common.outage import is_outage
from invoicing.documents.fees import FeeCharge
from invoicing.services.fees import fee_invoices_issue, fees_wait
from outbox.services import enqueue
from wallets.selectors.fees import after, fees_of_month, months_to_bill

BILL: Final = "fees.bill"
AT_ONCE: Final = 200
SETTLED_BY: Final = timedelta(hours=1)
"""After the end of a month nothing is under way in it any more."""

logger = logging.getLogger(__name__)


class FeesUnbilled(RuntimeError):
    """Some fees of a month could not be billed; all the others are, so many in this call."""

    def __init__(self, month: date, failed: Sequence[str], *, made: int) -> None:
        super().__init__(f"{month:%Y-%m}: {', '.join(failed)}")
        self.made = made


def fees_bill(*, at: datetime) -> int:
    """Bill all months that are over; how many invoices came of it.

    Each few hundred in a transaction of their own: called again, it goes on where it stopped, and
    what is billed stays as it is. A month of which something failed gets a job of its own.
    """
    made = 0
    for month in months_to_bill(at=at - SETTLED_BY):
        try:
            made += month_bill(month=month, at=at)
        except FeesUnbilled as error:
            made += error.made
            _bill_again(month, key=f"{month:%Y-%m}:failed", due_at=at)
    return made


def month_bill(*, month: date, at: datetime) -> int:
    """Bill the fees of one month; ValueError before it is over.

    FeesUnbilled when a charge failed, after all the others are billed. What went back before any fee
    was billed is looked at again after the next month.
    """
    if at.date() < after(month):
        raise ValueError(f"{month:%Y-%m} is not over")
    charges, failed = fees_of_month(month), []
    made = 0
    for start in range(0, len(charges), AT_ONCE):
        batch = charges[start : start + AT_ONCE]
        try:
            made += fee_invoices_issue(charges=batch, at=at)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one charge stops no other
            _raise_if_general(error)
            billed, unbilled = _one_by_one(batch, at=at)
            made += billed
            failed += unbilled
    if fees_wait(charges):
        first = after(at.date().replace(day=1))
        due_at = datetime(first.year, first.month, 1, tzinfo=UTC) + SETTLED_BY
        _bill_again(month, key=f"{month:%Y-%m}:{first:%Y-%m}", due_at=due_at)
    if failed:
        raise FeesUnbilled(month, failed, made=made)
    return made


def _one_by_one(charges: Sequence[FeeCharge], *, at: datetime) -> tuple[int, list[str]]:
    """How many invoices came of these charges, and which failed."""
    made, failed = 0, []
    for charge in charges:
        try:
            made += fee_invoices_issue(charges=[charge], at=at)
        except Exception as error:
            _raise_if_general(error)
            subject = f"user {charge.user_id}, {charge.currency} {charge.kind}"
            logger.exception("fees not billed", extra={"subject": subject})
            failed.append(subject)
    return made, failed


def _raise_if_general(error: Exception) -> None:
    """Nothing can be billed while the database is away, or the platform's own data are wrong."""
    if is_outage(error) or isinstance(error, ImproperlyConfigured):
        raise error


def _bill_again(month: date, *, key: str, due_at: datetime) -> None:
    enqueue(BILL, key=key, payload={"month": month.isoformat()}, due_at=due_at)
