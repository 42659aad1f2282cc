"""The platform's own invoices for its fees: one a month and currency, equal to the ledger."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AuditEvent
from invoicing.documents.fees import FeeCharge
from invoicing.documents.stored import from_json
from invoicing.enums import FeeKind
from invoicing.models import FeeDocument, FeeInvoice, InvoiceSeries
from invoicing.services.fees import (
    fee_documents_render,
    fee_invoices_issue,
    fee_sums,
)
from tests.builders import active_project, paid_invoice, run_jobs
from tests.factories import AT, UserFactory
from tests.parties import FRENCH, buyer, seller
from tests.rules import REWRITES, copy, refused_by, rewrite_all
from tests.wallets.withdrawing import answer_of, funded, request, resolve
from wallets import integrity
from wallets.enums import PayoutResult
from wallets.selectors import platform_fees_total
from wallets.selectors.fees import after, months_to_bill
from wallets.services import withdrawal_claim, withdrawal_conclude
from wallets.services.fee_billing import fees_bill, month_bill

pytestmark = pytest.mark.django_db

PLATFORM = {
    "legal_name": "Tranche Platform GmbH",
    "street": "Rosenthaler Straße 40",
    "postcode": "10178",
    "city": "Berlin",
    "country": "DE",
    "vat_id": "DE111111125",
    "tax_status": "registered",
}
EURO = {"currency": "EUR", "budget": "10000.00"}


def month():
    return timezone.now().date().replace(day=1)


def later():
    """The first days of the month that follows the one in which the tests post."""
    first = after(month())
    return datetime(first.year, first.month, 2, tzinfo=UTC)


@pytest.fixture
def legal(settings):
    settings.PLATFORM_LEGAL = PLATFORM


def document_of(invoice):
    return from_json(invoice.snapshot.encode())


def withdrawn(*results):
    withdrawal = request(funded())
    withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)
    for result in results:
        answer = answer_of(withdrawal, result)
        withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=answer, at=AT)
    return withdrawal


def differences():
    return [one for one in integrity.differences() if one.check == "fee_invoices_match_fees"]


def test_a_month_is_billed_once_for_each_currency(legal):
    freelancer = seller()
    project = active_project(commissioner=buyer(), freelancer=freelancer, **EURO)
    first, second = paid_invoice(project), paid_invoice(project, position=2)
    paid_invoice(active_project(freelancer=freelancer))

    assert fees_bill(at=later()) == 2
    assert fees_bill(at=later()) == 0

    euro, dollar = FeeInvoice.objects.order_by("currency")
    assert (euro.kind, euro.month, euro.freelancer) == ("fee", month(), freelancer)
    assert (euro.total_minor, dollar.total_minor) == (33333, 16667)
    assert euro.total_minor == platform_fees_total("EUR")
    assert {euro.number, dollar.number} == {
        f"TRANCHE-{later().year}-00001",
        f"TRANCHE-{later().year}-00002",
    }
    [line] = document_of(euro).lines
    assert line.description == f"{first.number}, {second.number}"
    assert AuditEvent.objects.filter(event="fee_invoice.issued").count() == 2
    assert differences() == []


def test_the_tax_is_in_the_fee(legal):
    paid_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))

    fees_bill(at=later())

    invoice = FeeInvoice.objects.get()
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.rounding_minor) == (14006, 2661, 0)
    document = document_of(invoice)
    assert (document.seller.legal_name, document.seller.vat_id) == (
        "Tranche Platform GmbH",
        "DE111111125",
    )
    assert (document.totals.gross, document.totals.due) == (Decimal("166.67"), 0)
    assert invoice.tax_rule.startswith("eu-standard@")


def test_a_business_in_another_member_state_owes_the_tax(legal):
    person = seller(FRENCH)
    paid_invoice(active_project(commissioner=buyer(), freelancer=person, **EURO))

    fees_bill(at=later())

    document = document_of(FeeInvoice.objects.get())
    [tax] = document.taxes
    assert (tax.category, tax.amount, document.totals.net) == ("AE", 0, Decimal("166.67"))
    assert document.buyer.vat_id == FRENCH["vat_id"]


def test_without_legal_data_it_is_a_page_alone():
    paid_invoice()

    fees_bill(at=later())
    run_jobs("fee_invoice.document")

    invoice = FeeInvoice.objects.get()
    assert (invoice.tax_minor, invoice.tax_rule) == (0, "")
    assert set(invoice.documents.values_list("kind", flat=True)) == {"pdf", "data"}


def test_its_files_say_the_same_and_are_mailed(legal):
    paid_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))
    fees_bill(at=later())

    run_jobs("fee_invoice.document")
    run_jobs("mail.send")

    invoice = FeeInvoice.objects.get()
    kept = {file.kind: bytes(file.content) for file in invoice.documents.all()}
    assert set(kept) == {"pdf", "ubl", "cii", "data"}
    text = PdfReader(io.BytesIO(kept["pdf"])).pages[0].extract_text()
    for words in (invoice.number, "140,06", "26,61", "166,67", "Plattformgebühr"):
        assert words in text
    assert b'<cbc:PayableAmount currencyID="EUR">0.00<' in kept["ubl"]
    [message] = [one for one in mail.outbox if one.subject == f"Fee invoice {invoice.number}"]
    assert message.to == [f"{invoice.freelancer.name} <{invoice.freelancer.email}>"]
    assert len(message.attachments) == 3
    assert fee_documents_render(invoice_ids=[invoice.pk], at=later()) == []


def test_fees_of_withdrawals_are_a_line_of_their_own(legal):
    withdrawal = withdrawn(PayoutResult.PAID)

    fees_bill(at=later())

    invoice = FeeInvoice.objects.get(freelancer=withdrawal.user)
    assert invoice.total_minor == platform_fees_total("USD")
    assert [line.amount for line in document_of(invoice).lines] == [
        Decimal("166.67"),
        Decimal("1.00"),
    ]
    assert differences() == []


def test_what_went_back_is_a_credit_note_in_a_series_of_its_own(legal):
    withdrawal = withdrawn(PayoutResult.PAID, PayoutResult.RETURNED)

    assert fees_bill(at=later()) == 2

    fee, note = FeeInvoice.objects.order_by("kind")
    assert (fee.total_minor, note.total_minor) == (16767, 100)
    assert fee.total_minor - note.total_minor == platform_fees_total("USD")
    assert note.number == f"TRANCHEC-{later().year}-00001"
    document = document_of(note)
    assert (document.type_code, document.totals.due) == ("381", 0)
    assert [former.number for former in document.preceding] == [fee.number]
    assert note.freelancer == withdrawal.user
    run_jobs("fee_invoice.document")
    assert note.documents.filter(kind="pdf").exists()
    assert differences() == []


def test_what_came_back_once_is_credited_once_though_it_was_paid_again(legal):
    withdrawal = withdrawn(PayoutResult.PAID, PayoutResult.RETURNED, PayoutResult.PAID)
    resolve(withdrawal, is_paid=True, by=UserFactory(is_staff=True))

    assert fees_bill(at=later()) == 2

    fee, note = FeeInvoice.objects.order_by("kind")
    assert (fee.total_minor, note.total_minor) == (16867, 100)
    assert platform_fees_total("USD") == 16767
    assert differences() == []


@pytest.mark.parametrize("total", [1, 2, 100, 10005, 16667, 999_999])
@pytest.mark.parametrize("rate", [None, "7.7", "19", "20", "21"])
def test_basis_tax_and_rounding_are_the_fee(total, rate):
    decision = SimpleNamespace(rate=Decimal(rate)) if rate else None
    charge = FeeCharge(FeeKind.FEE, 1, "EUR", month(), total, 0)

    sums = fee_sums(charge, decision)

    assert sums.total == total
    assert abs(sums.rounding) <= 1
    assert sums.rounding == 0 or rate


def test_an_amount_that_no_basis_reaches_has_a_rounding(legal):
    person = seller()
    charge = FeeCharge(FeeKind.FEE, person.pk, "USD", month(), 10005, 0)

    fee_invoices_issue(charges=[charge], at=later())
    run_jobs("fee_invoice.document")

    invoice = FeeInvoice.objects.get()
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.rounding_minor) == (8408, 1598, -1)
    kept = {file.kind: bytes(file.content) for file in invoice.documents.all()}
    assert b'<cbc:PayableRoundingAmount currencyID="USD">-0.01<' in kept["ubl"]
    assert b"<ram:RoundingAmount>-0.01<" in kept["cii"]
    assert "Rundung" in PdfReader(io.BytesIO(kept["pdf"])).pages[0].extract_text()


def test_an_unknown_field_of_the_platform_is_refused(settings):
    settings.PLATFORM_LEGAL = {"name": "Tranche"}
    paid_invoice()

    with pytest.raises(ImproperlyConfigured, match="PLATFORM_LEGAL does not know name"):
        fees_bill(at=later())
    assert not FeeInvoice.objects.exists()


def test_a_month_is_billed_when_it_is_over():
    paid_invoice()
    first = after(month())

    with pytest.raises(ValueError, match="is not over"):
        month_bill(month=month(), at=timezone.now())
    assert fees_bill(at=datetime(first.year, first.month, 1, 0, 59, tzinfo=UTC)) == 0
    assert fees_bill(at=datetime(first.year, first.month, 1, 1, 0, tzinfo=UTC)) == 1


def test_every_closed_month_is_looked_at_once_more():
    assert months_to_bill(at=later()) == []
    paid_invoice()
    fees_bill(at=later())

    assert (
        months_to_bill(at=later() + timedelta(days=62))
        == [
            month(),
            after(month()),
            after(after(month())),
        ][:3]
    )
    assert after(date(2026, 12, 1)) == date(2027, 1, 1)


def test_the_check_sees_a_month_that_is_not_billed_and_a_wrong_amount():
    paid_invoice()
    assert differences() == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE wallets_journal SET posted_at = posted_at - interval '3 months'")
    [unbilled] = differences()
    assert "0 billed, ledger moved 16667" in unbilled.detail

    fees_bill(at=timezone.now())
    assert differences() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE invoicing_feeinvoice SET total_minor = 16668, rounding_minor = 1")
        cursor.execute("SET LOCAL session_replication_role = origin")
    [wrong] = differences()
    assert "16668 billed, ledger moved 16667" in wrong.detail


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_fee_invoice_kind_valid", {"kind": "'other'"}),
        ("invoicing_fee_invoice_one_per_month", {}),
        (
            "invoicing_fee_invoice_number_unique_in_series",
            {"month": "month - interval '1 month'", "position": "1"},
        ),
        ("invoicing_fee_invoice_month_begins_on_its_first", {"month": "month + 1"}),
        (
            "invoicing_fee_invoice_amounts_not_negative",
            {"total_minor": "0", "subtotal_minor": "0", "tax_minor": "0"},
        ),
        ("invoicing_fee_invoice_adds_up", {"tax_minor": "1"}),
        (
            "invoicing_fee_invoice_rounding_is_a_cent",
            {"rounding_minor": "2", "total_minor": "total_minor + 2"},
        ),
    ],
)
def test_the_database_refuses_such_a_fee_invoice(rule, changes):
    paid_invoice()
    fees_bill(at=later())
    fresh = {"number": "number || 'b'", "position": "2"}

    with refused_by(rule):
        copy(FeeInvoice.objects.get(), **{**fresh, **changes})


@pytest.mark.parametrize("statement", REWRITES)
@pytest.mark.parametrize(
    ("rule", "table"),
    [
        ("invoicing_fee_invoice_immutable", "invoicing_feeinvoice"),
        ("invoicing_fee_document_immutable", "invoicing_feedocument"),
    ],
)
def test_what_is_issued_is_kept(statement, rule, table):
    paid_invoice()
    fees_bill(at=later())
    run_jobs("fee_invoice.document")

    with refused_by(rule):
        rewrite_all(statement, table, "id")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_fee_document_one_per_kind", {}),
        ("invoicing_fee_document_kind_valid", {"kind": "'doc'"}),
    ],
)
def test_the_database_refuses_a_second_file(rule, changes):
    paid_invoice()
    fees_bill(at=later())
    run_jobs("fee_invoice.document")

    with refused_by(rule):
        copy(FeeDocument.objects.get(kind="pdf"), **changes)


def test_there_is_one_platform():
    paid_invoice()
    fees_bill(at=later())
    issuer = InvoiceSeries.objects.get(issuer__user=None).issuer

    with refused_by("invoicing_issuer_one_is_the_platform"):
        copy(issuer, code="'OTHER'")


def test_a_freelancer_sees_and_downloads_their_own(client_for, stranger, legal):
    freelancer = seller()
    paid_invoice(active_project(commissioner=buyer(), freelancer=freelancer, **EURO))
    fees_bill(at=later())
    invoice = FeeInvoice.objects.get()
    page, file = reverse("invoicing:fees"), reverse("invoicing:fee-ubl", args=[invoice.public_id])
    mine, other = client_for(freelancer), client_for(stranger)

    assert "being made" in mine.get(page).content.decode()
    assert mine.get(file).status_code == 404
    run_jobs("fee_invoice.document")
    text = mine.get(page).content.decode()
    assert invoice.number in text
    assert file in text
    assert mine.get(file).content == bytes(invoice.documents.get(kind="ubl").content)
    assert other.get(file).status_code == 404
    assert invoice.number not in other.get(page).content.decode()


def test_the_api_gives_them_to_their_freelancer_alone(api, stranger, legal):
    freelancer = seller()
    paid_invoice(active_project(commissioner=buyer(), freelancer=freelancer, **EURO))
    fees_bill(at=later())
    invoice = FeeInvoice.objects.get()
    path = f"/api/v1/fee-invoices/{invoice.public_id}/"

    assert api(freelancer).get(f"{path}ubl/").status_code == 409
    run_jobs("fee_invoice.document")
    read = api(freelancer).get(path).json()
    assert (read["kind"], read["number"], read["month"]) == (
        "fee",
        invoice.number,
        month().isoformat(),
    )
    assert [read[name]["amount"] for name in ("subtotal", "tax", "rounding", "total")] == [
        "140.06",
        "26.61",
        "0.00",
        "166.67",
    ]
    assert set(read["documents"].values()) == {f"{path}{kind}/" for kind in ("pdf", "ubl", "cii")}
    assert api(freelancer).get(f"{path}pdf/").content.startswith(b"%PDF")
    assert [
        row["id"] for row in api(freelancer).get("/api/v1/fee-invoices/").json()["results"]
    ] == [invoice.public_id]
    for end in ("", "pdf/", "ubl/", "cii/"):
        assert api(stranger).get(f"{path}{end}").status_code == 404
    assert api(stranger).get("/api/v1/fee-invoices/").json()["results"] == []
