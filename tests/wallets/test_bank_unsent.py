"""What the bank paid of what had been rejected or cancelled here."""

import pytest

from tests.factories import AT
from tests.wallets.banking import by_bank_file, line_of, named, table, take
from tests.wallets.withdrawing import funded, request, resolve, wallet
from wallets import integrity
from wallets.exceptions import BankMatchUnfit
from wallets.models import BankStatementLine
from wallets.services import (
    bank_line_set_aside,
    bank_match_make,
    hindrance,
    withdrawal_cancel,
    withdrawal_reject,
)

pytestmark = pytest.mark.django_db
LINES = "/admin/wallets/bankstatementline/"


@pytest.fixture(autouse=True)
def _bank_file(settings):
    by_bank_file(settings)


def rejected(withdrawal, staff):
    return withdrawal_reject(withdrawal_id=withdrawal.pk, reason="Call us.", by=staff, at=AT)


def cancelled(withdrawal, staff):
    return withdrawal_cancel(withdrawal_id=withdrawal.pk, by=withdrawal.user, at=AT)


@pytest.mark.parametrize("end", [rejected, cancelled])
def test_the_line_stays_open_and_its_page_says_why(client_for, freelancer, staff, end):
    ended = end(request(funded(freelancer)), staff)

    take(table({"amount": "-999.00", "end_to_end_id": named(ended)}))

    line, status = line_of(-99_900), ended.status
    ended.refresh_from_db()
    assert (ended.status, ended.frozen_because) == (status, "The bank paid what was never sent.")
    assert wallet(freelancer) == (316_667, 0, 0)
    assert list(BankStatementLine.objects.unmatched()) == [line]
    said = hindrance(line)
    assert said.startswith(
        f"It names {ended.public_id}, which is {status} and frozen: The bank paid what was never"
        " sent. Its money is its owner's again"
    )
    page = client_for(staff).get(f"{LINES}{line.pk}/match/")
    assert page.status_code == 200
    assert page.context["hindrance"] == said
    assert ended.public_id in page.content.decode()
    with pytest.raises(BankMatchUnfit, match="never sent"):
        bank_match_make(line_id=line.pk, withdrawal_id=ended.pk, reason="It is.", by=staff, at=AT)


def test_the_way_out_that_it_names_works(freelancer, staff):
    ended = rejected(request(funded(freelancer)), staff)
    take(table({"amount": "-999.00", "end_to_end_id": named(ended)}))
    take(table({"amount": "999.00", "text": "Called back"}, start=2))
    ended.refresh_from_db()

    for amount in (-99_900, 99_900):
        aside = {"line_id": line_of(amount).pk, "reason": "Paid by mistake.", "by": staff}
        assert bank_line_set_aside(**aside, at=AT).status == "done"
    resolve(ended, is_paid=False, by=staff, at=ended.frozen_at)

    ended.refresh_from_db()
    assert (ended.status, ended.frozen_at) == ("rejected", None)
    assert wallet(freelancer) == (316_667, 0, 0)
    assert not BankStatementLine.objects.unmatched().exists()
    assert integrity.differences() == []


def test_a_line_that_names_nothing_frozen_says_nothing(freelancer):
    waiting = request(funded(freelancer))
    take(table({"amount": "-5.00"}, {"amount": "-6.00", "text": "wd"}))

    assert waiting.frozen_at is None
    assert [hindrance(line) for line in BankStatementLine.objects.order_by("pk")] == ["", ""]
