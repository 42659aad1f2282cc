"""What the ledger took from freelancers in fees, month by month, and what it gave back."""

from datetime import date, datetime
from typing import Final

from django.db import connection

from invoicing.documents.fees import FeeCharge
from invoicing.enums import FeeKind
from invoicing.models import FeeInvoice

# The chains of the platform's accounts are in the order of time: a month is a range of each.
OF_MONTH: Final = """
WITH leg AS (
  SELECT e.currency, e.amount, j.about_type, j.about_id,
    coalesce(w.user_id, i.seller_id) AS user_id, coalesce(i.credits_id, i.id) AS invoice_id
  FROM wallets_account a
  JOIN wallets_balance b ON b.account_id = a.id
  CROSS JOIN LATERAL (SELECT wallets_seq_at(a.id, b.shard, %(before)s) AS seq) AS first
  CROSS JOIN LATERAL (SELECT wallets_seq_at(a.id, b.shard, %(last)s) AS seq) AS last
  JOIN wallets_entry e ON e.account_id = a.id AND e.shard = b.shard
    AND e.seq > first.seq AND e.seq <= last.seq
  JOIN wallets_journal j ON j.id = e.journal_id
  LEFT JOIN wallets_payment p ON j.about_type = 'payment' AND p.id = j.about_id
  LEFT JOIN invoicing_invoice i
    ON i.id = CASE j.about_type WHEN 'invoice' THEN j.about_id ELSE p.invoice_id END
  LEFT JOIN wallets_withdrawal w ON j.about_type = 'withdrawal' AND w.id = j.about_id
  WHERE a.owner = 'platform' AND a.kind = 'fees'
), corrected AS (
  SELECT leg.user_id, leg.currency,
    array_agg(DISTINCT date_trunc('month', taken.posted_at)::date) AS months
  FROM leg
  CROSS JOIN LATERAL (
    SELECT leg.about_type, CASE leg.about_type WHEN 'withdrawal' THEN leg.about_id END
    UNION ALL SELECT 'invoice', leg.invoice_id
    UNION ALL SELECT 'payment', p.id FROM wallets_payment p
      WHERE p.invoice_id = leg.invoice_id AND p.outcome = 'part'
  ) AS about (type, id)
  JOIN wallets_journal taken ON taken.about_type = about.type AND taken.about_id = about.id
    AND taken.kind IN ('settlement', 'withdrawal', 'part_payment')
  WHERE leg.amount < 0
  GROUP BY leg.user_id, leg.currency
)
SELECT leg.amount < 0, leg.user_id, leg.currency,
  sum(abs(leg.amount)) FILTER (WHERE leg.about_type <> 'withdrawal'),
  sum(abs(leg.amount)) FILTER (WHERE leg.about_type = 'withdrawal'),
  array_agg(DISTINCT i.number ORDER BY i.number) FILTER (WHERE i.id IS NOT NULL),
  c.months
FROM leg
LEFT JOIN invoicing_invoice i ON i.id = leg.invoice_id
LEFT JOIN corrected c
  ON leg.amount < 0 AND (c.user_id, c.currency) = (leg.user_id, leg.currency)
GROUP BY 1, 2, 3, c.months
ORDER BY 1, 2, 3
"""
FIRST_POSTED: Final = (
    "SELECT min(posted_at) FROM wallets_journal WHERE id = (SELECT min(id) FROM wallets_journal)"
)


def fees_of_month(month: date) -> list[FeeCharge]:
    """What was taken from each freelancer and currency in that month (UTC), and what went back."""
    with connection.cursor() as cursor:
        cursor.execute(OF_MONTH, {"before": _instant(month), "last": _instant(after(month))})
        return [
            FeeCharge(
                kind=FeeKind.CREDIT if is_back else FeeKind.FEE,
                user_id=user_id,
                currency=currency,
                month=month,
                of_invoices=int(of_invoices or 0),
                of_withdrawals=int(of_withdrawals or 0),
                numbers=tuple(numbers or ()),
                corrected=tuple(corrected or ()),
            )
            for is_back, user_id, currency, of_invoices, of_withdrawals, numbers, corrected in (
                cursor.fetchall()
            )
        ]


def months_to_bill(*, at: datetime) -> list[date]:
    """The closed months (UTC) from the last one that was billed on, the earliest first."""
    first = FeeInvoice.objects.order_by("-month").values_list("month", flat=True).first()
    if first is None:
        with connection.cursor() as cursor:
            cursor.execute(FIRST_POSTED)
            [posted_at] = cursor.fetchone()
        if posted_at is None:
            return []
        first = posted_at.date().replace(day=1)
    months, current = [], at.date().replace(day=1)
    while first < current:
        months.append(first)
        first = after(first)
    return months


def after(month: date) -> date:
    """The first day of the month that follows."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _instant(month: date) -> str:
    """The last moment before a month (UTC), as PostgreSQL can tell moments apart."""
    before = datetime(month.year, month.month, 1) - datetime.resolution  # noqa: DTZ001
    return f"{before.isoformat()}+00"
