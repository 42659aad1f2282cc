"""What the database refuses of gigs, applications, projects, milestones and submissions."""

from decimal import Decimal

import pytest

from gigs.models import Application, FeePolicy, Submission
from gigs.services import application_reject, gig_close, milestone_request_changes
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    open_gig,
    paid_invoice,
    pending_application,
    submitted_milestone,
)
from tests.factories import AT, FreelancerFactory
from tests.rules import assert_refused, copy, refused_by, rewrite

pytestmark = pytest.mark.django_db

APPROVED = (
    "status = 'approved', approved_at = now(), review_ends_at = NULL,"
    " approved_by_id = (SELECT max(id) FROM accounts_user)"
)
CURRENCIES = {"USD": "10000.00", "JPY": "10000", "KWD": "10000.000"}


def draft_gig():
    return open_gig(is_draft=True)


def closed_gig():
    gig = open_gig()
    return gig_close(gig_id=gig.pk, by=gig.commissioner, at=AT)


def planned_milestone():
    return open_gig().planned_milestones.get(position=2)


def rejected_application():
    application = pending_application()
    return application_reject(application_id=application.pk, by=application.gig.commissioner, at=AT)


def accepted_application():
    return active_project().application


def completed_project():
    return paid_invoice(active_project(tasks=1)).project


def milestone():
    return milestone_of(active_project(), 2)


def settled_milestone():
    return paid_invoice().milestone


def submission():
    return Submission.objects.get(milestone=submitted_milestone())


def submission_with_request():
    row = submitted_milestone()
    milestone_request_changes(
        milestone_id=row.pk, comment="More.", by=row.project.commissioner, at=AT
    )
    return Submission.objects.get(milestone=row)


def fee_policy():
    return FeePolicy.objects.create(valid_from=AT, rate=Decimal("0.05"))


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("gigs_gig_status_valid", open_gig, "status = 'sold'"),
        ("gigs_gig_category_valid", open_gig, "category = 'magic'"),
        ("gigs_gig_invoicing_method_valid", open_gig, "invoicing_method = 'guess'"),
        ("gigs_gig_payment_mode_valid", open_gig, "payment_mode = 'barter'"),
        ("gigs_gig_budget_positive", open_gig, "budget = 0"),
        ("gigs_gig_budget_positive", open_gig, "budget = -1"),
        ("gigs_gig_budget_positive", open_gig, "budget = 1000000000001"),
        ("gigs_gig_budget_positive", open_gig, "budget = 'NaN'"),
        ("gigs_gig_budget_in_sub_units", open_gig, "budget = 0.001"),
        ("gigs_gig_closed_at_iff_closed", open_gig, "closed_at = now()"),
        ("gigs_gig_closed_at_iff_closed", open_gig, "status = 'closed'"),
        ("gigs_gig_closed_at_iff_closed", closed_gig, "closed_at = NULL"),
        ("gigs_gig_closed_at_iff_closed", closed_gig, "status = 'open'"),
        ("gigs_gig_posted_at_unless_draft", draft_gig, "status = 'open'"),
        ("gigs_gig_posted_at_unless_draft", open_gig, "posted_at = NULL"),
        ("gigs_planned_milestone_amount_positive", planned_milestone, "amount = 0"),
        ("gigs_planned_milestone_amount_positive", planned_milestone, "amount = 'NaN'"),
        ("gigs_planned_milestone_amount_in_sub_units", planned_milestone, "amount = 1.005"),
        ("gigs_application_status_valid", pending_application, "status = 'maybe'"),
        ("gigs_application_decided_at_iff_decided", pending_application, "decided_at = now()"),
        ("gigs_application_decided_at_iff_decided", pending_application, "status = 'rejected'"),
        ("gigs_application_decided_at_iff_decided", rejected_application, "decided_at = NULL"),
        ("gigs_application_decided_at_iff_decided", rejected_application, "status = 'pending'"),
        ("gigs_project_status_valid", active_project, "status = 'paused'"),
        (
            "gigs_project_never_invoices_more_than_agreed",
            active_project,
            "invoiced_minor = agreed_minor + 1",
        ),
        ("gigs_project_never_invoices_more_than_agreed", active_project, "agreed_minor = -1"),
        ("gigs_project_fees_within_invoiced", active_project, "fees_minor = 1"),
        ("gigs_project_fees_within_invoiced", active_project, "fees_minor = -1"),
        ("gigs_project_completed_at_iff_completed", active_project, "completed_at = now()"),
        ("gigs_project_completed_at_iff_completed", active_project, "status = 'completed'"),
        ("gigs_project_completed_at_iff_completed", completed_project, "completed_at = NULL"),
        ("gigs_milestone_status_valid", milestone, "status = 'lost'"),
        ("gigs_milestone_approved_at_iff_approved", milestone, "approved_at = now()"),
        ("gigs_milestone_approved_at_iff_approved", milestone, "status = 'approved'"),
        ("gigs_milestone_approved_at_iff_approved", approved_milestone, "approved_at = NULL"),
        ("gigs_milestone_approved_at_iff_approved", approved_milestone, "status = 'in_review'"),
        (
            "gigs_milestone_approved_by_only_if_approved",
            milestone,
            "approved_by_id = (SELECT max(id) FROM accounts_user)",
        ),
        ("gigs_milestone_bonus_not_negative", submitted_milestone, f"{APPROVED}, bonus_minor = -1"),
        ("gigs_milestone_bonus_by_somebody", milestone, "bonus_minor = 1"),
        ("gigs_milestone_bonus_by_somebody", submitted_milestone, "bonus_minor = 1"),
        ("gigs_milestone_price_frozen", approved_milestone, "bonus_minor = 1"),
        ("gigs_milestone_review_ends_at_iff_in_review", milestone, "review_ends_at = now()"),
        (
            "gigs_milestone_review_ends_at_iff_in_review",
            submitted_milestone,
            "review_ends_at = NULL",
        ),
        (
            "gigs_milestone_review_ends_at_iff_in_review",
            submitted_milestone,
            "status = 'changes_requested'",
        ),
        (
            "gigs_milestone_review_ends_at_iff_in_review",
            approved_milestone,
            "review_ends_at = approved_at + interval '7 days'",
        ),
        (
            "gigs_milestone_review_ends_after_submission",
            submitted_milestone,
            "review_ends_at = submitted_at",
        ),
        (
            "gigs_milestone_review_extended_after_submission",
            submitted_milestone,
            "review_extended_at = submitted_at - interval '1 second'",
        ),
        (
            "gigs_milestone_review_extended_after_submission",
            milestone,
            "review_extended_at = now()",
        ),
        ("gigs_milestone_settled_at_iff_settled", approved_milestone, "settled_at = now()"),
        ("gigs_milestone_settled_at_iff_settled", approved_milestone, "status = 'settled'"),
        ("gigs_milestone_settled_at_iff_settled", settled_milestone, "status = 'approved'"),
        ("gigs_milestone_settled_at_iff_settled", settled_milestone, "settled_at = NULL"),
        ("gigs_milestone_submitted_at_iff_submitted", milestone, "version = 1"),
        ("gigs_milestone_submitted_at_iff_submitted", milestone, "submitted_at = now()"),
        ("gigs_milestone_submitted_at_iff_submitted", submitted_milestone, "version = 0"),
        ("gigs_milestone_submitted_at_iff_submitted", submitted_milestone, "submitted_at = NULL"),
        (
            "gigs_submission_changes_requested_with_words",
            submission,
            "changes_requested_at = now()",
        ),
        ("gigs_submission_changes_requested_with_words", submission, "change_request = 'More.'"),
        (
            "gigs_submission_changes_requested_with_words",
            submission_with_request,
            "change_request = ''",
        ),
        ("gigs_fee_policy_rate_valid", fee_policy, "rate = 1"),
        ("gigs_fee_policy_rate_valid", fee_policy, "rate = -0.0001"),
        ("gigs_fee_policy_rate_valid", fee_policy, "rate = 'NaN'"),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("gigs_planned_milestone_position_unique", planned_milestone, {}),
        ("gigs_application_one_live_per_freelancer", pending_application, {}),
        (
            "gigs_application_one_live_per_freelancer",
            accepted_application,
            {"status": "'pending'", "decided_at": "NULL"},
        ),
        ("gigs_milestone_position_unique", milestone, {}),
        ("gigs_submission_version_unique", submission, {}),
        ("gigs_feepolicy_valid_from_key", fee_policy, {}),
    ],
)
def test_the_database_refuses_a_second_one(rule, build, changes):
    row = build()

    with refused_by(rule):
        copy(row, **changes)


def test_the_database_refuses_a_second_hire():
    row = accepted_application()
    other = FreelancerFactory()

    with refused_by("gigs_application_one_accepted_per_gig"):
        copy(row, freelancer_id=str(other.pk))


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        ("gigs_project_gig_id_key", "application_id"),
        ("gigs_project_application_id_key", "gig_id"),
    ],
)
def test_a_gig_and_an_application_make_one_project(rule, column):
    project = active_project()
    other = pending_application()
    elsewhere = {"application_id": str(other.pk), "gig_id": str(other.gig_id)}

    with refused_by(rule):
        copy(project, **{column: elsewhere[column]})


def test_a_freelancer_who_was_rejected_may_apply_again():
    row = rejected_application()

    copy(row)
    copy(row, status="'pending'", decided_at="NULL")

    assert Application.objects.filter(freelancer=row.freelancer).count() == 3


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("gigs_project_budget_positive", {"budget": "0"}),
        ("gigs_project_budget_positive", {"budget": "'NaN'"}),
        ("gigs_project_budget_in_sub_units", {"budget": "9999.999"}),
        ("gigs_project_fee_rate_valid", {"fee_rate": "1"}),
        ("gigs_project_fee_rate_valid", {"fee_rate": "-0.1"}),
        ("gigs_project_fee_rate_valid", {"fee_rate": "'NaN'"}),
        (
            "gigs_project_invoicing_method_valid",
            {"invoicing_method": "'guess'", "upfront_rate": "NULL"},
        ),
        ("gigs_project_payment_mode_valid", {"payment_mode": "'barter'"}),
        ("gigs_project_review_days_valid", {"review_days": "0"}),
        ("gigs_project_review_days_valid", {"review_days": "91"}),
        ("gigs_project_clearing_days_valid", {"clearing_days": "91"}),
        ("gigs_project_two_parties", {"freelancer_id": "commissioner_id"}),
    ],
)
def test_the_database_refuses_a_project_on_such_terms(rule, changes):
    project = active_project()

    with refused_by(rule):
        copy(project, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        "gig_id = gig_id + 1",
        "application_id = application_id + 1",
        "commissioner_id = freelancer_id",
        "freelancer_id = commissioner_id",
        "organisation_id = 1",
        "budget = budget + 1",
        "currency = 'EUR'",
        "fee_rate = 0",
        "invoicing_method = 'completion'",
        "payment_mode = 'held'",
        "review_days = 30",
        "clearing_days = 1",
    ],
)
def test_the_terms_of_a_project_are_frozen(changes):
    project = active_project()

    with refused_by("gigs_project_terms_frozen"):
        rewrite(project, changes)


def test_who_writes_the_invoices_of_a_project_is_frozen():
    project = active_project()

    with refused_by("gigs_project_self_billing_frozen"):
        rewrite(project, "is_self_billed = true")


@pytest.mark.parametrize(
    "changes", ["amount = amount - 0.01", "currency = 'EUR'", "project_id = project_id + 1"]
)
def test_the_price_of_a_milestone_is_frozen(changes):
    row = milestone()

    with refused_by("gigs_milestone_price_frozen"):
        rewrite(row, changes)


@pytest.mark.parametrize(
    ("rule", "amount"),
    [
        ("gigs_milestone_amount_positive", "0"),
        ("gigs_milestone_amount_positive", "-3333.33"),
        ("gigs_milestone_amount_positive", "'NaN'"),
        ("gigs_milestone_amount_in_sub_units", "3333.333"),
    ],
)
def test_the_database_refuses_a_milestone_at_such_a_price(rule, amount):
    row = milestone()

    with refused_by(rule):
        copy(row, position="4", amount=amount)


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", "1.5"), ("JPY", "0.1"), ("KWD", "1.0005"), ("USD", "1.005")]
)
def test_more_decimals_than_the_currency_has_are_refused(currency, amount):
    gig = open_gig(budget=CURRENCIES[currency], currency=currency)

    with refused_by("gigs_gig_budget_in_sub_units"):
        rewrite(gig, f"budget = {amount}")


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", "1"), ("KWD", "0.001"), ("USD", "0.01"), ("CHF", "1.1")]
)
def test_as_many_decimals_as_the_currency_has_are_accepted(currency, amount):
    gig = open_gig(budget=CURRENCIES.get(currency, "10000.00"), currency=currency)

    rewrite(gig, f"budget = {amount}")

    gig.refresh_from_db()
    assert gig.budget.amount == Decimal(amount)
