"""What lines of a bank statement do to withdrawals, all by themselves."""

from functools import partial

import pytest

from accounts.models import AuditEvent
from outbox.models import Job
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, at_once, race_seen, tally
from tests.rules import checksums
from tests.wallets.banking import by_bank_file, export, line_of, named, sample, table, take
from tests.wallets.withdrawing import funded, request, resolve, wallet
from wallets import integrity
from wallets.enums import BankMatchKind, WithdrawalStatus
from wallets.exceptions import WithdrawalTransitionRefused
from wallets.models import BankMatch, BankStatement, BankStatementLine, Journal
from wallets.services import (
    bank_line_match,
    bank_statement_import,
    withdrawal_cancel,
    withdrawal_reject,
)

pytestmark = pytest.mark.django_db

FUNDED = 316_667


@pytest.fixture(autouse=True)
def _bank_file(settings):
    by_bank_file(settings)


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


@pytest.fixture
def sent(owner, staff):
    """Two withdrawals in one payment file, 999.00 and 499.00 net."""
    both = request(owner), request(owner, amount="500.00")
    export(*both, by=staff)
    return both


def statuses(*withdrawals) -> list[str]:
    for withdrawal in withdrawals:
        withdrawal.refresh_from_db()
    return [withdrawal.status for withdrawal in withdrawals]


def test_a_statement_pays_and_takes_back_with_the_banks_reason(sent, owner, staff):
    paid, back = sent

    taken = take(sample("02", paid=named(paid), returned=named(back)), by=staff)

    assert (taken.is_new, taken.line_count) == (True, 4)
    assert statuses(paid, back) == [WithdrawalStatus.PAID, WithdrawalStatus.RETURNED]
    assert paid.provider_reference == "2026112400000001"
    assert back.reason == "The bank returned it: the account is closed (AC04)."
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    keys = [f"withdraw:{paid.public_id}", f"withdraw:{back.public_id}", f"return:{back.public_id}"]
    assert list(Journal.objects.order_by("pk").values_list("key", flat=True))[1:] == keys
    found = BankMatch.objects.order_by("pk").values_list("kind", "amount_minor", "withdrawal")
    assert list(found) == [
        (BankMatchKind.PAID, -99_900, paid.pk),
        (BankMatchKind.PAID, -49_900, back.pk),
        (BankMatchKind.RETURNED, 49_900, back.pk),
    ]
    mail = Job.objects.get(payload__template="withdrawal_not_paid")
    assert mail.payload["context"]["reason"] == back.reason
    assert AuditEvent.objects.filter(event="bank_line.matched").count() == 3
    imported = AuditEvent.objects.get(event="bank_statement.imported")
    assert (imported.actor, imported.after["lines"]) == (staff.public_id, 4)
    assert [line.text for line in BankStatementLine.objects.unmatched()] == ["Entgelt Kontoführung"]
    assert integrity.differences() == []


def test_the_same_file_again_changes_nothing(sent):
    paid, back = sent
    content = sample("02", paid=named(paid), returned=named(back))
    first = take(content)
    before = checksums()

    again = take(content, name="renamed.xml")

    assert (again.is_new, again.statements) == (False, first.statements)
    assert checksums() == before


def test_overlapping_statements_double_nothing(sent, owner):
    paid, _ = sent
    one = {"amount": "-999.00", "end_to_end_id": named(paid), "reference": "A"}
    two = {"amount": "-2.90", "text": "Charges", "reference": "B"}

    take(table(one))
    second = take(table(one, two, opening=1_000_000))

    assert (second.line_count, second.statements[0].known_count) == (1, 1)
    assert BankStatementLine.objects.count() == 2
    assert wallet(owner) == (FUNDED - 150_000, 50_000, 100_000)
    assert integrity.differences() == []


def test_an_entry_of_several_transfers_is_a_line_for_each(sent, owner):
    first, second = sent

    take(sample("04", first=named(first).upper(), second=f"wd {second.uuid.hex}"))

    assert statuses(first, second) == [WithdrawalStatus.PAID, WithdrawalStatus.PAID]
    references = list(BankStatementLine.objects.order_by("pk").values_list("reference", flat=True))
    assert references == ["ZV20261124/900/1", "ZV20261124/900/2"]
    assert BankStatement.objects.get().closing_minor == -139_800
    assert wallet(owner) == (FUNDED - 150_000, 0, 150_000)
    assert integrity.differences() == []


def test_a_file_booked_in_one_sum_pays_all_that_stand_in_it(sent, owner):
    first, second = sent

    take(sample("08", file=sent_file(first), first=named(first)))

    assert statuses(first, second) == [WithdrawalStatus.PAID, WithdrawalStatus.PAID]
    assert line_of(-149_800).matches.count() == 2
    stranger = line_of(2_000)
    assert (stranger.name, stranger.counterparty) == ("Zoë Strange", "•••• 6789")
    assert list(BankStatementLine.objects.unmatched()) == [stranger]
    assert wallet(owner) == (FUNDED - 150_000, 0, 150_000)
    assert integrity.differences() == []


def sent_file(withdrawal) -> str:
    withdrawal.refresh_from_db()
    return withdrawal.batch.uuid.hex


def test_a_return_before_its_debit_is_seen_is_both(sent, owner):
    paid, _ = sent

    take(table({"amount": "999.00", "end_to_end_id": named(paid), "return_code": "XX99"}))
    assert statuses(paid) == [WithdrawalStatus.RETURNED]
    assert paid.reason == "The bank returned it: its reason is (XX99)."
    take(table({"amount": "-999.00", "end_to_end_id": named(paid)}, start=2))

    assert wallet(owner) == (FUNDED - 50_000, 50_000, 0)
    assert not BankStatementLine.objects.unmatched().exists()
    assert integrity.differences() == []


def test_a_wrong_amount_freezes_and_waits_for_staff(sent, owner):
    paid, _ = sent

    take(table({"amount": "-998.00", "end_to_end_id": named(paid)}))
    take(table({"amount": "-999.00", "end_to_end_id": named(paid)}, start=2))

    assert statuses(paid) == [WithdrawalStatus.SENDING]
    assert paid.frozen_because == "The bank says 99800, asked for were 99900 USD (minor units)."
    assert BankStatementLine.objects.unmatched().count() == 2
    assert wallet(owner) == (FUNDED - 150_000, 150_000, 0)
    assert integrity.differences() == []


ENDS = [
    (["-999.00", "-999.00"], "The bank paid it twice.", WithdrawalStatus.PAID),
    (["-999.00", "999.00", "999.00"], "The bank returned it twice.", WithdrawalStatus.RETURNED),
    (["-999.00", "998.00"], "The bank says 99800, asked for were 99900 USD (minor units).", WithdrawalStatus.PAID),
]  # fmt: skip


@pytest.mark.parametrize(("amounts", "because", "status"), ENDS)
def test_what_contradicts_the_books_freezes(sent, amounts, because, status):
    paid, _ = sent

    take(table(*[{"amount": amount, "end_to_end_id": named(paid)} for amount in amounts]))

    assert statuses(paid) == [status]
    assert paid.frozen_because == because
    assert BankStatementLine.objects.unmatched().count() == 1
    assert integrity.differences() == []


def test_money_that_left_for_what_had_ended_freezes(sent, owner, staff):
    back, _ = sent
    resolve(back, is_paid=False, by=staff)
    waiting = request(owner, amount="100.00")

    take(
        table(
            {"amount": "-999.00", "end_to_end_id": named(back)},
            {"amount": "-99.00", "end_to_end_id": named(waiting)},
        )
    )

    assert statuses(back, waiting) == [WithdrawalStatus.RETURNED, WithdrawalStatus.APPROVED]
    assert back.frozen_because == "The bank paid what had ended here."
    assert waiting.frozen_because == "The bank paid what was never sent."
    for act in (
        lambda: export(waiting, by=staff),
        lambda: withdrawal_cancel(withdrawal_id=waiting.pk, by=owner, at=AT),
    ):
        with pytest.raises(WithdrawalTransitionRefused, match="frozen"):
            act()
    assert not waiting.is_cancellable
    seen = resolve(back, is_paid=False, by=staff, at=back.frozen_at)
    assert (seen.status, seen.frozen_at) == (WithdrawalStatus.RETURNED, None)
    assert wallet(owner) == (FUNDED - 60_000, 60_000, 0)
    rejected = withdrawal_reject(
        withdrawal_id=waiting.pk, reason="Not ours after all.", by=staff, at=AT
    )
    assert (rejected.status, rejected.frozen_at) == (WithdrawalStatus.REJECTED, None)


def test_what_staff_had_resolved_by_hand_gets_its_line(sent, owner, staff):
    paid, _ = sent
    resolve(paid, is_paid=True, by=staff)

    take(table({"amount": "-999.00", "end_to_end_id": named(paid)}))

    assert statuses(paid) == [WithdrawalStatus.PAID]
    assert (BankMatch.objects.count(), paid.frozen_at) == (1, None)
    assert wallet(owner) == (FUNDED - 150_000, 50_000, 100_000)
    assert integrity.differences() == []


UNKNOWN = [
    {"amount": "-999.00", "text": "Rent"},
    {"amount": "-999.00", "end_to_end_id": f"wd-{'0' * 32}"},
    {"amount": "999.00", "text": "Withdrawal {id}"},
    {"amount": "-999.00", "text": f"{{id}} wd-{'0' * 32}"},
]


@pytest.mark.parametrize("row", UNKNOWN)
def test_a_line_that_names_no_one_withdrawal_stays_unmatched(sent, owner, row):
    paid, _ = sent

    take(table({name: text.format(id=named(paid)) for name, text in row.items()}))

    assert statuses(paid) == [WithdrawalStatus.SENDING]
    assert BankStatementLine.objects.unmatched().count() == 1
    assert wallet(owner) == (FUNDED - 150_000, 150_000, 0)


def test_money_of_another_rail_is_left_alone(owner, settings):
    settings.PAYOUT_RAIL = "sandbox"
    elsewhere = request(owner)

    take(table({"amount": "-999.00", "end_to_end_id": named(elsewhere)}))

    assert statuses(elsewhere) == [WithdrawalStatus.APPROVED]
    assert BankStatementLine.objects.unmatched().count() == 1


def prepared():
    """A withdrawal on its way, and the line that says that it was paid."""
    owner, staff = funded(), UserFactory(is_staff=True)
    withdrawal = request(owner)
    export(withdrawal, by=staff)
    content = table({"amount": "-999.00", "end_to_end_id": named(withdrawal)})
    return withdrawal, content


def import_at_once():
    withdrawal, content = prepared()
    act = partial(bank_statement_import, content=content, file_name="x", by=None, at=AT)
    return withdrawal, at_once(*[act] * TIMES)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_file_at_once_is_one_statement_and_one_payment(settings):
    withdrawal, outcomes = import_at_once()
    line = BankStatementLine.objects.get()
    matched = at_once(*[partial(bank_line_match, line_id=line.pk, at=AT)] * TIMES)

    assert (tally(outcomes), tally(matched)) == ({"done": TIMES}, {"done": TIMES})
    assert statuses(withdrawal) == [WithdrawalStatus.PAID]
    assert (BankStatement.objects.count(), BankMatch.objects.count()) == (1, 1)
    assert wallet(withdrawal.user) == (FUNDED - 100_000, 0, 100_000)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_importing_at_once_without_locks_shows_the_race():
    def attempt() -> bool:
        _, outcomes = import_at_once()
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)
