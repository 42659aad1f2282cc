"""Giving held money back: exact money, what is agreed afterwards, and what is refused."""

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from gigs.exceptions import GiveBackTooLate, NothingHeld
from gigs.models import Amendment, Project
from gigs.services import GivenUp, milestone_start
from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    fund,
    held_project,
    milestone_of,
    run_jobs,
    submitted_milestone,
)
from tests.factories import AT
from tests.parties import buyer, seller
from tests.rules import REWRITES, assert_refused, copy, refused_by, rewrite_all
from tests.wallets.paying import legs, traces
from tests.wallets.test_integrity import corrupt, fired
from wallets import integrity
from wallets.enums import ReleaseCause
from wallets.models import Journal, MilestoneFunding, Release
from wallets.selectors import credit_balance, wallet_balances
from wallets.services import CREDIT, funding_begin, funds_give_back, give_back_preview
from wallets.services.releases import funds_release

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    made = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(made)
    return made


def usd(text: str) -> Money:
    return Money(text, "USD")


def give(project: Project, position: int = 1, **changes):
    values = {
        "milestone_id": milestone_of(project, position).pk,
        "by": project.freelancer,
        "at": AT,
    }
    return funds_give_back(**{**values, **changes})


def everything() -> dict[str, object]:
    return {
        **traces(),
        "fundings": sorted(MilestoneFunding.objects.values_list("pk", "returned_minor", "status")),
        "agreed": sorted(Project.objects.values_list("pk", "agreed_minor")),
        "amendments": Amendment.objects.count(),
        "releases": Release.objects.count(),
    }


def test_all_of_it_becomes_credit_and_the_milestone_is_cancelled(project, commissioner):
    returned = give(project)

    milestone = milestone_of(project)
    assert (returned.amount, milestone.status) == (usd("3333.34"), "cancelled")
    assert (milestone.amount, milestone.cancelled_at) == (usd("3333.34"), AT)
    assert legs()[-2:] == [
        (f"milestone:{milestone.pk}", "held", -333_334),
        (f"user:{commissioner.pk}", "credit", 333_334),
    ]
    journal = Journal.objects.latest("pk")
    assert (journal.kind, journal.key) == ("release", f"release:{milestone.public_id}:1")
    project.refresh_from_db()
    assert (project.agreed_minor, project.status) == (666_666, "active")
    funding = MilestoneFunding.objects.get(milestone=milestone)
    assert (funding.returned_minor, funding.status) == (333_334, "returned")
    assert not Amendment.objects.exists()
    assert AuditEvent.objects.get(event="funds.released").journal_key == journal.key
    cancelled = AuditEvent.objects.get(event="milestone.cancelled")
    assert (cancelled.before, cancelled.after["agreed_minor"]) == (
        {"status": "funded", "agreed_minor": 1_000_000},
        666_666,
    )
    mail = Job.objects.get(payload__template="money_given_back")
    assert mail.payload["to"] == commissioner.email
    assert mail.payload["context"]["fate"] == "is cancelled"
    assert integrity.differences() == []


def test_a_part_lowers_the_price(project):
    returned = give(project, amount=usd("333.34"))

    milestone = milestone_of(project)
    assert (returned.amount, milestone.amount) == (usd("333.34"), usd("3000.00"))
    assert milestone.status == "funded"
    amendment = Amendment.objects.get()
    assert (amendment.before, amendment.after, amendment.reason) == (
        usd("3333.34"),
        usd("3000.00"),
        "given_back",
    )
    project.refresh_from_db()
    assert project.agreed_minor == 966_666
    assert credit_balance(project.commissioner_id, "USD") == usd("333.34")
    assert integrity.differences() == []


def test_what_is_left_is_paid_on_approval(project, freelancer):
    give(project, amount=usd("1000.00"))
    give(project, amount=usd("333.34"))

    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")

    assert (Invoice.objects.get().total, Invoice.objects.get().status) == (usd("2000.00"), "paid")
    [balance] = wallet_balances(freelancer.pk)
    assert balance.available == 190_000
    assert [release.number for release in Release.objects.order_by("pk")] == [1, 2]
    assert integrity.differences() == []


def test_the_whole_price_is_all_of_it(project):
    give(project, amount=usd("3333.34"))

    assert milestone_of(project).status == "cancelled"


def test_what_was_left_after_a_part_can_go_back_too(project):
    give(project, amount=usd("333.34"))

    returned = give(project)

    assert returned.amount == usd("3000.00")
    assert credit_balance(project.commissioner_id, "USD") == usd("3333.34")
    project.refresh_from_db()
    assert project.agreed_minor == 666_666
    assert integrity.differences() == []


def started(project):
    milestone_start(milestone_id=milestone_of(project).pk, by=project.freelancer, at=AT)


@pytest.mark.parametrize("prepare", [started, submitted_milestone])
def test_money_goes_back_while_work_is_under_way(project, prepare):
    prepare(project)

    give(project)

    milestone = milestone_of(project)
    assert (milestone.status, milestone.review_ends_at) == ("cancelled", None)
    assert integrity.differences() == []


def test_the_last_one_completes_the_project(project):
    for position in (1, 2):
        approved_milestone(project, position=position)
    run_jobs("milestone.approved", "invoice.issued")

    give(project, 3)

    project.refresh_from_db()
    assert (project.status, project.agreed_minor, project.invoiced_minor) == (
        "completed",
        666_667,
        666_667,
    )
    assert integrity.differences() == []


def test_a_project_of_which_everything_went_back_is_completed(project, client_for):
    for position in (1, 2, 3):
        give(project, position)

    project.refresh_from_db()
    assert (project.status, project.agreed_minor) == ("completed", 0)
    assert integrity.differences() == []
    page = client_for(project.freelancer).get(f"/projects/{project.public_id}/").content.decode()
    assert "Every milestone is settled or cancelled" in page


def test_what_came_from_credit_is_credit_again(project):
    give(project)
    other = held_project(
        commissioner=project.commissioner, freelancer=project.freelancer, title="Other"
    )
    funding_begin(
        project_id=other.pk,
        milestone_ids=[milestone_of(other).pk],
        method=CREDIT,
        by=other.commissioner,
        at=AT,
    )
    assert credit_balance(project.commissioner_id, "USD") == usd("0.00")

    give(other)

    assert credit_balance(project.commissioner_id, "USD") == usd("3333.34")
    assert integrity.differences() == []


TAXED = [
    ("0.03", "0.01", "0.02"),
    ("1000.00", "333.33", "396.66"),
    ("1000.00", "999.99", "1189.99"),
]


def taxed(budget: str) -> Project:
    project = held_project(
        commissioner=buyer(), freelancer=seller(), budget=budget, currency="EUR", tasks=1
    )
    fund(project)
    return project


@pytest.mark.parametrize(("price", "part", "returned"), TAXED)
def test_the_tax_goes_back_with_its_part_to_the_cent(price, part, returned):
    project = taxed(price)

    assert give(project, amount=Money(part, "EUR")).amount == Money(returned, "EUR")

    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")
    assert Invoice.objects.get().status == "paid"
    assert credit_balance(project.commissioner_id, "EUR") == Money(returned, "EUR")
    assert integrity.differences() == []


def test_under_another_tax_than_was_set_aside_the_share_goes_back(monkeypatch):
    project = taxed("1000.00")
    monkeypatch.setattr("invoicing.services.issuing.tax_on", lambda rate, price: price)

    returned = give(project, amount=Money("333.33", "EUR"))

    assert returned.amount == Money("396.66", "EUR")
    assert integrity.differences() == []


def test_a_preview_says_what_would_happen_and_changes_nothing(project):
    before = everything()

    preview = give_back_preview(milestone_id=milestone_of(project).pk, by=project.freelancer, at=AT)

    assert (preview.returned, preview.held_after, preview.agreed_after) == (
        usd("3333.34"),
        usd("6666.66"),
        usd("6666.66"),
    )
    assert (preview.milestone.status, preview.completes_project) == ("cancelled", False)
    assert everything() == before


def on_invoice(project):
    return active_project(freelancer=project.freelancer, title="Other")


def unfunded(project):
    return held_project(freelancer=project.freelancer, title="Other")


def given_back(project):
    give(project)
    return project


def approved(project):
    approved_milestone(project)
    return project


def settled(project):
    approved(project)
    run_jobs("milestone.approved", "invoice.issued")
    return project


@pytest.mark.parametrize(
    ("reach", "refusal"),
    [
        (on_invoice, NothingHeld),
        (unfunded, NothingHeld),
        (given_back, NothingHeld),
        (approved, GiveBackTooLate),
        (settled, GiveBackTooLate),
    ],
)
def test_it_is_refused_where_nothing_is_held_any_more(project, reach, refusal):
    about = reach(project)
    before = everything()

    with pytest.raises(refusal):
        give(about)
    assert everything() == before


def test_what_went_back_meanwhile_is_not_released_again(project):
    """Who agreed to a price before another gave the money back moves nothing."""
    milestone = milestone_of(project)
    given = GivenUp(milestone, before=333_334, after=0)
    give(project)
    before = everything()

    with pytest.raises(NothingHeld):
        funds_release(given, cause=ReleaseCause.REFUND_AGREED, by=project.freelancer, at=AT)
    assert everything() == before


@pytest.mark.parametrize("amount", [usd("3333.35"), Money("1.00", "EUR")])
def test_it_is_a_part_of_the_price(project, amount):
    before = everything()

    with pytest.raises(Invalid) as refusal:
        give(project, amount=amount)
    assert refusal.value.errors[0].field == "amount"
    assert everything() == before


@pytest.mark.parametrize("who", ["commissioner", "stranger", "staff"])
def test_nobody_else_gives_it_back(project, request, who):
    other = request.getfixturevalue(who)
    before = everything()

    with pytest.raises(PermissionRefused):
        give(project, by=other)
    assert everything() == before


def funding(project) -> MilestoneFunding:
    return MilestoneFunding.objects.get(milestone=milestone_of(project))


@pytest.mark.parametrize(
    ("rule", "row", "changes"),
    [
        ("wallets_milestone_funding_returned_fits_status", funding, "returned_minor = -1"),
        ("wallets_milestone_funding_returned_fits_status", funding, "returned_minor = 333334"),
        ("wallets_milestone_funding_returned_fits_status", funding, "status = 'returned'"),
        ("gigs_milestone_cancelled_at_iff_cancelled", milestone_of, "cancelled_at = now()"),
        ("gigs_milestone_cancelled_at_iff_cancelled", milestone_of, "status = 'cancelled'"),
    ],
)
def test_the_database_refuses_the_change(project, rule, row, changes):
    assert_refused(rule, row(project), changes)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_release_number_unique", {}),
        ("wallets_release_cause_valid", {"number": "2", "cause": "'whim'", "by_id": "NULL"}),
        ("wallets_release_amount_positive", {"number": "2", "amount_minor": "0"}),
    ],
)
def test_the_database_refuses_the_release(project, rule, changes):
    release = give(project, amount=usd("1.00")).release

    with refused_by(rule):
        copy(release, **changes)


@pytest.mark.parametrize("statement", REWRITES)
def test_releases_are_history(project, statement):
    give(project)

    with refused_by("wallets_release_append_only"):
        rewrite_all(statement, "wallets_release", "number")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wallets_release SET amount_minor = 1",
        "UPDATE wallets_release SET number = 7",
        "DELETE FROM wallets_release",
        "UPDATE wallets_milestonefunding SET returned_minor = 33 WHERE returned_minor > 0",
    ],
)
def test_a_release_that_the_ledger_does_not_know_is_seen(project, statement):
    give(project, amount=usd("333.34"))

    corrupt(statement)

    assert "releases_are_in_the_ledger" in fired()


def test_a_release_for_an_invoice_that_was_not_credited_is_seen(project):
    give(project)

    corrupt("UPDATE wallets_release SET cause = 'credited'")

    assert "releases_are_in_the_ledger" in fired()
