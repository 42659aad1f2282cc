"""The books that providers keep themselves, for the checks that compare ours with them."""

import json

from django.conf import settings

from common.exceptions import DomainError
from wallets.enums import Rail
from wallets.providers import ProviderTimeout, ProviderUnreachable, payout_provider_of


def payout_book() -> str:
    """The payout provider's own book as JSON for `payout_book_agrees`; "" where there is none.

    Read after the snapshot was taken, so that whatever is paid in it stands in the book.
    """
    if not settings.SANDBOX_PAYOUT_URL:
        return ""
    try:
        book = payout_provider_of(Rail.SANDBOX).book()
    except (ProviderTimeout, ProviderUnreachable, DomainError) as error:
        return json.dumps({"error": f"cannot be read: {error}"})
    lines = [
        {
            "key": key,
            "result": answer.result.value,
            "amount_minor": answer.amount_minor,
            "currency": answer.currency,
            "at": answer.at,
        }
        for key, answer in book.items()
    ]
    return json.dumps({"lines": lines})
