"""What numbers look like is the operator's to say; each series keeps its own pattern."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from invoicing.models import InvoiceSeries
from invoicing.numbering import check_pattern
from tests.builders import active_project, sent_invoice
from tests.factories import AT
from wallets import integrity


@pytest.mark.django_db
def test_a_series_keeps_the_pattern_that_it_began_with(settings):
    project = active_project()
    first = sent_invoice(project)
    code = first.series.issuer.code

    settings.INVOICE_NUMBER_PREFIX, settings.INVOICE_NUMBER_DIGITS = "{year}/{code}{mark}/", 7
    second = sent_invoice(project, position=2)
    third = sent_invoice(project, position=3, at=AT + timedelta(days=60))

    assert [invoice.number for invoice in (first, second, third)] == [
        f"{code}-2026-00001",
        f"{code}-2026-00002",
        f"2027/{code}/0000001",
    ]
    assert InvoiceSeries.objects.count() == 2
    assert integrity.differences() == []


@pytest.mark.parametrize(
    "pattern", ["{code}{mark}-{year}-", "R{year}/{code}{mark}/", "{mark}{code}-{year}A"]
)
def test_a_pattern_that_tells_numbers_apart_is_taken(settings, pattern):
    settings.INVOICE_NUMBER_PREFIX = pattern

    check_pattern()


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        ("{code}-{year}-", 5),
        ("{code}{mark}-", 5),
        ("{mark}{year}-", 5),
        ("{code}{code}{mark}-{year}-", 5),
        ("{code}{mark}-{year}", 5),
        ("inv-{code}{mark}-{year}-", 5),
        ("{code}{mark} {year}-", 5),
        ("{code:.1}{mark}-{year}-", 5),
        ("{code!r}{mark}-{year}-", 5),
        ("{code.real}{mark}-{year}-", 5),
        ("{}{code}{mark}-{year}-", 5),
        ("{{code}}{mark}-{year}-", 5),
        ("{code{mark}-{year}-", 5),
        ("{code}{mark}-{year}-}", 5),
        ("{code}{mark}-{year}-\n", 5),
        ("THE-INVOICE-NUMBERS-OF-{code}{mark}-{year}-", 5),
        ("{code}{mark}-{year}-", 0),
        ("{code}{mark}-{year}-", 10),
    ],
)
def test_a_pattern_that_does_not_is_refused_at_the_start(settings, pattern, digits):
    settings.INVOICE_NUMBER_PREFIX, settings.INVOICE_NUMBER_DIGITS = pattern, digits

    with pytest.raises(ImproperlyConfigured, match="INVOICE_NUMBER_PREFIX needs"):
        check_pattern()
