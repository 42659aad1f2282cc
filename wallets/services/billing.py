"""From an approval to the wallet in one transaction, where the money is held."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from invoicing.services import invoices_issue, invoices_wake
from wallets.exceptions import InsufficientFunds
from wallets.services.held import held_settle


@transaction.atomic
def milestones_bill(*, milestone_ids: Sequence[int], at: datetime) -> list[int]:
    """Issue the invoices of approved milestones, and pay those whose money is held; their ids.

    What is not paid here has its job (`invoice.issued`): invoices that somebody pays, and the whole
    batch when one of its buyers lacks the credit that a new tax takes. Calling again does nothing.
    """
    issued = invoices_issue(milestone_ids=milestone_ids, at=at, is_waking=False)
    paid = _pay(issued, at=at)
    invoices_wake(invoice_ids=[pk for pk in issued if pk not in paid])
    return issued


def _pay(invoice_ids: Sequence[int], *, at: datetime) -> frozenset[int]:
    try:
        return frozenset(held_settle(invoice_ids=invoice_ids, at=at))
    except InsufficientFunds:
        return frozenset()
