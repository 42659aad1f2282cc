"""Funding and settling held funds twenty times at once."""

from functools import partial

import pytest

from invoicing.models import Invoice
from tests.builders import SANDBOX_OK, fund, held_project, milestone_of, sent_invoice
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values
from wallets import integrity
from wallets.models import Journal, Payment, SandboxCharge
from wallets.selectors import wallet_balances
from wallets.services import funding_begin, held_settle, payment_ask, payment_conclude

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def fund_once(project, milestone_ids) -> Payment:
    """What a request does."""
    payment = funding_begin(
        project_id=project.pk,
        milestone_ids=milestone_ids,
        method=SANDBOX_OK,
        by=project.commissioner,
        at=AT,
    )
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)


def fund_at_once() -> tuple[object, list[Outcome]]:
    """Half of the payments fund the first milestone, half all of them."""
    project = held_project()
    first = partial(fund_once, project, [milestone_of(project).pk])
    every = partial(fund_once, project, None)
    return project, at_once(*[first, every] * (TIMES // 2))


def assert_funded_once(project) -> None:
    charges = SandboxCharge.objects.filter(
        key__in=[payment.public_id for payment in project.payments.all()]
    )
    taken = sum(charge.amount_minor for charge in charges)
    funded = sum(
        part.amount_minor
        for payment in project.payments.all()
        for part in payment.fundings.filter(status="held")
    )
    assert taken == funded
    assert integrity.differences() == []


def test_each_milestone_is_funded_once():
    project, outcomes = fund_at_once()

    refusals = tally(outcomes)
    assert 1 <= refusals.pop("done") <= 2
    assert set(refusals) <= {
        "PaymentInProgress",
        "MilestoneTransitionRefused",
        "NothingToFund",
    }
    assert not any(outcome.was_stopped_by_the_database for outcome in outcomes)
    assert_funded_once(project)


def test_funding_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        project, outcomes = fund_at_once()
        assert_funded_once(project)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def settle_at_once() -> tuple[Invoice, list[Outcome]]:
    project = held_project()
    fund(project)
    invoice = sent_invoice(project)
    return invoice, at_once(*[partial(held_settle, invoice_ids=[invoice.pk], at=AT)] * TIMES)


def assert_credited_once(invoice: Invoice) -> None:
    invoice.refresh_from_db()
    assert invoice.status == "paid"
    [balance] = wallet_balances(invoice.seller_id)
    assert balance.available == 316_667
    assert Journal.objects.filter(key=f"settle:{invoice.public_id}").count() == 1
    assert integrity.differences() == []


def test_held_funds_pay_once():
    invoice, outcomes = settle_at_once()

    assert tally(outcomes) == {"done": TIMES}
    assert [value for value in values(outcomes) if value] == [[invoice.pk]]
    assert_credited_once(invoice)


def test_held_funds_without_locks_are_kept_by_the_database():
    def attempt() -> bool:
        invoice, outcomes = settle_at_once()
        assert_credited_once(invoice)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)
