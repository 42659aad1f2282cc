"""What the platform takes, and what is left for the freelancer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from djmoney.money import Money

from common.money import from_minor, next_fee, to_minor
from gigs.models import FeePolicy


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One milestone's price and how it falls to the platform and the freelancer."""

    title: str
    gross: Money
    fee: Money
    net: Money


@dataclass(frozen=True, slots=True)
class Split:
    """A budget over its milestones, invoiced in their order."""

    rows: list[SplitRow]
    rate: Decimal
    total: Money
    fee: Money
    net: Money


def fee_rate_at(at: datetime) -> Decimal:
    """The platform's fee rate for a project that starts at that moment."""
    policy = FeePolicy.objects.filter(valid_from__lte=at).order_by("-valid_from").first()
    return policy.rate if policy else Decimal(settings.PLATFORM_FEE_RATE)


def split_with_fees(parts: Sequence[tuple[str, Money]], *, rate: Decimal) -> Split:
    """Titles and prices of one currency, in order, with the fee that each would bear."""
    currency = parts[0][1].currency.code
    gross_before = fees_before = 0
    rows = []
    for title, price in parts:
        share = next_fee(
            rate=rate, gross_before=gross_before, fees_before=fees_before, gross=to_minor(price)
        )
        gross_before += share.gross
        fees_before += share.fee
        rows.append(
            SplitRow(
                title=title,
                gross=price,
                fee=from_minor(share.fee, currency),
                net=from_minor(share.net, currency),
            )
        )
    return Split(
        rows=rows,
        rate=rate,
        total=from_minor(gross_before, currency),
        fee=from_minor(fees_before, currency),
        net=from_minor(gross_before - fees_before, currency),
    )
