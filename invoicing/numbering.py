"""Issuer codes and gapless numbers: one series for each issuer, family of kinds and year."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from common.arrays import bigints
from invoicing.enums import NUMBER_MARKS, SeriesFamily
from invoicing.models import InvoiceSeries, Issuer

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 4
MOST_DIGITS = 9
LONGEST_PREFIX = 24
ADVANCE = "SELECT invoicing_advance(%s::bigint[], %s::integer[])"


@dataclass(slots=True)
class Counter:
    """A locked series: what it numbers, and the last number given, in memory until `advance`."""

    series_id: int
    prefix: str
    digits: int
    last_number: int

    def take(self) -> tuple[int, str]:
        """The next position and number, such as K7QM-2026-00012."""
        self.last_number += 1
        return self.last_number, f"{self.prefix}{self.last_number:0{self.digits}d}"


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
            [_series(issuer, family=family, year=year) for issuer in issuers], ignore_conflicts=True
        )
        counters = _locked(wanted, year=year, family=family)
    return counters


def platform_counter(*, year: int, family: SeriesFamily) -> Counter:
    """The locked counter of the platform's own documents; its issuer is made on first use."""
    issuer, _ = Issuer.objects.get_or_create(
        user=None, defaults={"code": settings.PLATFORM_ISSUER_CODE}
    )
    InvoiceSeries.objects.bulk_create(
        [_series(issuer, family=family, year=year)], ignore_conflicts=True
    )
    series = InvoiceSeries.objects.filter(issuer=issuer, family=family, year=year).locked().get()
    return Counter(series.pk, series.prefix, series.digits, series.last_number)


def prefix_of(code: str, *, family: SeriesFamily, year: int) -> str:
    """What the numbers of a new series begin with, by the installation's pattern."""
    pattern: str = settings.INVOICE_NUMBER_PREFIX
    return pattern.format(code=code, mark=NUMBER_MARKS[family], year=year)


def check_pattern() -> None:
    """ImproperlyConfigured unless the pattern tells issuers, families, years and positions apart."""
    pattern, digits = settings.INVOICE_NUMBER_PREFIX, settings.INVOICE_NUMBER_DIGITS
    is_whole = (
        sorted(re.findall(r"{(\w*)}", pattern)) == ["code", "mark", "year"]
        and re.fullmatch(r"[0-9A-Z/-]*[A-Z/-]", re.sub(r"{\w+}", "A1", pattern))
        and len(prefix_of("A" * 8, family=SeriesFamily.CREDIT_NOTE, year=2026)) <= LONGEST_PREFIX
    )
    if not is_whole or not 1 <= digits <= MOST_DIGITS:
        raise ImproperlyConfigured(
            "INVOICE_NUMBER_PREFIX needs {code}, {mark} and {year} once each, capitals, digits, '-'"
            f" and '/' beside them, no digit at its end, and {LONGEST_PREFIX} characters in all; INVOICE_NUMBER_DIGITS 1 to {MOST_DIGITS}."
        )


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


def _series(issuer: Issuer, *, family: SeriesFamily, year: int) -> InvoiceSeries:
    """A new series; pattern and digits are its own from then on."""
    return InvoiceSeries(
        issuer=issuer,
        family=family,
        year=year,
        prefix=prefix_of(issuer.code, family=family, year=year),
        digits=settings.INVOICE_NUMBER_DIGITS,
    )


def _locked(user_ids: Collection[int], *, year: int, family: SeriesFamily) -> dict[int, Counter]:
    series = InvoiceSeries.objects.filter(issuer__user__in=user_ids, family=family, year=year)
    rows = series.locked()
    return {
        user_id: Counter(series_id, prefix, digits, last_number)
        for user_id, series_id, prefix, digits, last_number in rows.values_list(
            "issuer__user", "pk", "prefix", "digits", "last_number"
        )
    }


def _issuers_for(user_ids: Collection[int]) -> list[Issuer]:
    """The issuers of these users; a code that somebody else has is drawn again."""
    while True:
        known = list(Issuer.objects.filter(user__in=user_ids).order_by("pk"))
        missing = sorted(set(user_ids) - {issuer.user_id for issuer in known})
        if not missing:
            return known
        with transaction.atomic():
            Issuer.objects.bulk_create(
                [Issuer(user_id=user_id, code=_code()) for user_id in missing],
                ignore_conflicts=True,
            )


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
