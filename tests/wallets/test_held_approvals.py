"""Approving a part, or with a bonus, where the money is held."""

import pytest
from django.urls import reverse
from djmoney.money import Money

from accounts.models import AuditEvent
from gigs.enums import Remainder
from gigs.exceptions import CreditShort, FundingUnderWay
from gigs.models import Milestone, Project
from gigs.services import Part, milestone_approve, milestone_approve_part
from invoicing.models import Invoice
from tests.builders import (
    SANDBOX_OK,
    fund,
    held_project,
    milestone_of,
    run_jobs,
    submitted_milestone,
)
from tests.factories import AT
from tests.parties import buyer, seller
from tests.rules import REWRITES, copy, refused_by, rewrite, rewrite_all
from tests.wallets.test_integrity import corrupt, fired
from wallets import integrity
from wallets.models import Addition, Journal, MilestoneFunding, Payment, Release
from wallets.selectors import credit_balance, credit_sources, wallet_balances
from wallets.services import (
    approval_preview,
    credit_top_up_begin,
    funding_begin,
    funds_give_back,
    payment_ask,
    payment_conclude,
)

pytestmark = pytest.mark.django_db
NEXT, BACK = Remainder.NEXT_MILESTONE, Remainder.GIVE_BACK


def usd(amount):
    return Money(amount, "USD")


@pytest.fixture
def project(commissioner):
    return held_project(commissioner=commissioner)


def top_up(user, amount):
    payment = credit_top_up_begin(amount=amount, method=SANDBOX_OK, by=user, at=AT)
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)


def part(milestone, amount="2500.00", remainder=NEXT):
    return milestone_approve_part(
        milestone_id=milestone.pk,
        part=Part(Money(amount, milestone.amount.currency), remainder),
        by=milestone.project.commissioner,
        at=AT,
    )


def with_bonus(milestone, amount="250.01"):
    return milestone_approve(
        milestone_id=milestone.pk,
        bonus=Money(amount, milestone.amount.currency),
        by=milestone.project.commissioner,
        at=AT,
    )


def held(project):
    """What is set aside for each milestone, by the ledger's own words."""
    rows = MilestoneFunding.objects.filter(status="held").order_by("milestone__position")
    return [row.set_aside for row in rows]


def traces():
    rows = Milestone.objects.order_by("pk").values_list("amount", "bonus_minor", "status")
    return list(rows), Journal.objects.count(), AuditEvent.objects.count(), held(None)


def test_the_rest_becomes_credit(project):
    fund(project)
    milestone = submitted_milestone(project)

    part(milestone, remainder=BACK)
    run_jobs("milestone.approved")

    assert credit_balance(project.commissioner_id, "USD") == usd("833.34")
    [release] = Release.objects.all()
    assert (release.cause, release.by, release.amount_minor) == (
        "approved_in_part",
        project.commissioner,
        83_334,
    )
    project.refresh_from_db()
    assert project.agreed_minor == 916_666
    [row] = wallet_balances(project.freelancer_id)
    assert row.available == 237_500
    assert integrity.differences() == []


def test_the_rest_goes_on_to_the_next_one_that_is_funded(project):
    fund(project)
    milestone = submitted_milestone(project)

    part(milestone)
    run_jobs("milestone.approved")

    assert credit_balance(project.commissioner_id, "USD").amount == 0
    second = MilestoneFunding.objects.get(milestone=milestone_of(project, 2))
    assert (second.amount_minor, second.added_minor, second.set_aside) == (333_333, 83_334, 416_667)
    [addition] = Addition.objects.all()
    assert (addition.cause, addition.by) == ("remainder", project.commissioner)
    keys = list(Journal.objects.order_by("pk").values_list("kind", flat=True))
    assert keys == ["funding", "release", "addition", "settlement"]
    assert integrity.differences() == []

    submitted_milestone(project, position=2)
    milestone_approve(milestone_id=second.milestone_id, by=project.commissioner, at=AT)
    run_jobs("milestone.approved")

    assert Invoice.objects.get(milestone=second.milestone_id).status == "paid"
    assert integrity.differences() == []


def test_what_was_added_goes_back_with_the_rest(project):
    fund(project)
    part(submitted_milestone(project))

    funds_give_back(milestone_id=milestone_of(project, 2).pk, by=project.freelancer, at=AT)

    assert credit_balance(project.commissioner_id, "USD") == usd("4166.67")
    funding = MilestoneFunding.objects.get(milestone=milestone_of(project, 2))
    assert (funding.status, funding.returned_minor) == ("returned", 416_667)
    [source] = credit_sources(project.commissioner_id, "USD", available=416_667)
    assert source.left == 416_667
    run_jobs("milestone.approved")
    assert integrity.differences() == []


def test_the_rest_becomes_credit_where_the_next_one_is_not_funded(project):
    fund(project, 1)
    milestone = submitted_milestone(project)

    part(milestone)

    assert credit_balance(project.commissioner_id, "USD") == usd("833.34")
    assert str(milestone_of(project, 2).amount.amount) == "4166.6700"
    assert not Addition.objects.exists()
    run_jobs()
    fund(project)
    assert integrity.differences() == []


def test_the_tax_moves_with_the_price_and_a_missing_cent_is_named():
    """3,966.67 and 3,966.66 are held; 2,975.00 and 4,958.34 are needed: a cent more."""
    project = held_project(
        commissioner=buyer(), freelancer=seller(), budget="10000.00", currency="EUR"
    )
    fund(project)
    milestone = submitted_milestone(project)
    before = traces()

    with pytest.raises(CreditShort, match=r"lacks .*0\.01"):
        part(milestone)
    assert traces() == before

    top_up(project.commissioner, Money("0.01", "EUR"))
    part(milestone)
    run_jobs()

    assert held(project)[1:] == [495_834, 396_666]
    assert credit_balance(project.commissioner_id, "EUR").amount == 0
    assert integrity.differences() == []


def test_nothing_goes_on_to_one_that_is_being_funded_at_its_old_price(project):
    fund(project, 1)
    milestone = submitted_milestone(project)
    second = milestone_of(project, 2)
    funding_begin(
        project_id=project.pk,
        milestone_ids=[second.pk],
        method=SANDBOX_OK,
        by=project.commissioner,
        at=AT,
    )
    before = traces()

    with pytest.raises(FundingUnderWay):
        part(milestone)

    assert traces() == before
    assert part(milestone, remainder=BACK).status == "approved"


def test_a_bonus_comes_from_credit_at_once(project):
    fund(project)
    top_up(project.commissioner, usd("300.00"))
    milestone = submitted_milestone(project)

    with_bonus(milestone)

    assert credit_balance(project.commissioner_id, "USD") == usd("49.99")
    assert held(project)[0] == 358_335
    assert AuditEvent.objects.get(event="funds.added").after["added"] == 25_001
    run_jobs("milestone.approved")
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.total, invoice.fee) == ("paid", usd("3583.35"), usd("179.17"))
    [row] = wallet_balances(project.freelancer_id)
    assert row.available == 340_418
    assert Project.objects.get().agreed_minor == 1_025_001
    run_jobs()
    assert integrity.differences() == []


def test_a_bonus_without_credit_is_refused(project):
    fund(project)
    top_up(project.commissioner, usd("250.00"))
    milestone = submitted_milestone(project)
    before = traces()

    with pytest.raises(CreditShort, match=r"0\.01"):
        with_bonus(milestone)

    assert traces() == before


@pytest.mark.parametrize(
    ("asked", "from_credit", "to_credit"),
    [
        ({"bonus": usd("250.01")}, "250.01", "0.00"),
        ({"part": Part(usd("2500.00"), BACK)}, "0.00", "833.34"),
        ({"part": Part(usd("2500.00"), NEXT)}, "0.00", "0.00"),
        ({}, "0.00", "0.00"),
    ],
)
def test_a_preview_says_what_it_does_to_the_credit(project, asked, from_credit, to_credit):
    fund(project)
    top_up(project.commissioner, usd("300.00"))
    milestone = submitted_milestone(project)
    before = traces()

    preview = approval_preview(milestone_id=milestone.pk, **asked, by=project.commissioner, at=AT)

    assert (preview.from_credit, preview.to_credit) == (usd(from_credit), usd(to_credit))
    assert traces() == before


def test_both_doors_take_it(project, api, client_for):
    fund(project)
    first, second = submitted_milestone(project), submitted_milestone(project, position=2)
    api_of = api(project.commissioner)
    bonus = {"bonus": {"amount": "1.00", "currency": "USD"}}

    refused = api_of.post(f"/api/v1/milestones/{first.public_id}/approve/", bonus, format="json")
    page = client_for(project.commissioner).post(
        reverse("milestones:approve-part", args=[first.public_id]),
        {"amount": "2500.00", "remainder": "give_back"},
    )
    approved = api_of.post(f"/api/v1/milestones/{second.public_id}/approve/", bonus, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "credit_short")
    assert page.status_code == 302
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert credit_balance(project.commissioner_id, "USD") == usd("832.34")
    run_jobs()
    assert integrity.differences() == []


def addition(project) -> Addition:
    fund(project)
    part(submitted_milestone(project))
    return Addition.objects.get()


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_addition_number_unique", {}),
        ("wallets_addition_cause_valid", {"number": "2", "cause": "'whim'"}),
        ("wallets_addition_amount_positive", {"number": "2", "amount_minor": "0"}),
    ],
)
def test_the_database_refuses_the_addition(project, rule, changes):
    row = addition(project)

    with refused_by(rule):
        copy(row, **changes)


@pytest.mark.parametrize("statement", REWRITES)
def test_additions_are_history(project, statement):
    addition(project)

    with refused_by("wallets_addition_append_only"):
        rewrite_all(statement, "wallets_addition", "number")


def test_only_what_is_held_grows(project):
    row = addition(project).funding

    with refused_by("wallets_milestone_funding_grows_only_while_held"):
        rewrite(row, "status = 'missed'")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wallets_addition SET amount_minor = 1",
        "DELETE FROM wallets_addition",
        "UPDATE wallets_milestonefunding SET added_minor = 33 WHERE added_minor > 0",
        "UPDATE wallets_journal SET about_id = 0 WHERE kind = 'addition'",
    ],
)
def test_an_addition_that_the_ledger_does_not_know_is_seen(project, statement):
    addition(project)

    corrupt(statement)

    assert "additions_are_in_the_ledger" in fired()


def test_payments_stay_what_they_were(project):
    addition(project)

    assert list(Payment.objects.values_list("purpose", "outcome")) == [("funding", "exact")]
