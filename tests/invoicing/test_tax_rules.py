"""What the database refuses of a tax breakdown and of the tax on a line."""

import pytest

from invoicing.models import InvoiceTax
from tests.builders import active_project, sent_invoice
from tests.parties import buyer, seller
from tests.rules import REWRITES, copy, refused_by, rewrite_all

pytestmark = pytest.mark.django_db
EXEMPT = {"category": "'E'", "rate": "0", "amount": "0", "legend": "'Exempt'"}


def taxed():
    return sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), currency="EUR"))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_tax_one_row_per_category_and_rate", {}),
        ("invoicing_tax_category_valid", {**EXEMPT, "category": "'K'"}),
        ("invoicing_tax_rate_fits_category", {"rate": "0"}),
        ("invoicing_tax_rate_fits_category", {"rate": "NULL"}),
        ("invoicing_tax_rate_fits_category", {**EXEMPT, "rate": "19"}),
        ("invoicing_tax_rate_fits_category", {**EXEMPT, "category": "'O'"}),
        (
            "invoicing_tax_is_nothing_but_at_the_standard_rate",
            {**EXEMPT, "amount": "1"},
        ),
        ("invoicing_tax_reason_where_none_is_charged", {**EXEMPT, "legend": "''"}),
        ("invoicing_tax_basis_positive", {"rate": "7", "basis": "0"}),
        ("invoicing_tax_amount_not_negative", {"rate": "7", "amount": "-1"}),
        ("invoicing_tax_amounts_in_sub_units", {"rate": "7", "amount": "0.001"}),
        ("invoicing_tax_amounts_in_sub_units", {"rate": "7", "basis": "0.001"}),
    ],
)
def test_the_database_refuses_such_a_row(rule, changes):
    row = InvoiceTax.objects.get(invoice=taxed())

    with refused_by(rule):
        copy(row, **changes)


def test_outside_the_scope_there_is_one_row_without_rate():
    row = InvoiceTax.objects.get(invoice=taxed())
    outside = {"category": "'O'", "rate": "NULL", "amount": "0", "legend": "'Outside'"}
    copy(row, **outside)

    with refused_by("invoicing_tax_one_row_per_category_and_rate"):
        copy(row, **outside)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_line_tax_category_valid", {"tax_category": "'K'", "tax_rate": "0"}),
        ("invoicing_line_tax_rate_fits_category", {"tax_category": "''"}),
        ("invoicing_line_tax_rate_fits_category", {"tax_rate": "NULL"}),
        ("invoicing_line_tax_rate_fits_category", {"tax_category": "'E'"}),
        ("invoicing_line_tax_rate_fits_category", {"tax_category": "'S'", "tax_rate": "0"}),
    ],
)
def test_the_database_refuses_such_a_line(rule, changes):
    line = taxed().lines.get()

    with refused_by(rule):
        copy(line, position="2", **changes)


@pytest.mark.parametrize("statement", REWRITES)
def test_a_breakdown_is_kept_as_it_is(statement):
    taxed()

    with refused_by("invoicing_tax_immutable"):
        rewrite_all(statement, "invoicing_invoicetax", "rule")
