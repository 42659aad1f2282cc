"""Money that came back of what is frozen: its line waits for staff, who get it into the books."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import AT
from tests.wallets.banking import by_bank_file, export, line_of, named, table, take
from tests.wallets.withdrawing import funded, request, resolve, wallet
from wallets import integrity
from wallets.models import BankStatementLine
from wallets.selectors import match_candidates
from wallets.services import bank_match_make, hindrance

pytestmark = pytest.mark.django_db

FUNDED = 316_667
DAY = f"{AT:%Y-%m-%d}"


@pytest.fixture
def frozen(freelancer, staff, settings):
    """Paid twice, resolved as returned, paid once more; then its return is told, and a week is over."""
    by_bank_file(settings)
    withdrawal = request(funded(freelancer))
    export(withdrawal, by=staff)
    out = {"amount": "-999.00", "end_to_end_id": named(withdrawal), "booked_on": DAY}
    take(table(out, out))
    returned(withdrawal, by=staff)
    take(table(out, start=3))
    take(table({**out, "amount": "999.00"}, start=4))
    later = f"{timezone.now() + timedelta(days=6):%Y-%m-%d}"
    take(table({"amount": "1.00", "booked_on": later}, start=5))
    withdrawal.refresh_from_db()
    return withdrawal


def returned(withdrawal, *, by):
    withdrawal.refresh_from_db()
    resolve(withdrawal, is_paid=False, by=by, at=withdrawal.frozen_at)


def match(line, withdrawal, *, by):
    bank_match_make(line_id=line.pk, withdrawal_id=withdrawal.pk, reason="Came back.", by=by, at=AT)


def test_its_line_is_left_to_staff_who_are_told_why(frozen, client_for, staff):
    line = line_of(99_900)

    assert (frozen.status, frozen.frozen_because) == ("returned", "The bank paid it twice.")
    assert line in BankStatementLine.objects.unmatched()
    assert hindrance(line) == (
        f"It names {frozen.public_id}, which is returned and frozen: The bank paid it twice."
    )
    assert [candidate.withdrawal for candidate in match_candidates(line)] == [frozen]
    [difference] = integrity.differences()
    assert difference.check == "bank_book_agrees"
    assert difference.subject == f"withdrawal {frozen.pk}"
    assert difference.detail.startswith("returned, and not one line of a bank statement until")


@pytest.mark.parametrize("is_resolved_first", [False, True])
def test_staff_match_it_and_the_books_agree(frozen, staff, is_resolved_first):
    if is_resolved_first:
        returned(frozen, by=staff)

    match(line_of(99_900), frozen, by=staff)

    frozen.refresh_from_db()
    assert (frozen.status, frozen.frozen_at) == ("returned", None)
    assert wallet(frozen.user) == (FUNDED, 0, 0)
    assert integrity.differences() == []
