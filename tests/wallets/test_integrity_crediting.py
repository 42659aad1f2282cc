"""The checks of verify_money about credit notes each see the corruption that they are for."""

import pytest

from tests.builders import active_project, credit, paid_invoice, sent_invoice
from tests.factories import UserFactory
from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import request
from wallets import integrity

pytestmark = pytest.mark.django_db

PAID_NOTE = "(SELECT id FROM invoicing_invoice WHERE kind = 'credit_note' AND paid_at IS NOT NULL)"
OTHER_NOTE = "(SELECT id FROM invoicing_invoice WHERE kind = 'credit_note' AND paid_at IS NULL)"
JOURNAL = "(SELECT id FROM wallets_journal WHERE kind = 'credit_note')"


@pytest.fixture
def books():
    """A paid invoice credited in full, an unpaid one in part, a debt and what was paid of it."""
    project = active_project()
    paid, sent = paid_invoice(project), sent_invoice(project, position=2)
    request(paid.seller, amount="3000.00")
    credit(paid, by=UserFactory(is_staff=True))
    credit(sent, "1000.00")
    paid_invoice(project, position=3)
    assert integrity.differences() == []
    return project


CASES = [
    ({"credit_notes_match_invoices"}, f"UPDATE invoicing_invoice SET reason = reason, seller_copy = '{{}}', milestone_id = NULL WHERE id = {OTHER_NOTE}"),
    ({"credit_notes_match_invoices"}, "UPDATE invoicing_invoice SET credited_fee = credited_fee + 0.01 WHERE status = 'sent'"),
    ({"credit_notes_match_invoices", "credit_notes_are_in_the_ledger", "payments_are_in_the_ledger"}, f"UPDATE invoicing_invoice SET paid_at = issued_at WHERE id = {OTHER_NOTE}"),
    ({"budgets_hold", "invoices_add_up", "credit_notes_match_invoices"}, f"UPDATE invoicing_invoice SET subtotal = subtotal + 1, total = total + 1, net = net + 1 WHERE id = {OTHER_NOTE}"),
    ({"credit_notes_are_in_the_ledger"}, f"UPDATE wallets_journal SET about_id = 1 WHERE id = {JOURNAL}"),
    ({"credit_notes_are_in_the_ledger"}, "UPDATE wallets_journal SET kind = 'reversal' WHERE kind = 'debt_payment'"),
    ({"credit_notes_are_in_the_ledger", "money_is_audited"}, f"UPDATE wallets_journal SET key = 'credit:nothing' WHERE id = {JOURNAL}"),
    ({"credit_notes_are_in_the_ledger", "lifetime_follows_settlements"}, f"UPDATE invoicing_invoice SET paid_at = NULL WHERE id = {PAID_NOTE}"),
    ({"numbers_are_gapless"}, "UPDATE invoicing_invoiceseries SET last_number = last_number + 1 WHERE family = 'credit_note'"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "statement"), CASES)
def test_a_corruption_is_seen_by_its_check(books, expected, statement):
    corrupt(statement)

    assert expected & fired(), fired()
