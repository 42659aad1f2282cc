"""What the platform takes, and what is left for the freelancer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from djmoney.money import Money

from common.money import (
    AmountError,
    from_minor,
    next_fee,
    portion_of,
    split_like,
    sum_money,
    to_minor,
)
from gigs.enums import InvoicingMethod
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


@dataclass(frozen=True, slots=True)
class CompletionSplit:
    """What the completion method invoices upfront, and what is left for each milestone."""

    rate: Decimal
    upfront: Money
    shares: list[Money]


def completion_split(budget: Money, prices: Sequence[Money]) -> CompletionSplit:
    """The split of a budget by the completion method at today's rate (product rule 4).

    AmountError `budget_too_small` when a part would be less than one sub-unit.
    """
    rate, currency = Decimal(settings.UPFRONT_RATE), budget.currency.code
    upfront = portion_of(rate, to_minor(budget))
    if not upfront:
        raise AmountError("budget_too_small", "The upfront part must be at least one sub-unit.")
    shares = split_like(to_minor(budget) - upfront, [to_minor(price) for price in prices])
    return CompletionSplit(
        rate=rate,
        upfront=from_minor(upfront, currency),
        shares=[from_minor(share, currency) for share in shares],
    )


def split_with_fees(
    prices: Sequence[tuple[str, Money]],
    *,
    rate: Decimal,
    method: str = InvoicingMethod.MILESTONE,
) -> Split:
    """What is invoiced for titles and prices of one currency, in order, and the fee of each.

    By the completion method the upfront part comes first, and of each price its share is left.
    AmountError `budget_too_small` where that cannot be.
    """
    currency = prices[0][1].currency.code
    parts = list(prices)
    if method == InvoicingMethod.COMPLETION:
        titles, amounts = zip(*prices, strict=True)
        split = completion_split(sum_money(amounts, currency), amounts)
        parts = [("Upfront", split.upfront), *zip(titles, split.shares, strict=True)]
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
