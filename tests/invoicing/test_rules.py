"""What the database refuses of issuers, series, invoices, lines and documents."""

import pytest

from invoicing.models import InvoiceDocument
from invoicing.services import documents_make
from tests.builders import approved_milestone, credit, paid_invoice, sent_invoice
from tests.factories import AT
from tests.rules import REWRITES, assert_refused, copy, refused_by, rewrite, rewrite_all

pytestmark = pytest.mark.django_db


def issuer():
    return sent_invoice().series.issuer


def series():
    return sent_invoice().series


def line():
    return sent_invoice().lines.get()


def document():
    invoice = sent_invoice()
    documents_make(invoice_ids=[invoice.pk], at=AT)
    return InvoiceDocument.objects.get(invoice=invoice, kind="pdf")


def other_milestone():
    """The key of a milestone without an invoice, as the database takes it."""
    return str(approved_milestone().pk)


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("invoicing_issuer_code_valid", issuer, "code = 'ab12'"),
        ("invoicing_issuer_code_valid", issuer, "code = 'ABC'"),
        ("invoicing_issuer_code_valid", issuer, "code = E'ABCD\\n'"),
        ("invoicing_issuer_frozen", issuer, "code = 'OTHER'"),
        ("invoicing_issuer_frozen", issuer, "user_id = null"),
        ("invoicing_series_moves_forward", series, "last_number = 0"),
        ("invoicing_series_moves_forward", series, "year = year + 1"),
        ("invoicing_series_moves_forward", series, "prefix = 'OTHER-'"),
        ("invoicing_series_moves_forward", series, "digits = 6"),
        ("invoicing_series_moves_forward", series, "issuer_id = issuer_id + 1"),
        ("invoicing_series_moves_forward", series, "family = 'credit_note'"),
        ("invoicing_invoice_status_valid", sent_invoice, "status = 'lost'"),
        ("invoicing_invoice_paid_at_fits_status", sent_invoice, "status = 'paid'"),
        ("invoicing_invoice_paid_at_fits_status", sent_invoice, "paid_at = now()"),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_invoice_kind_valid", {"kind": "'proforma'"}),
        ("invoicing_invoice_milestone_where_its_kind_has_one", {"milestone_id": "NULL"}),
        ("invoicing_invoice_credits_iff_credit_note", {"kind": "'credit_note'"}),
        (
            "invoicing_invoice_credits_iff_credit_note",
            {"credits_id": "id", "milestone_id": "milestone_id"},
        ),
        ("invoicing_invoice_issued_iff_credit_note", {"status": "'issued'"}),
        ("invoicing_invoice_reason_iff_credit_note", {"reason": "'Because.'"}),
        ("invoicing_invoice_will_not_be_credited_beyond_its_amounts", {"credited": "-1"}),
        ("invoicing_invoice_will_not_be_credited_beyond_its_amounts", {"credited_tax": "1"}),
        ("invoicing_invoice_will_not_be_credited_beyond_its_amounts", {"credited_fee": "1"}),
        ("invoicing_invoice_when_nothing_is_left_it_is_credited", {"status": "'credited'"}),
        ("invoicing_invoice_when_nothing_is_left_it_is_credited", {"credited": "subtotal"}),
        ("invoicing_invoice_status_valid", {"status": "'draft'"}),
        ("invoicing_invoice_paid_at_fits_status", {"status": "'paid'"}),
        (
            "invoicing_invoice_subtotal_positive",
            {"subtotal": "0", "total": "0", "fee": "0", "net": "0"},
        ),
        ("invoicing_invoice_subtotal_positive", {"subtotal": "-1", "tax": "total + 1"}),
        (
            "invoicing_invoice_fee_not_negative",
            {"subtotal": "'NaN'", "total": "'NaN'", "fee": "'NaN'", "net": "'NaN'"},
        ),
        ("invoicing_invoice_subtotal_positive", {"subtotal": "'NaN'", "tax": "0"}),
        ("invoicing_invoice_tax_not_negative", {"tax": "-1", "subtotal": "subtotal + 1"}),
        ("invoicing_invoice_tax_not_negative", {"tax": "'NaN'"}),
        ("invoicing_invoice_fee_not_negative", {"fee": "-1", "net": "total + 1"}),
        ("invoicing_invoice_net_not_negative", {"net": "-1", "fee": "total + 1"}),
        (
            "invoicing_invoice_amounts_in_sub_units",
            {"fee": "fee + 0.001", "net": "net - 0.001"},
        ),
        (
            "invoicing_invoice_amounts_in_sub_units",
            {"tax": "0.001", "subtotal": "subtotal - 0.001"},
        ),
        ("invoicing_invoice_total_is_subtotal_and_tax", {"tax": "1"}),
        ("invoicing_invoice_total_is_subtotal_and_tax", {"total": "total + 1", "net": "net + 1"}),
        ("invoicing_invoice_total_is_fee_and_net", {"net": "net + 0.01"}),
        ("invoicing_invoice_total_is_fee_and_net", {"fee": "0"}),
        ("invoicing_invoice_due_after_issue", {"due_on": "issued_on - 1"}),
        ("invoicing_invoice_two_parties", {"buyer_id": "seller_id"}),
    ],
)
def test_the_database_refuses_such_an_invoice(rule, changes):
    invoice = sent_invoice()
    fresh = {"milestone_id": other_milestone(), "position": "2", "number": "number || 'b'"}

    with refused_by(rule):
        copy(invoice, **{**fresh, **changes})


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ("invoicing_invoice_one_per_milestone", "milestone_id"),
        ("invoicing_invoice_number_unique", "number"),
        ("invoicing_invoice_number_unique_in_series", "position"),
    ],
)
def test_the_database_refuses_a_second_invoice(rule, taken):
    invoice = sent_invoice()
    fresh = {"milestone_id": other_milestone(), "position": "2", "number": "number || 'b'"}
    del fresh[taken]

    with refused_by(rule):
        copy(invoice, **fresh)


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("invoicing_series_unique_per_year", series, {"prefix": "'OTHER-'"}),
        ("invoicing_series_prefix_is_its_own", series, {"year": "2027"}),
        (
            "invoicing_series_prefix_ends_before_the_digits",
            series,
            {"year": "2027", "prefix": "'OTHER-1'"},
        ),
        ("invoicing_series_digits_valid", series, {"prefix": "'OTHER-'", "digits": "0"}),
        ("invoicing_series_family_valid", series, {"family": "'fees'"}),
        ("invoicing_line_position_unique", line, {}),
        ("invoicing_line_amount_positive", line, {"position": "2", "amount": "0"}),
        ("invoicing_line_amount_positive", line, {"position": "2", "amount": "'NaN'"}),
        ("invoicing_line_amount_in_sub_units", line, {"position": "2", "amount": "0.001"}),
        ("invoicing_document_one_per_kind", document, {}),
        ("invoicing_document_kind_valid", document, {"kind": "'doc'"}),
    ],
)
def test_the_database_refuses_a_second_one(rule, build, changes):
    row = build()

    with refused_by(rule):
        copy(row, **changes)


@pytest.mark.parametrize(
    ("rule", "fresh"),
    [
        ("invoicing_issuer_code_key", {"user_id": "{buyer}"}),
        ("invoicing_issuer_user_id_key", {"code": "'ZZZZ'"}),
    ],
)
def test_one_code_an_issuer_and_one_issuer_a_code(rule, fresh):
    invoice = sent_invoice()
    changes = {name: text.format(buyer=invoice.buyer_id) for name, text in fresh.items()}

    with refused_by(rule):
        copy(invoice.series.issuer, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        "number = number || 'x'",
        "position = position + 1",
        "series_id = series_id + 1",
        "seller_copy = '{}'",
        "buyer_copy = jsonb_set(buyer_copy, '{legal_name}', '\"Somebody Else\"')",
        "seller_id = buyer_id",
        "buyer_id = seller_id",
        "milestone_id = milestone_id + 1",
        "credits_id = id",
        "project_id = project_id + 1",
        "fee = fee + 1, net = net - 1",
        "total = total + 1, subtotal = subtotal + 1, net = net + 1",
        "currency = 'EUR'",
        "fee_rate = 0",
        "kind = 'other'",
        "issued_at = now()",
        "issued_on = issued_on - 1",
        "due_on = due_on + 1",
        "uuid = gen_random_uuid()",
        "status = 'on_hold', due_on = due_on + 1",
    ],
)
def test_an_issued_invoice_cannot_be_changed(changes):
    invoice = sent_invoice()

    with refused_by("invoicing_invoice_immutable"):
        rewrite(invoice, changes)


@pytest.mark.parametrize(
    "changes", ["status = 'sent', paid_at = NULL", "paid_at = now()", "status = status"]
)
def test_a_paid_invoice_does_not_move(changes):
    invoice = paid_invoice()

    with refused_by("invoicing_invoice_immutable"):
        rewrite(invoice, changes)


@pytest.mark.parametrize(
    "changes",
    [
        "status = 'credited'",
        "paid_at = paid_at",
        "reason = 'Because.'",
        "credited = 0, credited_fee = 0",
        "credited = credited - 1",
    ],
)
def test_a_paid_invoice_is_credited_and_nothing_else(changes):
    invoice = paid_invoice()
    credit(invoice, "10.00")

    with refused_by("invoicing_invoice_immutable"):
        rewrite(invoice, changes)


@pytest.mark.parametrize("changes", ["status = 'paid'", "credited = credited", "paid_at = now()"])
@pytest.mark.parametrize(
    "build", [lambda: credit(sent_invoice()), lambda: credit(sent_invoice()).credits]
)
def test_a_note_and_what_it_took_back_do_not_move(build, changes):
    invoice = build()

    with refused_by("invoicing_invoice_immutable"):
        rewrite(invoice, changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"seller_id": "buyer_id", "buyer_id": "seller_id"},
        {"fee_rate": "0.06"},
        {"milestone_id": "NULL"},
        {"credits_id": "id"},
    ],
)
def test_a_note_fits_its_invoice(changes):
    note = credit(sent_invoice(), "10.00")

    with refused_by("invoicing_credit_note_fits_its_invoice"):
        copy(note, **{"position": "2", "number": "number || 'b'", **changes})


@pytest.mark.parametrize("statement", REWRITES[1:])
def test_an_invoice_is_kept(statement):
    sent_invoice()

    with refused_by("invoicing_invoice_kept"):
        rewrite_all(statement, "invoicing_invoice", "number")


@pytest.mark.parametrize("statement", REWRITES)
@pytest.mark.parametrize(
    ("rule", "table", "column"),
    [
        ("invoicing_line_immutable", "invoicing_invoiceline", "description"),
        ("invoicing_document_immutable", "invoicing_invoicedocument", "content"),
    ],
)
def test_lines_and_documents_are_kept_as_they_are(rule, table, column, statement):
    document()

    with refused_by(rule):
        rewrite_all(statement, table, column)


def test_a_series_moves_on():
    row = series()

    rewrite(row, "last_number = last_number + 1")

    row.refresh_from_db()
    assert row.last_number == 2
