"""Issuer codes and gapless numbers: one series for each issuer, family of kinds and year."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from common.arrays import bigints
from invoicing.enums import NUMBER_MARKS, SeriesFamily
from invoicing.models import InvoiceSeries, Issuer

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 4
ADVANCE = """
UPDATE invoicing_invoiceseries AS series SET last_number = moved.last_number
FROM unnest(%s::bigint[], %s::integer[]) AS moved (id, last_number)
WHERE series.id = moved.id
"""


@dataclass(slots=True)
class Counter:
    """A locked series: what it numbers, and the last number given, in memory until `advance`."""

    series_id: int
    prefix: str
    year: int
    last_number: int

    def take(self) -> tuple[int, str]:
        """The next position and number, such as K7QM-2026-00012: five or more digits."""
        self.last_number += 1
        return self.last_number, f"{self.prefix}-{self.year}-{self.last_number:05d}"


def counters_for(
    user_ids: Collection[int], *, year: int, family: SeriesFamily = SeriesFamily.INVOICE
) -> dict[int, Counter]:
    """The locked counter of each seller for that family and year, by user id.

    Takes the locks in primary-key order, so the numbers that the caller hands out and writes in
    this transaction have no gap and no twin. Issuers and series are made on first use.
    """
    wanted = set(user_ids)
    counters = _locked(wanted, year=year, family=family)
    if missing := wanted - counters.keys():
        issuers = _issuers_for(missing)
        InvoiceSeries.objects.bulk_create(
            [InvoiceSeries(issuer_id=issuer, family=family, year=year) for issuer in issuers],
            ignore_conflicts=True,
        )
        counters = _locked(wanted, year=year, family=family)
    return counters


def platform_counter(*, year: int, family: SeriesFamily) -> Counter:
    """The locked counter of the platform's own documents; its issuer is made on first use."""
    issuer, _ = Issuer.objects.get_or_create(
        user=None, defaults={"code": settings.PLATFORM_ISSUER_CODE}
    )
    InvoiceSeries.objects.bulk_create(
        [InvoiceSeries(issuer=issuer, family=family, year=year)], ignore_conflicts=True
    )
    series = InvoiceSeries.objects.filter(issuer=issuer, family=family, year=year).locked().get()
    return Counter(series.pk, issuer.code + NUMBER_MARKS[family], year, series.last_number)


def advance(counters: Collection[Counter]) -> None:
    """Write the numbers that were given, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            ADVANCE,
            [
                bigints(counter.series_id for counter in counters),
                bigints(counter.last_number for counter in counters),
            ],
        )


def _locked(user_ids: Collection[int], *, year: int, family: SeriesFamily) -> dict[int, Counter]:
    series = InvoiceSeries.objects.filter(
        issuer__user_id__any_of=frozenset(user_ids), family=family, year=year
    )
    rows = series.locked()
    return {
        user_id: Counter(series_id, code + NUMBER_MARKS[family], year, last_number)
        for user_id, series_id, code, last_number in rows.values_list(
            "issuer__user", "pk", "issuer__code", "last_number"
        )
    }


def _issuers_for(user_ids: Collection[int]) -> list[int]:
    """The issuers of these users; a code that somebody else has is drawn again."""
    while True:
        known = dict(Issuer.objects.filter(user__in=user_ids).values_list("user", "pk"))
        missing = sorted(set(user_ids) - known.keys())
        if not missing:
            return sorted(known.values())
        with transaction.atomic():
            Issuer.objects.bulk_create(
                [Issuer(user_id=user_id, code=_code()) for user_id in missing],
                ignore_conflicts=True,
            )


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
