"""Run by peer.py with the Python of hordak's own environment: post, read, print one JSON line."""

import gc
import json
import os
import statistics
import sys
import time
from datetime import date
from pathlib import Path

import django
from django.conf import settings

SOCKET, DATABASE, SINGLE, BULKS, ENTRIES = sys.argv[1:6]
REPEATS = 3
PAGE = 50
READS = 5
FILL = """
SET session_replication_role = replica;
INSERT INTO hordak_transaction (id, uuid, timestamp, date, description)
  SELECT n, gen_random_uuid(), now(), current_date, '' FROM generate_series({low}, {high}) n;
INSERT INTO hordak_leg (uuid, transaction_id, account_id, currency, debit, credit, description)
  SELECT gen_random_uuid(), n, l.account, 'USD', l.debit, l.credit, ''
  FROM generate_series({low}, {high}) n
  CROSS JOIN (VALUES ({held}, 100.00, null), ({wallet}, null, 95.00), ({fees}, null, 5.00))
    l(account, debit, credit);
SET session_replication_role = DEFAULT;
SELECT setval(pg_get_serial_sequence('hordak_transaction', 'id'), {high});
"""

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": SOCKET,
            "NAME": DATABASE,
            "USER": "postgres",
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
    USE_TZ=True,
    SECRET_KEY="benchmark",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    CURRENCIES=["USD"],
    HORDAK_CURRENCIES=["USD"],
    DEFAULT_CURRENCY="USD",
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from hordak.models import Account, AccountType, Leg, Transaction  # noqa: E402
from moneyed import Money  # noqa: E402

TODAY = date.fromisoformat(time.strftime("%Y-%m-%d"))
TOTAL, NET, FEE = Money("100.00", "USD"), Money("95.00", "USD"), Money("5.00", "USD")


def main() -> None:
    call_command("migrate", verbosity=0)
    held, wallet, fees = (
        Account.objects.create(name=name, code=str(code), type=kind, currencies=["USD"])
        for code, (name, kind) in enumerate(
            [("Held", AccountType.asset), ("Wallet", AccountType.liability),
             ("Fees", AccountType.income)], 1
        )
    )  # fmt: skip

    def post() -> None:
        with transaction.atomic():
            journal = Transaction.objects.create(date=TODAY)
            Leg.objects.create(transaction=journal, account=held, debit=TOTAL)
            Leg.objects.create(transaction=journal, account=wallet, credit=NET)
            Leg.objects.create(transaction=journal, account=fees, credit=FEE)

    def bulk(size: int) -> None:
        with transaction.atomic():
            journals = Transaction.objects.bulk_create(Transaction(date=TODAY) for _ in range(size))
            Leg.objects.bulk_create(
                leg
                for journal in journals
                for leg in (
                    Leg(transaction=journal, account=held, debit=TOTAL),
                    Leg(transaction=journal, account=wallet, credit=NET),
                    Leg(transaction=journal, account=fees, credit=FEE),
                )
            )

    post()
    gc.freeze()
    single, many = [], []
    for _ in range(REPEATS):
        single.append(_rate(post, int(SINGLE)))
        many.append(1000 * _rate(lambda: bulk(1000), int(BULKS)))
    _fill(held.pk, wallet.pk, fees.pk)
    balance = [_seconds(wallet.get_balance) for _ in range(READS)]
    page = _seconds(
        lambda: list(
            Leg.objects.filter(account=wallet).with_account_balance_after().order_by("-id")[:PAGE]
        )
    )
    figures = {
        "single": statistics.median(single),
        "bulk": statistics.median(many),
        "balance_ms": 1000 * statistics.median(balance),
        "page_ms": 1000 * page,
        "entries": Leg.objects.count(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _fill(held: int, wallet: int, fees: int) -> None:
    low = (Transaction.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    high = -(-int(ENTRIES) // 3)
    with connection.cursor() as cursor:
        if high > low:
            text = FILL.format(low=low, high=high, held=held, wallet=wallet, fees=fees)
            cursor.execute(text)
        cursor.execute("VACUUM ANALYZE")


def _rate(call, times: int) -> float:
    return times / _seconds(lambda: [call() for _ in range(times)])


def _seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    main()
