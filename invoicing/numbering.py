"""Issuer codes and gapless numbers: one series for each issuer and year."""

import secrets
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from invoicing.models import InvoiceSeries, Issuer

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 4


def series_for(sellers: Iterable[User], *, year: int) -> dict[int, InvoiceSeries]:
    """The locked series of each seller for that year, by user id.

    Takes the locks in primary-key order, so the numbers that the caller hands out and writes in
    this transaction have no gap and no twin. Issuers and series are made on first use.
    """
    issuers = _issuers_for({seller.pk for seller in sellers})
    InvoiceSeries.objects.bulk_create(
        [InvoiceSeries(issuer=issuer, year=year) for issuer in issuers], ignore_conflicts=True
    )
    rows = InvoiceSeries.objects.filter(issuer__in=issuers, year=year)
    return {row.issuer.user_id: row for row in rows.select_related("issuer").locked()}


def number_of(series: InvoiceSeries, position: int) -> str:
    """Such as K7QM-2026-00012: issuer code, year, five or more digits."""
    return f"{series.issuer.code}-{series.year}-{position:05d}"


def _issuers_for(user_ids: set[int]) -> list[Issuer]:
    issuers = list(Issuer.objects.filter(user__in=user_ids))
    missing = user_ids - {issuer.user_id for issuer in issuers}
    while missing:
        with transaction.atomic():
            Issuer.objects.bulk_create(
                [Issuer(user_id=user_id, code=_code()) for user_id in sorted(missing)],
                ignore_conflicts=True,
            )
        issuers = list(Issuer.objects.filter(user__in=user_ids))
        missing = user_ids - {issuer.user_id for issuer in issuers}
    return issuers


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
