"""What the database refuses of held funds, whoever asks."""

import pytest

from invoicing.services import invoices_issue
from tests.builders import (
    SANDBOX_OK,
    active_project,
    approved_milestone,
    fund,
    held_project,
    milestone_of,
    pay,
)
from tests.builders import sent_invoice as sent
from tests.factories import AT
from tests.rules import assert_refused, copy, refused_by, rewrite
from wallets.models import MilestoneFunding
from wallets.services import funding_begin, held_settle, payment_begin

pytestmark = pytest.mark.django_db


def processing():
    invoice = sent()
    return payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)


def paid():
    return pay(sent())


def funded():
    return fund(held_project())


def funding():
    project = held_project()
    funding_begin(project_id=project.pk, method=SANDBOX_OK, by=project.commissioner, at=AT)
    return MilestoneFunding.objects.order_by("pk")[0]


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("wallets_payment_names_its_purpose", processing, "purpose = 'funding'"),
        ("wallets_payment_names_its_purpose", processing, "purpose = 'gift'"),
        ("wallets_payment_names_its_purpose", processing, "invoice_id = NULL"),
        ("wallets_payment_names_its_purpose", funded, "project_id = NULL"),
        ("wallets_payment_names_its_purpose", funded, "purpose = 'credit'"),
        ("wallets_payment_source_fits_purpose", funded, "provider = 'held'"),
        (
            "wallets_payment_source_fits_purpose",
            funded,
            "provider = 'credit', purpose = 'credit', project_id = NULL",
        ),
        (
            "wallets_payment_received_iff_succeeded",
            processing,
            "received_minor = 1, outcome = 'late'",
        ),
        ("wallets_payment_received_iff_succeeded", paid, "received_minor = NULL, outcome = ''"),
        ("wallets_payment_outcome_fits_received", paid, "outcome = ''"),
        ("wallets_payment_outcome_fits_received", paid, "outcome = 'lucky'"),
        ("wallets_payment_outcome_fits_received", paid, "outcome = 'over'"),
        ("wallets_payment_outcome_fits_received", paid, "received_minor = 1"),
        ("wallets_payment_outcome_fits_received", paid, "outcome = 'short', received_minor = 0"),
        ("wallets_milestone_funding_status_valid", funding, "status = 'lost'"),
        ("wallets_milestone_funding_amount_positive", funding, "amount_minor = 0"),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


def test_a_milestone_is_funded_by_one_payment_at_a_time():
    row = funding()
    other = fund(held_project())

    with refused_by("wallets_milestone_funding_one_live_per_milestone"):
        copy(row, payment_id=str(other.pk))


def test_a_payment_has_one_part_for_a_milestone():
    with refused_by("wallets_milestone_funding_once_per_payment"):
        copy(funding(), status="'missed'")


@pytest.mark.parametrize("status", ["in_progress", "in_review"])
def test_work_does_not_begin_before_funds_are_held(status):
    milestone = milestone_of(held_project())
    in_review = (
        ", version = 1, submitted_at = now(), review_ends_at = now() + interval '1 day'"
        if status == "in_review"
        else ""
    )

    with refused_by("gigs_milestone_funded_before_work"):
        rewrite(milestone, f"status = '{status}'{in_review}")


def test_only_a_project_with_held_funds_funds_milestones():
    with refused_by("gigs_milestone_funded_before_work"):
        rewrite(milestone_of(active_project()), "status = 'funded'")


def test_no_milestone_is_settled_that_is_not_approved():
    project = held_project()
    fund(project)
    milestone = approved_milestone(project)
    issued = invoices_issue(milestone_ids=[milestone.pk], at=AT)
    rewrite(milestone, "status = 'funded', approved_at = NULL, approved_by_id = NULL")

    with refused_by("gigs_milestone_settled_from_approved"):
        held_settle(invoice_ids=issued, at=AT)
