"""Credit that came by bank transfer goes back to the account that it came from, and only there."""

from functools import partial
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from outbox.models import Job
from tests.builders import active_project, paid_invoice
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, at_once, tally
from tests.rules import checksums, copy, refused_by, rewrite
from tests.wallets.banking import SENDER, by_transfer, export, named, table, take, transferred
from tests.wallets.paying import topped_up
from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import IBAN, LABEL, resolve
from wallets import integrity
from wallets.enums import AccountKind
from wallets.exceptions import (
    CameByProvider,
    InsufficientFunds,
    NothingToTakeBack,
    TakeBackInProgress,
    TransferAccountUnknown,
    WithdrawalsClosed,
    WithdrawalTransitionRefused,
)
from wallets.models import (
    BankStatementLine,
    Entry,
    Journal,
    Payment,
    PayoutMethod,
    Withdrawal,
)
from wallets.selectors import (
    credit_balances,
    credit_of_user,
    payout_methods_of,
    statement,
    wallet_balances,
    withdrawals_page,
)
from wallets.services import (
    payout_batch_open,
    transfer_back_preview,
    transfer_back_request,
    withdrawal_approve,
    withdrawal_cancel,
    withdrawal_freeze,
    withdrawal_reject,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_transfer(settings):
    by_transfer(settings)


def usd(amount):
    return Money(amount, "USD")


def ask(payment, amount=None, **changes) -> Withdrawal:
    values = {"payment_id": payment.pk, "amount": usd(amount) if amount else None}
    return transfer_back_request(**{**values, "by": payment.payer, "at": AT, **changes})


def credit_of(user) -> tuple[Money, Money, Money]:
    """Available, reserved, and what has no way back."""
    [balance], _ = credit_of_user(user)
    return balance.available, balance.reserved, balance.bound


def legs(key) -> list[tuple[str, str, int]]:
    rows = Entry.objects.filter(journal__key=key).order_by("leg")
    return list(rows.values_list("account__owner", "account__kind", "amount"))


def test_it_is_reserved_approved_and_leaves_by_the_bank_file(staff):
    payment = transferred()
    payer = payment.payer

    made = ask(payment)

    assert (made.status, made.rail, made.amount_minor, made.fee_minor) == (
        "approved",
        "bank_file",
        10_000,
        0,
    )
    assert (made.payment, made.method.label, made.method.holder) == (payment, LABEL, SENDER["name"])
    assert credit_of(payer) == (usd("0.00"), usd("100.00"), usd("0.00"))
    assert not Journal.objects.filter(key=f"withdraw:{made.public_id}").exists()
    assert integrity.differences() == []

    batch = export(made, by=staff)
    file = ET.fromstring(payout_batch_open(batch_id=batch.pk, by=staff, at=AT))
    told = {element.tag.split("}")[1]: element.text for element in file.iter()}
    assert (told["EndToEndId"], told["InstdAmt"], told["IBAN"]) == (named(made), "100.00", IBAN)
    take(table({"amount": "-100.00", "end_to_end_id": named(made)}, start=2))

    made.refresh_from_db()
    assert made.status == "paid"
    assert legs(f"withdraw:{made.public_id}") == [
        (f"user:{payer.pk}", "credit", -10_000),
        ("provider:bank_file", "outside", 10_000),
    ]
    assert credit_of(payer) == (usd("0.00"), usd("0.00"), usd("0.00"))
    assert [
        line.label for line in statement(payer.pk, currency="USD", kind=AccountKind.CREDIT).rows
    ] == [
        "Transferred back",
        "Milestone payment",
    ]
    assert list(made.bank_matches.values_list("kind", "amount_minor")) == [("paid", -10_000)]
    events = AuditEvent.objects.filter(target=made.public_id).order_by("pk")
    assert list(events.values_list("event", flat=True)) == [
        "withdrawal.requested",
        "withdrawal.approved",
        "withdrawal.sending",
        "withdrawal.paid",
    ]
    assert integrity.differences() == []


def test_what_its_bank_sends_back_is_credit_again_with_the_reason(staff):
    payment = transferred()
    made = ask(payment)
    export(made, by=staff)
    name = {"end_to_end_id": named(made)}

    take(
        table(
            {"amount": "-100.00", **name},
            {"amount": "100.00", "return_code": "AC04", **name},
            start=2,
        )
    )

    made.refresh_from_db()
    reason = "The bank returned it: the account is closed (AC04)."
    assert (made.status, made.reason) == ("returned", reason)
    assert legs(f"return:{made.public_id}") == [
        (f"user:{payment.payer_id}", "credit", 10_000),
        ("provider:bank_file", "outside", -10_000),
    ]
    assert credit_of(payment.payer) == (usd("100.00"), usd("0.00"), usd("0.00"))
    mail = Job.objects.get(payload__template="withdrawal_not_paid").payload["context"]
    assert (mail["reason"], mail["back"]) == (reason, "your credit")
    assert integrity.differences() == []

    again = ask(payment, "60.00")
    assert (again.amount_minor, again.status) == (6_000, "approved")


def test_above_the_limit_somebody_else_approves(staff, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "99.99")}
    payment = transferred()

    made = ask(payment)

    assert made.status == "requested"
    payment.payer.is_staff = True
    payment.payer.save(update_fields=["is_staff"])
    about = {"withdrawal_id": made.pk, "at": AT}
    with pytest.raises(PermissionRefused):
        withdrawal_approve(**about, note="Mine.", by=payment.payer)
    approved = withdrawal_approve(**about, note="Seen.", by=staff)
    assert (approved.status, approved.approved_by) == ("approved", staff)
    assert integrity.differences() == []


def test_what_is_cancelled_or_rejected_is_credit_again_and_can_go_back(staff):
    payment = transferred()
    first = ask(payment, "70.00")
    assert credit_of(payment.payer)[:2] == (usd("30.00"), usd("70.00"))

    withdrawal_cancel(withdrawal_id=first.pk, by=payment.payer, at=AT)
    second = ask(payment)
    withdrawal_reject(withdrawal_id=second.pk, reason="Call us.", by=staff, at=AT)

    assert credit_of(payment.payer) == (usd("100.00"), usd("0.00"), usd("0.00"))
    assert ask(payment).amount_minor == 10_000
    assert integrity.differences() == []


def test_no_more_than_the_transfer_brought_and_is_still_credit():
    payment = transferred()
    topped_up(payment.payer, amount="50.00")
    with pytest.raises(InsufficientFunds, match=r"At most 100\.00 of this payment"):
        ask(payment, "100.01")
    ask(payment, "60.00")

    with pytest.raises(InsufficientFunds, match=r"At most 40\.00 of this payment"):
        ask(payment, "40.01")
    ask(payment, "40.00")
    with pytest.raises(NothingToTakeBack):
        ask(payment)
    assert credit_of(payment.payer)[:2] == (usd("50.00"), usd("100.00"))
    assert integrity.differences() == []


def test_an_amount_below_the_smallest_withdrawal_goes_back_whole():
    payment = transferred("3333.35")

    assert (ask(payment).amount_minor, credit_balances(payment.payer_id)[0].available) == (
        1,
        usd("0.00"),
    )


def test_the_account_serves_nothing_else_and_its_number_is_sealed():
    payment = transferred()

    made = ask(payment)

    assert list(payout_methods_of(payment.payer)) == []
    assert not made.method.is_usable(AT)
    line = BankStatementLine.objects.get()
    assert line.counterparty == "DE•• •••• 3000"
    assert line.sealed.startswith("gAAAA")
    assert IBAN not in f"{line.sealed} {made.method.sealed} {made.method.label}"


@pytest.mark.parametrize("counterparty", ["", "DE88370400440532013000", "021000021"])
def test_without_a_named_account_it_stays(counterparty):
    payment = transferred(sender={"name": "Somebody", "counterparty": counterparty})
    assert BankStatementLine.objects.get().sealed == ""

    with pytest.raises(TransferAccountUnknown):
        ask(payment)

    assert credit_of(payment.payer) == (usd("100.00"), usd("0.00"), usd("100.00"))
    assert not PayoutMethod.objects.exists()


def test_only_money_in_keeps_its_account():
    sent = {"counterparty": IBAN, "text": "Rent"}
    take(table({"amount": "-5.00", **sent}, {"amount": "5.00", "return_code": "AC04", **sent}))

    assert list(BankStatementLine.objects.values_list("sealed", flat=True)) == ["", ""]


REFUSED = [
    (lambda payment: ask(payment, by=UserFactory()), PermissionRefused),
    (lambda payment: ask(payment, amount=None, payment_id=topped_up(payment.payer).pk), CameByProvider),
    (lambda payment: transfer_back_request(payment_id=payment.pk, amount=Money("1.00", "EUR"), by=payment.payer, at=AT), Invalid),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "refusal"), REFUSED)
def test_what_is_refused(deed, refusal):
    payment = transferred()

    with pytest.raises(refusal):
        deed(payment)

    assert not Withdrawal.objects.exists()


def test_without_an_account_to_pay_from_nothing_goes_back(settings):
    payment = transferred()
    settings.PAYOUT_ACCOUNT_IBAN = ""

    with pytest.raises(WithdrawalsClosed):
        ask(payment)


def test_the_same_key_is_the_same_transfer():
    payment, key = transferred(), uuid4()

    first, second = (ask(payment, "40.00", request_key=key) for _ in range(2))

    assert first == second
    assert Withdrawal.objects.count() == 1
    other = transferred(commissioner=payment.payer, title="Another", start=2)
    before = checksums()
    with pytest.raises(TakeBackInProgress):
        ask(other, request_key=key)
    assert checksums() == before


def test_the_preview_changes_nothing():
    payment = transferred()
    before = checksums()

    seen = transfer_back_preview(
        payment_id=payment.pk, amount=usd("40.00"), by=payment.payer, at=AT
    )

    assert (seen.amount, seen.credit_after, seen.needs_approval) == (
        usd("40.00"),
        usd("60.00"),
        False,
    )
    assert seen.method == LABEL
    assert checksums() == before


def test_it_is_frozen_and_resolved_as_any_withdrawal(staff):
    payment = transferred()
    made = ask(payment)
    export(made, by=staff)

    resolve(made, is_paid=False, by=staff, reason="The file was never sent.")

    made.refresh_from_db()
    assert (made.status, credit_of(payment.payer)[0]) == ("returned", usd("100.00"))
    with pytest.raises(WithdrawalTransitionRefused):
        withdrawal_freeze(withdrawal_id=made.pk, reason="?", by=staff, at=AT)
    assert integrity.differences() == []


def test_what_was_paid_after_all_takes_the_credit_or_waits_for_it(staff):
    payment = transferred()
    made = ask(payment)
    export(made, by=staff)
    resolve(made, is_paid=False, by=staff)
    take(table({"amount": "-100.00", "end_to_end_id": named(made)}, start=2))
    made.refresh_from_db()
    assert made.frozen_because == "The bank paid what had ended here."
    other = ask(payment, "0.01")

    with pytest.raises(InsufficientFunds):
        resolve(made, is_paid=True, by=staff, at=timezone.now())
    withdrawal_cancel(withdrawal_id=other.pk, by=payment.payer, at=AT)
    resolve(made, is_paid=True, by=staff, at=timezone.now())

    made.refresh_from_db()
    assert (made.status, credit_of(payment.payer)[0]) == ("paid", usd("0.00"))


def test_the_books_are_in_order_where_the_bank_gave_back_more_than_came(staff):
    number = transferred().invoice.number
    take(table({"amount": "200.00", "text": number, **SENDER}, start=2))
    payment = Payment.objects.get(received_minor=20_000)
    first = ask(payment)
    export(first, by=staff)
    resolve(first, is_paid=False, by=staff)
    second = ask(payment)
    export(second, by=staff)
    names = [{"amount": "-200.00", "end_to_end_id": named(one)} for one in (second, first)]
    take(table(*names, start=3))
    first.refresh_from_db()
    topped_up(payment.payer, amount="100.00")
    assert integrity.differences() == []

    resolve(first, is_paid=True, by=staff, at=first.frozen_at)

    assert credit_of(payment.payer) == (usd("0.00"), usd("0.00"), usd("0.00"))
    assert integrity.differences() == []


def test_the_database_refuses_a_fee_another_rail_and_an_open_number():
    payment = transferred()
    made = ask(payment)

    for change in ("fee_minor = 1", "rail = 'sandbox'"):
        with refused_by("wallets_withdrawal_back_by_bank_without_fee"):
            rewrite(made, change)
    line = BankStatementLine.objects.get()
    for sealed in ("'DE89370400440532013000'", "repeat('x', 100)"):
        with refused_by("wallets_bank_line_account_is_sealed"):
            copy(line, sealed=sealed, reference="'R2'", position="2")


CORRUPTIONS = [
    ({"take_backs_are_in_the_ledger"}, "UPDATE wallets_withdrawal SET amount_minor = 400000"),
    ({"take_backs_are_in_the_ledger"}, "UPDATE wallets_payment SET payer_id = (SELECT max(id) FROM accounts_user) WHERE provider = 'bank'"),
    ({"reservations_are_explained"}, "UPDATE wallets_withdrawal SET payment_id = NULL WHERE status = 'approved'"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "statement"), CORRUPTIONS)
def test_a_corruption_is_seen(expected, statement):
    ask(transferred())
    assert integrity.differences() == []

    corrupt(statement)

    assert expected <= fired()


def test_a_journal_that_takes_it_from_elsewhere_is_seen(staff):
    made = ask(transferred())
    export(made, by=staff)
    take(table({"amount": "-100.00", "end_to_end_id": named(made)}, start=2))
    assert integrity.differences() == []

    corrupt("UPDATE wallets_withdrawal SET payment_id = NULL")

    assert "withdrawals_are_in_the_ledger" in fired()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_no_more_than_there_is():
    payment = transferred()
    wish = partial(ask, payment, "60.00")

    outcomes = at_once(*[wish] * TIMES)

    assert tally(outcomes) == {"done": 1, "InsufficientFunds": TIMES - 1}
    assert credit_of(payment.payer)[:2] == (usd("40.00"), usd("60.00"))
    assert integrity.differences() == []


def test_a_wallet_of_the_same_person_is_left_alone(staff):
    payment = transferred()
    payer = payment.payer
    payer.roles = ["commissioner", "freelancer"]
    payer.save(update_fields=["roles"])
    paid_invoice(active_project(freelancer=payer, title="As a freelancer"))
    made = ask(payment)
    export(made, by=staff)
    take(table({"amount": "-100.00", "end_to_end_id": named(made)}, start=2))

    [wallet] = wallet_balances(payer.pk)
    assert (wallet.available, wallet.held, wallet.withdrawn) == (316_667, 0, 0)
    assert withdrawals_page(payer).rows == []
    assert integrity.differences() == []
