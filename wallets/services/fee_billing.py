"""Billing the platform's fees: after each month, one invoice for each freelancer and currency."""

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from invoicing.services.fees import fee_invoices_issue
from wallets.selectors.fees import after, fees_of_month, months_to_bill

BILL: Final = "fees.bill"
AT_ONCE: Final = 200
SETTLED_BY: Final = timedelta(hours=1)
"""After the end of a month nothing is under way in it any more."""


def fees_bill(*, at: datetime) -> int:
    """Bill all months that are over; how many invoices came of it.

    Each few hundred in a transaction of their own: called again, it goes on where it stopped, and
    what is billed stays as it is.
    """
    return sum(month_bill(month=month, at=at) for month in months_to_bill(at=at - SETTLED_BY))


def month_bill(*, month: date, at: datetime) -> int:
    """Bill the fees of one month; ValueError before it is over."""
    if at.date() < after(month):
        raise ValueError(f"{month:%Y-%m} is not over")
    charges = fees_of_month(month)
    batches = groupby(enumerate(charges), key=lambda pair: pair[0] // AT_ONCE)
    return sum(
        fee_invoices_issue(charges=[charge for _, charge in batch], at=at) for _, batch in batches
    )
