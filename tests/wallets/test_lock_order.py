"""What pays an invoice or shows what paying it would do locks in the one order of docs/money.md."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoicing.enums import SeriesFamily
from invoicing.services import invoice_object
from tests.builders import credit, sent_invoice, submitted_milestone
from tests.factories import AT
from tests.wallets.paying import sandbox, topped_up
from tests.wallets.test_part_payments import in_part
from wallets.services import CREDIT, approval_preview, payment_begin, payment_preview

pytestmark = pytest.mark.django_db

ORDER = ["gigs_project", "gigs_milestone", "invoicing_invoice"]
LOCK = re.compile(r'FROM "(\w+)".* FOR NO KEY UPDATE', re.DOTALL)
SERIES = re.compile(r'FROM "invoicing_invoiceseries".* FOR NO KEY UPDATE', re.DOTALL)


def locked_by(act) -> list[str]:
    """The tables in whose rows locks are taken, in the order of the first lock on each."""
    with CaptureQueriesContext(connection) as queries:
        act()
    found = [LOCK.search(query["sql"]) for query in queries]
    return [table for table in dict.fromkeys(one[1] for one in found if one) if table in ORDER]


@pytest.mark.parametrize("method", [CREDIT, sandbox("test_ok")])
def test_paying_locks_the_project_first(method):
    invoice = sent_invoice()
    topped_up(invoice.buyer, amount="5000.00")

    locked = locked_by(
        lambda: payment_begin(invoice_id=invoice.pk, method=method, by=invoice.buyer, at=AT)
    )

    assert locked == ORDER


def test_the_preview_of_a_payment_locks_the_project_first():
    invoice = sent_invoice()

    locked = locked_by(lambda: payment_preview(invoice_id=invoice.pk, by=invoice.buyer, at=AT))

    assert locked == ORDER


def test_the_preview_of_an_approval_locks_the_project_first():
    milestone = submitted_milestone()
    by = milestone.project.commissioner

    locked = locked_by(lambda: approval_preview(milestone_id=milestone.pk, by=by, at=AT))

    assert locked == ORDER


def test_a_note_on_what_is_paid_in_part_has_all_numbers_before_it_locks_balances(monkeypatch):
    invoice = in_part(monkeypatch)
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    with CaptureQueriesContext(connection) as queries:
        credit(invoice)

    statements = [query["sql"] for query in queries]
    series = [at for at, sql in enumerate(statements) if SERIES.search(sql)]
    balances = [at for at, sql in enumerate(statements) if "wallets_lock(" in sql]
    families = {
        family for family in SeriesFamily for at in series if f"'{family}'" in statements[at]
    }
    assert families == set(SeriesFamily)
    assert max(series) < min(balances)
