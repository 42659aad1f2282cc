"""Short ways to bank accounts in tests."""

from datetime import datetime

from accounts.models import User
from tests.factories import AT
from wallets.models import PayoutMethod
from wallets.services import BankDetails, payout_method_add

IBAN = "DE89370400440532013000"
LABEL = "Commerzbank, DE•• •••• 3000"
ROUTING = "021000021"


def bank_account(
    user: User, *, iban: str = IBAN, number: str = "", at: datetime = AT
) -> PayoutMethod:
    """A payout method by IBAN, or by the US account number that is given."""
    details = BankDetails(
        holder=user.name,
        iban="" if number else iban,
        account_number=number,
        routing_number=ROUTING if number else "",
    )
    return payout_method_add(details=details, by=user, at=at)
