"""What money that arrived does: it pays its invoice, funds its milestones or becomes credit.

What is too much, too late or for something that was paid already is the payer's credit, and so is
what is too little to pay an invoice. Each payment is one balanced journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import F

from accounts import audit
from accounts.services.mail import Mail, Page, Values, mail_enqueue, mail_enqueue_many
from common.failpoints import failpoint
from common.money import from_minor
from gigs.enums import MilestoneStatus
from gigs.models import Project
from gigs.services import milestones_fund
from invoicing.enums import PAYABLE
from wallets import ledger
from wallets.enums import (
    AccountKind,
    FundingStatus,
    JournalKind,
    PaymentOutcome,
    PaymentPurpose,
    PaymentStatus,
)
from wallets.ledger import AccountSpec, JournalDraft, Leg, Posted
from wallets.models import MilestoneFunding, Payment
from wallets.models.payments import PAYING
from wallets.services.held import wake_waiting
from wallets.services.settlement import (
    Due,
    Locked,
    credit_of,
    finish,
    settle,
    settlement_key,
    source_of,
)

REASONS: Final = {
    PaymentOutcome.EXACT: "You topped up your credit.",
    PaymentOutcome.OVER: "More arrived than was asked for.",
    PaymentOutcome.SHORT: "Less arrived than was asked for.",
    PaymentOutcome.LATE: "It arrived when what it was for could no longer be funded.",
    PaymentOutcome.DOUBLE: "The invoice had been paid already.",
}


@dataclass(slots=True)
class Arrival:
    """A locked payment whose money arrived, what it pays, and what of it becomes credit."""

    payment: Payment
    received: int
    due: Due | None = None
    held: list[MilestoneFunding] = field(default_factory=list)
    missed: list[MilestoneFunding] = field(default_factory=list)
    outcome: PaymentOutcome = PaymentOutcome.EXACT
    credit: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it is a settlement of three legs, such as there are many at once."""
        return self.due is not None and self.outcome == PaymentOutcome.EXACT

    @property
    def is_paying(self) -> bool:
        return self.due is not None and self.outcome in PAYING


def receive(*, locked: Locked, received: dict[int, int], at: datetime) -> None:
    """Post the money of locked payments that succeeded, and do what follows from it.

    `received` is what arrived, by payment id. A payment that was written as succeeded in this
    transaction stays so. All or nothing. InsufficientFunds from credit.
    """
    arrivals = [
        _arrival(locked, payment, received[payment.pk])
        for payment in locked.payments
        if payment.pk in received
    ]
    for arrival in arrivals:
        payment = arrival.payment
        if payment.status != PaymentStatus.SUCCEEDED:
            payment.move_to(PaymentStatus.SUCCEEDED)
        payment.ended_at, payment.outcome = at, arrival.outcome
        payment.received_minor = arrival.received
    _save(arrivals, at=at)
    paying = [arrival.due for arrival in arrivals if arrival.is_paying and arrival.due]
    if all(arrival.is_plain for arrival in arrivals):
        settle(dues=paying, at=at)
        return
    posted = dict(zip((a.payment.pk for a in arrivals), _post(arrivals), strict=True))
    if paying:
        finish(dues=paying, at=at)
    others = [arrival for arrival in arrivals if not arrival.is_paying]
    failpoint("fund.posted")
    _note_funded(others, at=at)
    failpoint("fund.noted")
    audit.record_many(
        [_record(arrival, posted[arrival.payment.pk]) for arrival in others], by=None, at=at
    )
    for arrival in arrivals:
        if arrival.credit:
            _tell_of_credit(arrival)
            wake_waiting(
                buyer_id=arrival.payment.payer_id,
                currency=arrival.payment.currency,
                key=arrival.payment.public_id,
            )


def _save(arrivals: Sequence[Arrival], *, at: datetime) -> None:
    exact = [a.payment.pk for a in arrivals if a.outcome == PaymentOutcome.EXACT]
    Payment.objects.among(exact).update(
        status=PaymentStatus.SUCCEEDED,
        ended_at=at,
        outcome=PaymentOutcome.EXACT,
        received_minor=F("amount_minor"),
    )
    if others := [a.payment for a in arrivals if a.outcome != PaymentOutcome.EXACT]:
        Payment.objects.bulk_update(others, ["status", "ended_at", "outcome", "received_minor"])


def _arrival(locked: Locked, payment: Payment, received: int) -> Arrival:
    arrival = Arrival(payment, received)
    match payment.purpose:
        case PaymentPurpose.INVOICE:
            _pay(arrival, locked.dues[payment.pk])
        case PaymentPurpose.FUNDING:
            _fund(arrival, locked.fundings[payment.pk])
        case _:
            arrival.outcome, arrival.credit = _compared(arrival), received
    return arrival


def _pay(arrival: Arrival, due: Due) -> None:
    arrival.due = due
    arrival.outcome = _compared(arrival)
    if due.bill.invoice.status not in PAYABLE:
        arrival.outcome = PaymentOutcome.DOUBLE
    arrival.credit = arrival.received - (due.bill.total if arrival.outcome in PAYING else 0)


def _fund(arrival: Arrival, fundings: Sequence[MilestoneFunding]) -> None:
    """Fund in the milestones' order while the money lasts; those that are not planned miss."""
    left = arrival.received
    are_planned = True
    for funding in fundings:
        is_planned = funding.milestone.status == MilestoneStatus.PLANNED
        are_planned = are_planned and is_planned
        if is_planned and funding.amount_minor <= left:
            left -= funding.amount_minor
            arrival.held.append(funding)
        else:
            arrival.missed.append(funding)
    arrival.credit = left
    arrival.outcome = _compared(arrival) if are_planned else PaymentOutcome.LATE


def _compared(arrival: Arrival) -> PaymentOutcome:
    asked = arrival.payment.amount_minor
    if arrival.received == asked:
        return PaymentOutcome.EXACT
    return PaymentOutcome.OVER if arrival.received > asked else PaymentOutcome.SHORT


SpecLeg = tuple[AccountSpec, int, int]


def _post(arrivals: Sequence[Arrival]) -> list[Posted]:
    legs = [_legs(arrival) for arrival in arrivals]
    ids = ledger.open_accounts(sorted({spec for rows in legs for spec, _, _ in rows}))
    return ledger.post_many(
        [
            _draft(arrival, tuple(Leg(ids[spec], amount, life) for spec, amount, life in rows))
            for arrival, rows in zip(arrivals, legs, strict=True)
        ]
    )


def _legs(arrival: Arrival) -> list[SpecLeg]:
    """Account, amount and lifetime earnings of each leg."""
    payment, due = arrival.payment, arrival.due
    rows: list[SpecLeg] = [(source_of(payment), -arrival.received, 0)]
    if due is not None and arrival.is_paying:
        _, available, fees = due.accounts
        rows.append((available, due.bill.net, due.bill.net - due.bill.tax))
        rows.append((fees, due.bill.fee, 0))
    for funding in arrival.held:
        owner = f"milestone:{funding.milestone_id}"
        spec = AccountSpec(owner, AccountKind.HELD, payment.currency)
        rows.append((spec, funding.amount_minor, 0))
    rows.append((credit_of(payment), arrival.credit, 0))
    return [row for row in rows if row[1]]


def _draft(arrival: Arrival, legs: tuple[Leg, ...]) -> JournalDraft:
    payment = arrival.payment
    if arrival.is_paying and arrival.due is not None:
        bill = arrival.due.bill
        key = settlement_key(bill)
        return JournalDraft(JournalKind.SETTLEMENT, key, "invoice", bill.invoice.pk, legs)
    if arrival.held:
        key = f"fund:{payment.public_id}"
        return JournalDraft(JournalKind.FUNDING, key, "payment", payment.pk, legs)
    key = f"receive:{payment.public_id}"
    return JournalDraft(JournalKind.TOP_UP, key, "payment", payment.pk, legs)


def _note_funded(arrivals: Sequence[Arrival], *, at: datetime) -> None:
    held = [funding for arrival in arrivals for funding in arrival.held]
    missed = [funding.pk for arrival in arrivals for funding in arrival.missed]
    if missed:
        MilestoneFunding.objects.filter(pk__in=missed).update(status=FundingStatus.MISSED)
    if not held:
        return
    MilestoneFunding.objects.filter(pk__in=[funding.pk for funding in held]).update(
        status=FundingStatus.HELD
    )
    milestones_fund(milestone_ids=[funding.milestone_id for funding in held], at=at)
    projects = Project.objects.select_related("freelancer", "commissioner").in_bulk(
        {funding.milestone.project_id for funding in held}
    )
    mail_enqueue_many(
        Mail.MILESTONES_FUNDED,
        [
            (project.freelancer, arrival.payment.public_id, _words(arrival, project))
            for arrival in arrivals
            if arrival.held
            for project in [projects[arrival.held[0].milestone.project_id]]
        ],
    )


def _words(arrival: Arrival, project: Project) -> Values:
    total = sum(funding.amount_minor for funding in arrival.held)
    return {
        "project": project.title,
        "commissioner": project.commissioner.name,
        "milestones": ", ".join(f"“{funding.milestone.title}”" for funding in arrival.held),
        "amount": from_minor(total, arrival.payment.currency),
        "path": Page("projects:detail", (project.public_id,)),
    }


def _record(arrival: Arrival, journal: Posted) -> audit.Record:
    return audit.Record(
        event="payment.received",
        target=arrival.payment,
        before={"status": PaymentStatus.PROCESSING},
        after={
            "status": arrival.payment.status,
            "source": arrival.payment.provider,
            "outcome": arrival.outcome,
            "received": arrival.received,
            "held": sum(funding.amount_minor for funding in arrival.held),
            "credit": arrival.credit,
            "currency": arrival.payment.currency,
        },
        journal_key=journal.key,
    )


def _tell_of_credit(arrival: Arrival) -> None:
    payment = arrival.payment
    mail_enqueue(
        Mail.CREDIT_ADDED,
        to=payment.payer,
        key=payment.public_id,
        context={
            "amount": from_minor(arrival.credit, payment.currency),
            "reason": REASONS[arrival.outcome],
            "path": Page("wallets:payment", (payment.public_id,)),
        },
    )
