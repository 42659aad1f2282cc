"""Previews tell what would happen, and change nothing."""

from decimal import Decimal

import pytest
from djmoney.money import Money

from common.exceptions import PermissionRefused
from gigs.exceptions import MilestoneTransitionRefused
from invoicing.models import Invoice
from tests.builders import (
    approved_milestone,
    milestone_of,
    paid_invoice,
    pay,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT
from tests.wallets.paying import begin, traces
from wallets import integrity
from wallets.exceptions import AlreadyPaid, PaymentInProgress
from wallets.selectors import wallet_balances
from wallets.services import approval_preview, payment_preview

pytestmark = pytest.mark.django_db


def test_the_preview_of_a_payment_is_what_paying_does(project, commissioner, freelancer):
    paid_invoice(project)
    invoice = sent_invoice(project, position=2)
    before = traces()

    preview = payment_preview(invoice_id=invoice.pk, by=commissioner, at=AT)

    assert traces() == before
    assert (preview.milestone_title, preview.total, preview.fee, preview.net) == (
        "Part 2",
        Money("3333.33", "USD"),
        Money("166.66", "USD"),
        Money("3166.67", "USD"),
    )
    assert (preview.subtotal, preview.tax) == (Money("3333.33", "USD"), Money("0.00", "USD"))
    assert (preview.fee_rate, preview.gross_before, preview.fees_before) == (
        Decimal("0.0500"),
        Money("3333.34", "USD"),
        Money("166.67", "USD"),
    )
    assert (preview.available_after, preview.lifetime_after) == (
        Money("6333.34", "USD"),
        Money("6333.34", "USD"),
    )
    assert preview.completes_project is False
    pay(invoice)
    [balance] = wallet_balances(freelancer.pk)
    assert balance.available == 633_334


def test_the_preview_of_an_approval_shows_the_invoice_that_will_be(project, commissioner):
    for position in (1, 2):
        paid_invoice(project, position=position)
    milestone = submitted_milestone(project, position=3)
    before = traces()

    preview = approval_preview(milestone_id=milestone.pk, by=commissioner, at=AT)

    assert traces() == before
    assert (preview.total, preview.fee, preview.net) == (
        Money("3333.33", "USD"),
        Money("166.67", "USD"),
        Money("3166.66", "USD"),
    )
    assert (preview.gross_before, preview.fees_before) == (
        Money("6666.67", "USD"),
        Money("333.33", "USD"),
    )
    assert (preview.available_after, preview.completes_project) == (Money("9500.00", "USD"), True)


def test_previews_take_no_number_and_no_name(project, commissioner):
    milestone = submitted_milestone(project)

    for _ in range(3):
        approval_preview(milestone_id=milestone.pk, by=commissioner, at=AT)
    invoice = sent_invoice(project, position=2)

    assert invoice.number.endswith("-2026-00001")
    assert integrity.differences() == []


def test_the_preview_of_an_approval_refuses_what_the_approval_refuses(
    project, commissioner, freelancer, stranger
):
    planned, waiting = milestone_of(project), submitted_milestone(project, position=2)
    before = traces()

    with pytest.raises(MilestoneTransitionRefused):
        approval_preview(milestone_id=planned.pk, by=commissioner, at=AT)
    for by in (freelancer, stranger):
        with pytest.raises(PermissionRefused):
            approval_preview(milestone_id=waiting.pk, by=by, at=AT)

    assert traces() == before


def test_the_preview_of_a_payment_refuses_what_the_payment_refuses(
    project, commissioner, freelancer, stranger
):
    paid, under_way = paid_invoice(project), sent_invoice(project, position=2)
    begin(under_way)
    before = traces()

    with pytest.raises(AlreadyPaid):
        payment_preview(invoice_id=paid.pk, by=commissioner, at=AT)
    with pytest.raises(PaymentInProgress):
        payment_preview(invoice_id=under_way.pk, by=commissioner, at=AT)
    for by in (freelancer, stranger):
        with pytest.raises(PermissionRefused):
            payment_preview(invoice_id=paid.pk, by=by, at=AT)

    assert traces() == before


def test_nothing_is_paid_before_the_approval(project):
    approved_milestone(project)

    assert Invoice.objects.count() == 0
    assert wallet_balances(project.freelancer_id) == []
