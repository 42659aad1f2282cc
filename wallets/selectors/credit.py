"""A commissioner's credit: what there is, and what of it can go back where it came from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet
from common.money import from_minor, to_minor, zero
from common.public_ids import format_public_id
from wallets.enums import AccountKind, PaymentSource, Provider
from wallets.models import Balance, Payment, TakeBack

# What each payment from outside brought to credit: all of a top-up; of a payment for an invoice
# or for milestones what they did not need, and what came back of what they had, by
# credit notes too, additions and parts that were taken back included, but never more than was set
# aside for that milestone, nor than arrived. Less what went back.
SOURCES: Final = """
SELECT source.* FROM (
  SELECT p.id, p.uuid, p.label, p.currency, p.ended_at,
    (CASE p.purpose
      WHEN 'credit' THEN p.received_minor
      WHEN 'invoice' THEN CASE
        WHEN p.outcome IN ('exact', 'over')
          THEN least(p.received_minor,
            p.received_minor - p.amount_minor + coalesce(n.credited, 0))
        ELSE p.received_minor END
      ELSE least(p.received_minor,
        p.received_minor - coalesce(f.held, 0) + coalesce(f.returned, 0) + coalesce(f.spare, 0))
    END - coalesce(t.taken, 0) - coalesce(b.taken, 0))::bigint AS brought,
    p.provider = ANY(%(providers)s) OR EXISTS (
      SELECT FROM wallets_bankmatch m JOIN wallets_bankstatementline l ON l.id = m.line_id
      WHERE m.payment_id = p.id AND l.sealed <> ''
    ) AS is_returnable,
    p.provider = %(bank)s AS is_by_transfer
  FROM wallets_payment p
  LEFT JOIN LATERAL (
    SELECT sum(m.amount_minor) AS held, sum(m.returned_minor) AS returned,
      sum(least(m.amount_minor + m.added_minor - m.returned_minor,
        greatest(0, m.amount_minor + m.added_minor - m.returned_minor - s.amount_minor)
        + coalesce(h.credited, 0) + coalesce(u.undone, 0))) AS spare
    FROM wallets_milestonefunding m
    LEFT JOIN (
      invoicing_invoice i
      JOIN wallets_payment s
        ON s.invoice_id = i.id AND s.provider = 'held' AND s.status = 'succeeded'
      LEFT JOIN LATERAL (
        SELECT s.amount_minor AS undone FROM wallets_journal
        WHERE key = 'unpart:pay_' || replace(s.uuid::text, '-', '')
      ) u ON true
    ) ON i.milestone_id = m.milestone_id AND i.kind = 'milestone'
      AND (i.paid_at IS NOT NULL OR u.undone IS NOT NULL)
    LEFT JOIN LATERAL (
      SELECT sum(total * 10::numeric ^ w.exponent) AS credited
      FROM invoicing_invoice note JOIN wallets_currency w ON w.code = note.currency
      WHERE note.credits_id = i.id AND note.paid_at IS NOT NULL
    ) h ON true
    WHERE m.payment_id = p.id AND m.status IN ('held', 'returned')
  ) f ON true
  LEFT JOIN LATERAL (
    SELECT sum(total * 10::numeric ^ w.exponent) AS credited
    FROM invoicing_invoice note JOIN wallets_currency w ON w.code = note.currency
    WHERE note.credits_id = p.invoice_id AND note.paid_at IS NOT NULL
  ) n ON true
  LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS taken FROM wallets_takeback
    WHERE payment_id = p.id AND status <> 'failed'
  ) t ON true
  LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS taken FROM wallets_withdrawal
    WHERE payment_id = p.id AND status NOT IN ('rejected', 'cancelled', 'returned')
  ) b ON true
  WHERE p.payer_id = %(user)s AND p.currency = %(currency)s
    AND p.status = 'succeeded' AND p.provider = ANY(%(outside)s)
) source
WHERE source.brought > 0
ORDER BY source.ended_at DESC, source.id DESC
"""


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """Credit in one currency; `reserved` is on its way back.

    `bound` has no way back: it came by bank transfer from an account that the bank did not name. It
    can be spent.
    """

    currency: str
    available: Money
    reserved: Money
    bound: Money


@dataclass(frozen=True, slots=True)
class CreditSource:
    """A payment from outside, and what of its money is still credit, in minor units.

    What came by bank transfer is returnable where the bank named the account that it came from.
    """

    payment_id: int
    uuid: UUID
    label: str
    currency: str
    ended_at: datetime
    left: int
    is_returnable: bool = True
    is_by_transfer: bool = False

    @property
    def public_id(self) -> str:
        return format_public_id(Payment.PREFIX, self.uuid)

    @property
    def amount(self) -> Money:
        return from_minor(self.left, self.currency)


def credit_balance(user_id: int, currency: str) -> Money:
    """What the user can fund milestones and pay invoices with, in one currency."""
    return from_minor(credit_minor(user_id, currency), currency)


def credit_minor(user_id: int, currency: str) -> int:
    """`credit_balance` in minor units."""
    row = Balance.objects.filter(
        account__owner=f"user:{user_id}", account__kind=AccountKind.CREDIT, currency=currency
    ).first()
    return 0 if row is None else row.posted - row.held


def credit_balances(user_id: int) -> list[CreditBalance]:
    """The user's credit, a row for each currency that it has ever had."""
    rows = Balance.objects.filter(
        account__owner=f"user:{user_id}", account__kind=AccountKind.CREDIT
    ).order_by("currency")
    return [
        CreditBalance(
            currency=row.currency,
            available=from_minor(row.posted - row.held, row.currency),
            reserved=from_minor(row.held, row.currency),
            bound=zero(row.currency),
        )
        for row in rows
    ]


def credit_sources(user_id: int, currency: str, *, available: int) -> list[CreditSource]:
    """What of so much credit can go back, by the payment that brought it, the newest first.

    What was spent is what came in first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            SOURCES,
            {
                "user": user_id,
                "currency": currency,
                "providers": Provider.values,
                "bank": PaymentSource.BANK,
                "outside": [*Provider.values, PaymentSource.BANK],
            },
        )
        rows = [CreditSource(*row) for row in cursor.fetchall()]
    return [source for source in still_credit(rows, available) if source.is_returnable]


def credit_of_user(user: User) -> tuple[list[CreditBalance], list[CreditSource]]:
    """The user's credit, at least nothing in the own currency, and what of it can go back."""
    balances, sources = [], []
    for balance in credit_balances(user.pk):
        available = to_minor(balance.available)
        found = credit_sources(user.pk, balance.currency, available=available)
        bound = available - sum(source.left for source in found)
        balances.append(replace(balance, bound=from_minor(bound, balance.currency)))
        sources += found
    nothing = zero(user.currency)
    return balances or [CreditBalance(user.currency, nothing, nothing, nothing)], sources


def credit_source(user: User, payment_id: int) -> CreditSource | None:
    """What of one payment's money is still the user's credit and can go back."""
    _, sources = credit_of_user(user)
    return next((source for source in sources if source.payment_id == payment_id), None)


def still_credit(sources: Sequence[CreditSource], available: int) -> list[CreditSource]:
    """The sources, the newest first, cut down to what is available of their sum."""
    kept = []
    for source in sources:
        left = min(source.left, available)
        available -= left
        if left:
            kept.append(replace(source, left=left))
    return kept


def take_backs_of(user_id: int) -> LockableQuerySet[TakeBack]:
    """Credit that the user took back through a provider, or tried to."""
    return TakeBack.objects.filter(payment__payer=user_id).select_related("payment")
