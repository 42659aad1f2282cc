"""Money that comes by bank transfer pays the invoice that it names; what does not fit is credit."""

from functools import partial

import pytest

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.enums import MilestoneStatus
from invoicing.enums import InvoiceStatus
from outbox.models import Job
from tests.builders import (
    SANDBOX_OK,
    active_project,
    fund,
    held_project,
    sent_invoice,
)
from tests.builders import credit as credit_part
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, at_once, tally
from tests.rules import checksums, copy, refused_by, rewrite
from tests.wallets.banking import OURS, export, line_of, named, table, take
from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import request as withdraw
from tests.wallets.withdrawing import wallet
from wallets import integrity
from wallets.enums import BankMatchKind, PaymentOutcome, PaymentPurpose, PaymentStatus
from wallets.exceptions import BankMatchUnfit, PaymentInProgress
from wallets.models import BankMatch, BankStatementLine, Payment
from wallets.selectors import bank_books, bank_ledger, credit_balance, invoice_candidates
from wallets.services import (
    MethodChoice,
    bank_invoice_match,
    bank_line_match,
    bank_match_confirm,
    bank_statement_import,
    payment_ask,
    payment_begin,
    payment_conclude,
)

pytestmark = pytest.mark.django_db

TOTAL = 333_334
LINES = "/admin/wallets/bankstatementline/"


@pytest.fixture(autouse=True)
def _by_transfer(settings):
    settings.BANK_ACCOUNT_HOLDER = "Tranche Operators"
    settings.BANK_ACCOUNT_IBAN = OURS
    settings.BANK_ACCOUNT_BIC = "PSSTFRPPXXX"


@pytest.fixture
def invoice(commissioner, freelancer):
    return sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))


def credit(user) -> int:
    return int(credit_balance(user.pk, "USD").amount * 100)


SPELLINGS = [
    {"text": "{number}"},
    {"text": "Invoice no. {number}, thanks"},
    {"text": "RNR/{spaced}/Q4"},
    {"text": "{joined}"},
    {"end_to_end_id": "{lower}"},
]


@pytest.mark.parametrize("row", SPELLINGS)
def test_a_transfer_with_the_number_pays_the_invoice(invoice, freelancer, row):
    number = invoice.number
    spelt = {"number": number, "spaced": number.replace("-", " "), "lower": number.lower()}
    words = {
        name: text.format(joined=number.replace("-", ""), **spelt) for name, text in row.items()
    }

    take(table({"amount": "3333.34", **words}))

    invoice.refresh_from_db()
    assert (invoice.status, invoice.milestone.status) == (
        InvoiceStatus.PAID,
        MilestoneStatus.SETTLED,
    )
    payment = Payment.objects.get()
    assert (payment.provider, payment.label, payment.payer) == (
        "bank",
        "Bank transfer",
        invoice.buyer,
    )
    assert (payment.status, payment.outcome, payment.received_minor) == (
        PaymentStatus.SUCCEEDED,
        PaymentOutcome.EXACT,
        TOTAL,
    )
    match = BankMatch.objects.get()
    assert (match.kind, match.payment, match.invoice) == (BankMatchKind.RECEIVED, payment, invoice)
    assert credit(invoice.buyer) == 0
    [ledger] = bank_ledger(bank_books())
    assert (ledger.posted.amount, ledger.difference.amount) == (ledger.matched.amount, 0)
    assert int(ledger.posted.amount * 100) == TOTAL
    assert AuditEvent.objects.get(event="bank_line.matched").after["invoice"] == number
    assert integrity.differences() == []


OTHERS = [
    ("3333.35", PaymentOutcome.OVER, 1, InvoiceStatus.PAID),
    ("3333.33", PaymentOutcome.SHORT, TOTAL - 1, InvoiceStatus.SENT),
]


@pytest.mark.parametrize(("amount", "outcome", "left", "status"), OTHERS)
def test_another_amount_is_an_outcome_of_its_own(invoice, amount, outcome, left, status):
    take(table({"amount": amount, "text": invoice.number}))

    invoice.refresh_from_db()
    assert (invoice.status, Payment.objects.get().outcome) == (status, outcome)
    assert credit(invoice.buyer) == left
    assert Job.objects.filter(payload__template="credit_added").count() == 1
    assert integrity.differences() == []


def test_a_second_transfer_is_credit(invoice):
    row = {"amount": "3333.34", "text": invoice.number}

    take(table(row, row))

    outcomes = Payment.objects.order_by("pk").values_list("outcome", "status", "invoice")
    assert list(outcomes) == [
        (PaymentOutcome.EXACT, PaymentStatus.SUCCEEDED, invoice.pk),
        (PaymentOutcome.DOUBLE, PaymentStatus.SUCCEEDED, invoice.pk),
    ]
    assert credit(invoice.buyer) == TOTAL
    mail = Job.objects.get(payload__template="credit_added")
    assert mail.payload["context"]["reason"] == "The invoice had been paid already."
    assert integrity.differences() == []


def test_an_invoice_of_held_funds_takes_nothing_from_outside():
    project = held_project()
    fund(project, 1)
    invoice = sent_invoice(project)

    take(table({"amount": "3333.34", "text": invoice.number}))

    invoice.refresh_from_db()
    payment = Payment.objects.get(provider="bank")
    assert (invoice.status, payment.purpose) == (InvoiceStatus.SENT, PaymentPurpose.CREDIT)
    assert credit(invoice.buyer) == TOTAL
    assert integrity.differences() == []


def test_what_is_being_paid_waits_for_staff(invoice, commissioner, staff):
    method = MethodChoice("sandbox", "test_declined")
    payment = payment_begin(invoice_id=invoice.pk, method=method, by=commissioner, at=AT)

    take(table({"amount": "3333.34", "text": invoice.number}))

    assert BankStatementLine.objects.unmatched().count() == 1
    with pytest.raises(PaymentInProgress):
        match_by_hand(line_of(TOTAL), invoice, by=staff)
    payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)
    match_by_hand(line_of(TOTAL), invoice, by=staff)

    invoice.refresh_from_db()
    assert invoice.status == InvoiceStatus.PAID
    assert integrity.differences() == []


def test_money_that_names_no_one_invoice_stays_unmatched(invoice):
    other = sent_invoice()
    rows = [
        {"amount": "3333.34", "text": f"{invoice.number} and {other.number}"},
        {"amount": "3333.35", "text": f"X{invoice.number}"},
        {"amount": "3333.36", "text": "ZZZZ-2026-00001"},
        {"amount": "-3333.34", "text": invoice.number},
    ]

    take(table(*rows))
    take(table({"amount": "1.00", "text": invoice.number, "currency": "EUR"}, start=9))

    assert BankStatementLine.objects.unmatched().count() == 5
    assert not Payment.objects.exists()


def match_by_hand(line, invoice, *, by, reason="He called us."):
    return bank_invoice_match(line_id=line.pk, invoice_id=invoice.pk, reason=reason, by=by, at=AT)


def nameless(amount: str = "3333.34", **row):
    take(table({"amount": amount, "name": "CLARA COMMISSIONER", **row}))
    return BankStatementLine.objects.get()


def test_staff_match_money_in_by_hand(invoice, staff):
    line = nameless()
    [candidate] = invoice_candidates(line)
    assert (candidate.invoice, candidate.because) == (invoice, "same amount, similar name")

    match = match_by_hand(line, invoice, by=staff)

    invoice.refresh_from_db()
    assert (invoice.status, match.payment.received_minor) == (InvoiceStatus.PAID, TOTAL)
    assert integrity.differences() == []


def test_money_in_is_compared_with_what_is_left_of_an_invoice(client_for, staff, invoice):
    credit_part(invoice, "1000.00")
    line = nameless("2333.34", name="Somebody")

    [candidate] = invoice_candidates(line)
    page = client_for(staff).get(f"{LINES}{line.pk}/match/").content.decode()

    assert (candidate.invoice, candidate.because) == (invoice, "same amount")
    assert f"{invoice.number}, 2,333.34 USD" in page
    take(table({"amount": "3333.34", "name": "Somebody"}, opening=233_334, start=2))
    assert invoice_candidates(line_of(TOTAL)) == []


def test_above_the_limit_money_in_takes_two(invoice, staff, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "1000.00")}
    second = UserFactory(is_staff=True)

    match = match_by_hand(nameless(), invoice, by=staff)
    assert (match.status, match.payment) == ("proposed", None)
    assert not Payment.objects.exists()
    confirmed = bank_match_confirm(match_id=match.pk, by=second, at=AT)

    invoice.refresh_from_db()
    assert (invoice.status, confirmed.payment.outcome) == (InvoiceStatus.PAID, PaymentOutcome.EXACT)
    assert integrity.differences() == []


def test_money_out_and_other_currencies_pay_no_invoice(invoice, staff):
    take(table({"amount": "-3333.34"}))
    take(table({"amount": "3333.34", "currency": "EUR"}, start=2))
    before = checksums()

    for amount in (-TOTAL, TOTAL):
        with pytest.raises(BankMatchUnfit):
            match_by_hand(line_of(amount), invoice, by=staff)

    assert checksums() == before


@pytest.mark.parametrize("role", ["freelancer", "commissioner", "stranger"])
def test_others_match_nothing(invoice, role, request):
    line, user = nameless(), request.getfixturevalue(role)
    user.is_staff = role == "commissioner"
    user.save(update_fields=["is_staff"])
    before = checksums()

    with pytest.raises(PermissionRefused):
        match_by_hand(line, invoice, by=user)

    assert checksums() == before


def test_staff_match_money_in_in_the_admin(client_for, staff, invoice):
    line, client = nameless(), client_for(staff)
    form = {"action": "invoice", "invoice-reason": "He called us."}

    page = client.get(f"{LINES}{line.pk}/match/").content.decode()
    missing = client.post(f"{LINES}{line.pk}/match/", {**form, "invoice-name": "ZZZZ-2026-1"})
    done = client.post(f"{LINES}{line.pk}/match/", {**form, "invoice-candidate": invoice.number})

    assert "same amount, similar name" in page
    assert (missing.status_code, done.status_code) == (200, 302)
    invoice.refresh_from_db()
    assert invoice.status == InvoiceStatus.PAID


def test_the_pages_say_where_to_pay(client_for, invoice, settings):
    client, iban = client_for(invoice.buyer), "FR14 2004 1010 0505 0001 3M02 606"
    pages = [f"/invoices/{invoice.public_id}/", f"/invoices/{invoice.public_id}/pay/"]

    for page in pages:
        text = client.get(page).content.decode()
        assert iban in text
        assert f"<strong>{invoice.number}</strong>" in text
    assert iban not in client_for(invoice.seller).get(pages[0]).content.decode()
    settings.BANK_ACCOUNT_IBAN = ""
    assert "bank transfer" not in client.get(pages[0]).content.decode()
    settings.BANK_ACCOUNT_IBAN = OURS
    take(table({"amount": "3333.34", "text": invoice.number}))
    assert iban not in client.get(pages[0]).content.decode()


def test_after_a_note_the_rest_is_what_to_transfer(client_for, invoice):
    credit_part(invoice, "1000.00")

    text = client_for(invoice.buyer).get(f"/invoices/{invoice.public_id}/").content.decode()

    box = text.partition("Pay by bank transfer")[2].partition("With exactly this")[0]
    assert ("2,333.34" in box, "3,333.34" in box) == (True, False)


def test_programs_read_where_to_pay(api, invoice):
    path = f"/api/v1/invoices/{invoice.public_id}/"
    shown = api(invoice.buyer).get(path).json()["bank_transfer"]
    take(table({"amount": "3333.34", "text": invoice.number}))

    assert shown == {
        "holder": "Tranche Operators",
        "iban": OURS,
        "bic": "PSSTFRPPXXX",
        "reference": invoice.number,
    }
    assert api(invoice.buyer).get(path).json()["bank_transfer"] is None


def test_a_platform_lives_without_a_provider(invoice, staff, settings):
    settings.SANDBOX_PROVIDER = False
    settings.PAYOUT_RAIL, settings.PAYOUT_ACCOUNT_IBAN = "bank_file", OURS
    settings.PAYOUT_ACCOUNT_HOLDER = "Tranche Operators"

    take(table({"amount": "3333.34", "text": invoice.number}))
    withdrawal = withdraw(invoice.seller)
    export(withdrawal, by=staff)
    row = {"amount": "-999.00", "end_to_end_id": named(withdrawal)}
    take(table(row, opening=1_333_334, start=2))

    assert wallet(invoice.seller) == (216_667, 0, 100_000)
    [book] = bank_books()
    assert (book.missing.amount, book.unmatched_count) == (0, 0)
    assert integrity.differences() == []


def test_held_funds_are_not_paid_by_transfer(client_for):
    project = held_project()
    fund(project, 1)
    invoice = sent_invoice(project)

    page = client_for(invoice.buyer).get(f"/invoices/{invoice.public_id}/").content.decode()

    assert "bank transfer" not in page


@pytest.fixture
def matched(invoice):
    take(table({"amount": "3333.34", "text": invoice.number}))
    return BankMatch.objects.get()


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_bank_match_fits_its_kind", "invoice_id = NULL"),
        ("wallets_bank_match_payment_iff_received", "payment_id = NULL"),
    ],
)
def test_the_database_refuses_such_a_match(matched, rule, changes):
    with refused_by(rule):
        rewrite(matched, changes)


def test_the_database_refuses_to_fund_by_transfer(matched):
    project = matched.invoice.project_id
    funding = {"purpose": "'funding'", "invoice_id": "NULL", "project_id": str(project)}

    with refused_by("wallets_payment_source_fits_purpose"):
        copy(matched.payment, **funding)


CORRUPTIONS = [
    "DELETE FROM wallets_bankmatch",
    "UPDATE wallets_bankmatch SET amount_minor = amount_minor + 1",
]


@pytest.mark.parametrize("statement", CORRUPTIONS)
def test_a_corruption_is_seen(matched, statement):
    corrupt(statement)

    assert fired() == {"bank_book_agrees"}


def both_at_once():
    """Money that came by transfer and a payment by the provider, for one invoice."""
    invoice = sent_invoice()
    with_text = table({"amount": "3333.34", "text": invoice.number})
    bank_statement_import(content=with_text, file_name="x", by=None, at=AT)
    line = BankStatementLine.objects.order_by("-pk")[0]
    match = partial(bank_line_match, line_id=line.pk, at=AT)
    begin = partial(
        payment_begin, invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT
    )
    return invoice, at_once(*[match, begin] * (TIMES // 2))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_invoice_is_paid_by_one_of_two_ways_at_once():
    invoice, outcomes = both_at_once()

    counts = tally(outcomes)
    live = Payment.objects.filter(invoice=invoice)
    assert live.count() == 1
    is_by_bank = live.get().provider == "bank"
    assert counts["done"] == TIMES // 2 + (0 if is_by_bank else 1)
    assert BankMatch.objects.count() == int(is_by_bank)
