"""What the simulator does for which account number: most pay, some go wrong in a known way."""

from dataclasses import dataclass
from typing import Final

SLOW_SECONDS: Final = 8.0
LATER_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the first request for a payout goes; a repeated one tells what the book says."""

    status: str = "paid"
    reason: str = ""
    less: int = 0
    later: tuple[str, ...] = ()
    webhooks: int = 1
    delay: float = 0.0
    is_request_lost: bool = False
    is_answer_lost: bool = False
    is_error_after: bool = False


PAYS: Final = Behaviour()
BY_ACCOUNT: Final[dict[str, Behaviour]] = {
    "000111111101": Behaviour(status="declined", reason="account_closed"),
    "000111111102": Behaviour(is_answer_lost=True, webhooks=0),
    "000111111103": Behaviour(is_request_lost=True, webhooks=0),
    "000111111104": Behaviour(delay=SLOW_SECONDS),
    "000111111105": Behaviour(is_error_after=True, webhooks=0),
    "000111111106": Behaviour(less=1),
    "000111111107": Behaviour(status="pending", later=("paid",), webhooks=1),
    "000111111108": Behaviour(webhooks=3),
    "000111111109": Behaviour(later=("returned",)),
    "000111111110": Behaviour(status="pending", later=("paid",), webhooks=0),
}
"""Test accounts, as docs/payouts.md lists them. Any other account, and any IBAN, pays at once."""


def behaviour_of(account_number: str) -> Behaviour:
    """What happens to money for that account."""
    return BY_ACCOUNT.get(account_number, PAYS)
