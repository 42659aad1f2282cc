"""The checks of verify_money about part payments each see the corruption that they are for."""

import pytest
from djmoney.money import Money

from tests.builders import (
    credit,
    fund_untaxed,
    held_project,
    pay,
    run_jobs,
    sent_invoice,
)
from tests.factories import AT
from tests.parties import buyer, seller
from tests.wallets.test_integrity import corrupt, fired
from wallets import integrity
from wallets.services import held_settle

pytestmark = pytest.mark.django_db

PARTS = "parts_are_in_the_ledger"


@pytest.fixture
def books(monkeypatch):
    """Set aside without tax: one paid in part, one of which a note moved the part on, one paid in two."""
    project = held_project(
        commissioner=buyer(), freelancer=seller(), budget="3000.00", currency="EUR", tasks=3
    )
    fund_untaxed(project, monkeypatch)
    first, second, third = (sent_invoice(project, position=one) for one in (1, 2, 3))
    held_settle(invoice_ids=[first.pk, second.pk, third.pk], at=AT)
    credit(second, "100.00")
    pay(third)
    run_jobs("invoice.issued")
    first.refresh_from_db()
    assert first.due == Money("190.00", "EUR")
    assert integrity.differences() == []


STANDING = "(SELECT min(id) FROM wallets_payment WHERE outcome = 'part')"
CASES = [
    ({PARTS}, "UPDATE invoicing_invoice SET part_paid = part_paid - 1 WHERE part_paid = 1000 AND status = 'sent' AND credited = 0"),
    ({PARTS, "paid_invoices_are_in_the_ledger"}, "UPDATE invoicing_invoice SET part_paid = 0 WHERE part_paid > 0 AND status = 'paid'"),
    ({PARTS}, f"UPDATE wallets_payment SET amount_minor = amount_minor + 1, received_minor = received_minor + 1 WHERE id = {STANDING}"),
    ({PARTS}, f"UPDATE wallets_journal SET about_id = 0 WHERE about_id = {STANDING} AND kind = 'part_payment'"),
    ({"payments_are_in_the_ledger"}, f"UPDATE wallets_entry SET account_id = (SELECT min(id) FROM wallets_account WHERE kind = 'available'), seq = 99 WHERE leg = 1 AND journal_id = (SELECT id FROM wallets_journal WHERE about_id = {STANDING} AND kind = 'part_payment')"),
    ({PARTS}, "UPDATE wallets_journal SET reverses = NULL WHERE kind = 'part_return'"),
    ({PARTS}, "UPDATE wallets_journal SET kind = 'reversal' WHERE kind = 'part_return'"),
    ({"settled_means_paid"}, f"UPDATE gigs_milestone m SET status = 'approved', settled_at = NULL FROM invoicing_invoice i JOIN wallets_payment p ON p.invoice_id = i.id WHERE m.id = i.milestone_id AND p.id = {STANDING}"),
    ({"payments_are_in_the_ledger", "money_is_audited"}, f"UPDATE wallets_journal SET key = 'part:nothing' WHERE about_id = {STANDING} AND kind = 'part_payment'"),
    ({"lifetime_follows_settlements"}, "UPDATE wallets_balance SET lifetime = lifetime + 1 WHERE lifetime > 0"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "statement"), CASES)
def test_a_corruption_is_seen_by_its_check(books, expected, statement):
    corrupt(statement)

    assert expected <= fired(), fired()
