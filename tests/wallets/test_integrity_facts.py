"""What the facts behind the checks add up by journal is told by leg where a journal is not sound."""

import pytest

from tests.builders import active_project, paid_invoice
from tests.wallets.books import accounts
from tests.wallets.test_integrity import account, corrupt
from wallets import integrity

pytestmark = pytest.mark.django_db
FEES = account("fees")


@pytest.fixture
def books():
    """One invoice that is paid: 3,333.34 with a fee of 166.67."""
    return paid_invoice(active_project())


def found(check: str) -> list[tuple[str, str]]:
    return [
        (difference.subject, difference.detail)
        for difference in integrity.differences()
        if difference.check == check
    ]


def test_lifetime_counts_what_a_settlement_credits_to_several_accounts(books):
    other = accounts(user=books.buyer_id).available

    corrupt(f"UPDATE wallets_entry SET account_id = {other}, shard = 0 WHERE account_id = {FEES}")

    assert found("lifetime_follows_settlements") == [
        (f"account {other}", "shows 0, was credited 16667")
    ]


def test_fees_are_told_in_their_own_currency(books):
    corrupt(
        f"UPDATE wallets_entry SET currency = 'EUR' WHERE account_id = {FEES}",
        "UPDATE wallets_journal SET posted_at = '2026-01-15T12:00Z'",
    )

    assert found("fee_invoices_match_fees") == [
        (f"user {books.seller_id}", "2026-01-01 EUR fee: 0 billed, ledger moved 16667")
    ]


def test_each_currency_of_a_journal_is_told(books):
    corrupt(f"UPDATE wallets_entry SET currency = 'EUR' WHERE account_id = {FEES}")

    assert sorted(detail for _, detail in found("journals_balance")) == [
        "EUR adds up to 16667",
        "USD adds up to -16667",
    ]
