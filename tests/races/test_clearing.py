"""Clearing twenty times at once."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.models import AuditEvent
from invoicing.models import Invoice
from tests.builders import paid_invoice
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values
from wallets import integrity
from wallets.selectors import wallet_balances
from wallets.services import clearings_finish

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _five_days(settings):
    settings.CLEARING_DAYS = 5


def clear_at_once() -> tuple[Invoice, list[Outcome]]:
    invoice = paid_invoice()
    clear = partial(clearings_finish, invoice_ids=[invoice.pk], at=AT + timedelta(days=5))
    return invoice, at_once(*[clear] * TIMES)


def audited(invoice: Invoice) -> int:
    return AuditEvent.objects.filter(journal_key=f"clear:{invoice.public_id}").count()


def assert_moved_once(invoice: Invoice) -> None:
    [balance] = wallet_balances(invoice.seller_id)
    assert (balance.pending, balance.available, balance.lifetime_earnings) == (0, 316_667, 316_667)


def test_clearing_moves_the_money_once():
    invoice, outcomes = clear_at_once()

    assert tally(outcomes) == {"done": TIMES}
    assert [len(cleared) for cleared in values(outcomes) if cleared] == [1]
    assert_moved_once(invoice)
    assert audited(invoice) == 1
    assert integrity.differences() == []


def test_clearing_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        invoice, outcomes = clear_at_once()
        assert_moved_once(invoice)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)
