"""Who pays an invoice whose money is set aside when it is issued: an upper app registers itself.

Invoices know what they come to, and no money. Where nothing is set aside this does nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol


class Payer(Protocol):
    """Pays those of these invoices that money is set aside for."""

    def __call__(self, *, invoice_ids: Sequence[int], at: datetime) -> object: ...


_payers: Final[list[Payer]] = []


def register(payer: Payer) -> None:
    """Let this one pay, from now on."""
    _payers[:] = [payer]


def pay(invoice_ids: Sequence[int], *, at: datetime) -> None:
    """Pay in the caller's transaction, which issued them: so their documents say what was paid."""
    for payer in _payers:
        payer(invoice_ids=invoice_ids, at=at)
