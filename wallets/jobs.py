"""What follows from an approval and from an invoice, payments that nobody finished, and withdrawals on their way."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from common.exceptions import DomainError
from gigs.services.milestones import APPROVED
from gigs.services.refunds import ENDED as REFUND_ENDED
from invoicing.services import ISSUED
from outbox import registry
from outbox.models import Job
from wallets import services
from wallets.enums import (
    OPEN_TAKE_BACKS,
    PayoutResult,
    Rail,
    VerificationMode,
    WithdrawalStatus,
)
from wallets.models import Payment, TakeBack, Withdrawal
from wallets.models.payments import IN_FLIGHT
from wallets.providers import Answer, ProviderTimeout, payout_provider_of
from wallets.services.anchors import ANCHOR, anchor_draft, anchor_keep, anchors_publish
from wallets.services.automatic import AUTOMATIC
from wallets.services.bank_statements import MATCH
from wallets.services.clearing import CLEARING
from wallets.services.credit import RESOLVE as TAKE_BACK
from wallets.services.fee_billing import BILL, fees_bill, month_bill
from wallets.services.payments import RESOLVE
from wallets.services.verification import (
    VERIFY,
    VERIFY_RECENT,
    verification_keep,
    verification_prove,
)
from wallets.services.withdrawal_sending import COMPARE, SAYS_PAID
from wallets.services.withdrawal_sending import RESOLVE as RESOLVE_WITHDRAWAL
from wallets.services.withdrawals import SEND

ASKING_SECONDS = 10.0
SILENCE: Final = ProviderTimeout("the provider gave no answer yet")
NO_END: Final = ProviderTimeout("the provider has not said yet how it ended")


@dataclass(slots=True)
class Asked:
    """What the provider said of payments, by id; one that is in neither was not asked about."""

    answers: dict[int, Answer | None] = field(default_factory=dict)
    failed: dict[int, Exception] = field(default_factory=dict)


def bill(jobs: Sequence[Job]) -> None:
    """Issue the invoices of approved milestones, and pay those whose money is held."""
    services.milestones_bill(
        milestone_ids=[job.payload["milestone"] for job in jobs], at=timezone.now()
    )


def pay(jobs: Sequence[Job]) -> registry.Settle:
    """Pay invoices from held funds, or with the stored method where the project says so."""
    by_invoice = {job.payload["invoice"]: job.pk for job in jobs}
    services.held_settle(invoice_ids=list(by_invoice), at=timezone.now())
    payments = services.automatic_begin(invoice_ids=list(by_invoice), at=timezone.now())
    asked = _ask(payments)

    def conclude() -> registry.Left:
        services.automatic_conclude(answers=asked.answers, at=timezone.now())
        return _left({payment.pk: by_invoice[payment.invoice_id] for payment in payments}, asked)

    return conclude


def resolve(jobs: Sequence[Job]) -> registry.Settle:
    """Finish payments whose request ended before the provider's answer was known.

    Without an answer the attempt fails: the next one comes later, and in the end a person looks.
    """
    by_payment = {job.payload["payment"]: job.pk for job in jobs}
    pending = Payment.objects.among(by_payment).filter(status__in=IN_FLIGHT)
    payments = list(pending.order_by("pk"))
    asked = _ask(payments)
    for pk in [pk for pk, answer in asked.answers.items() if answer is None]:
        del asked.answers[pk]
        asked.failed[pk] = SILENCE

    def conclude() -> registry.Left:
        services.automatic_conclude(answers=asked.answers, at=timezone.now())
        return _left({payment.pk: by_payment[payment.pk] for payment in payments}, asked)

    return conclude


def begin_sending(jobs: Sequence[Job]) -> list[registry.Question]:
    """Claim approved withdrawals, each of which the provider is then asked to pay."""
    wanted = [job.payload["withdrawal"] for job in jobs]
    return _about(services.withdrawals_claim(withdrawal_ids=wanted, at=timezone.now()), jobs)


def conclude_sending(told: Sequence[registry.Question]) -> registry.Left:
    """Act on the provider's word; where there is none, the withdrawal is uncertain."""
    _conclude([one for one in told if one.error is None], at=timezone.now())
    return registry.Left(failed=_failed(told))


def begin_resolving(jobs: Sequence[Job]) -> list[registry.Question]:
    """The withdrawals of which the provider's book has to say how they ended.

    An event that says what is known here, as most do, is no reason to ask.
    """
    rows = Withdrawal.objects.among(job.payload["withdrawal"] for job in jobs)
    open_rows = rows.filter(frozen_at__isnull=True).select_related("method").order_by("pk")
    news = {job.payload["withdrawal"] for job in jobs if job.payload.get("says") != SAYS_PAID}
    waiting = [row for row in open_rows if row.pk in news or row.status != WithdrawalStatus.PAID]
    return _about(waiting, jobs)


def conclude_resolving(told: Sequence[registry.Question]) -> registry.Left:
    """Act on what the book says. Those without an end are asked about again, and after a quarter of
    an hour each time is a failed attempt: in the end a person looks.
    """
    at = timezone.now()
    _conclude([one for one in told if one.error is None and _has_end(one)], at=at)
    failed = _failed(told)
    again: dict[int, timedelta] = {}
    for one in told:
        if one.error is None and not _has_end(one):
            pause = services.withdrawal_poll_pause(one.about, at=at)
            for job in one.jobs:
                if pause is None:
                    failed[job.pk] = NO_END
                else:
                    again[job.pk] = pause
    return registry.Left(again=again, failed=failed)


def _conclude(told: Sequence[registry.Question], *, at: datetime) -> None:
    """All at once; but two about the same withdrawal in their order, the second after the first."""
    rounds: list[dict[int, registry.Question]] = []
    for one in told:
        questions = next((each for each in rounds if one.about.pk not in each), None)
        if questions is None:
            rounds.append(questions := {})
        questions[one.about.pk] = one
    for questions in rounds:
        services.withdrawals_conclude(
            answers={pk: one.answer for pk, one in questions.items()},
            asked={pk: one.about.status for pk, one in questions.items()},
            at=at,
        )


def _about(withdrawals: Sequence[Withdrawal], jobs: Sequence[Job]) -> list[registry.Question]:
    """A question about each, for the jobs that name it."""
    wanting: dict[int, list[Job]] = {}
    for job in jobs:
        wanting.setdefault(job.payload["withdrawal"], []).append(job)
    return [registry.Question(one, wanting[one.pk]) for one in withdrawals]


def _failed(told: Sequence[registry.Question]) -> dict[int, Exception]:
    return {job.pk: one.error for one in told if one.error for job in one.jobs}


def _has_end(one: registry.Question) -> bool:
    return one.answer is not None and one.answer.result != PayoutResult.PENDING


def compare_withdrawals(jobs: Sequence[Job]) -> registry.Settle:
    """Look through the provider's book for what came back and was not heard of."""
    if not settings.SANDBOX_PAYOUT_URL:
        return _nothing
    book = payout_provider_of(Rail.SANDBOX).book()

    def conclude() -> None:
        services.withdrawals_compare(book=book)

    return conclude


def _nothing() -> None:
    """What there is left to do where nothing was asked."""


def _ask(payments: Sequence[Payment]) -> Asked:
    """The provider's answers within the time that a lease allows; the rest is asked later.

    A provider that is switched off, or that knows the method no more, says nothing about money
    that it may have moved before: that payment fails alone, and is asked about again.
    """
    asked = Asked()
    deadline = time.monotonic() + ASKING_SECONDS
    for payment in payments:
        if asked.answers and time.monotonic() > deadline:
            break
        try:
            asked.answers[payment.pk] = services.payment_ask(payment)
        except DomainError as refusal:
            asked.failed[payment.pk] = refusal
    return asked


def _left(jobs: Mapping[int, int], asked: Asked) -> registry.Left:
    """What of these jobs, by payment, did not end: not reached, or no answer to be had."""
    return registry.Left(
        later=[jobs[pk] for pk in jobs.keys() - asked.answers.keys() - asked.failed.keys()],
        failed={jobs[pk]: error for pk, error in asked.failed.items()},
    )


def clear(jobs: Sequence[Job]) -> None:
    """Make available what has waited long enough, many at once."""
    services.clearings_finish(
        invoice_ids=[job.payload["invoice"] for job in jobs],
        at=max(timezone.now(), *(job.due_at for job in jobs)),
    )


def resolve_take_back(jobs: Sequence[Job]) -> registry.Settle:
    """Finish a take-back whose request ended before the provider's answer was known."""
    taken = TakeBack.objects.select_related("payment").get(pk=jobs[0].payload["take_back"])
    if taken.status not in OPEN_TAKE_BACKS:
        return _nothing
    try:
        answer = services.take_back_ask(taken)
    except DomainError as refusal:
        return _all_failed(jobs, refusal)
    if answer is None:
        return _all_failed(jobs, SILENCE)

    def conclude() -> None:
        services.take_back_conclude(take_back_id=taken.pk, answer=answer, at=timezone.now())

    return conclude


def _all_failed(jobs: Sequence[Job], error: Exception) -> registry.Settle:
    return lambda: registry.Left(failed={job.pk: error for job in jobs})


def match_bank_line(jobs: Sequence[Job]) -> None:
    """Say what one line of the bank's statement is."""
    payload = jobs[0].payload
    services.bank_line_match(
        line_id=payload["line"], withdrawal_id=payload.get("withdrawal"), at=timezone.now()
    )


def end_refund(jobs: Sequence[Job]) -> None:
    """Give held money back that was asked for, and nobody answered."""
    for job in jobs:
        services.refund_conclude(
            request_id=job.payload["request"], at=max(timezone.now(), job.due_at)
        )


def verify(jobs: Sequence[Job]) -> registry.Settle:
    """Prove the books once, for however many asked."""
    return _proved(VerificationMode.FULL)


def verify_recent(jobs: Sequence[Job]) -> registry.Settle:
    """Prove what was written since the last green run."""
    return _proved(VerificationMode.RECENT)


def _proved(wanted: VerificationMode) -> registry.Settle:
    started_at = timezone.now()
    mode, proof = verification_prove(wanted)

    def conclude() -> None:
        verification_keep(mode=mode, proof=proof, started_at=started_at, at=timezone.now())

    return conclude


def anchor(jobs: Sequence[Job]) -> registry.Settle:
    """Sign what all chains are now; nothing when none grew since the last time."""
    anchors_publish()
    draft = anchor_draft()

    def conclude() -> None:
        if draft is not None:
            anchor_keep(draft)

    return conclude


def bill_fees(jobs: Sequence[Job]) -> registry.Settle:
    """Bill the platform's fees of months that are over, each few hundred in a transaction.

    A job may be about one month, of which something is left.
    """
    month = jobs[0].payload.get("month")
    if month is None:
        fees_bill(at=timezone.now())
    else:
        month_bill(month=date.fromisoformat(month), at=timezone.now())
    return _nothing


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(APPROVED, bill, lane="money", batch=1000)
    registry.register(ISSUED, pay, kind="outside", lane="money", batch=1000)
    registry.register(AUTOMATIC, pay, kind="outside", lane="money")
    registry.register(RESOLVE, resolve, kind="outside", lane="money", batch=50)
    registry.register(ANCHOR, anchor, kind="outside", lane="long")
    registry.register(CLEARING, clear, lane="money")
    registry.register(MATCH, match_bank_line, lane="money", batch=1)
    registry.register(TAKE_BACK, resolve_take_back, kind="outside", lane="money", batch=1)
    registry.register(REFUND_ENDED, end_refund, lane="money", batch=1)
    registry.register(VERIFY, verify, kind="outside", lane="long")
    registry.register(VERIFY_RECENT, verify_recent, kind="outside", lane="long")
    registry.register(COMPARE, compare_withdrawals, kind="outside", lane="payouts")
    sending = registry.Asking(
        begin_sending, lambda one: services.withdrawal_send(one), conclude_sending
    )
    resolving = registry.Asking(
        begin_resolving, lambda one: services.withdrawal_look(one), conclude_resolving
    )
    registry.register(SEND, sending, lane="payouts", batch=100)
    registry.register(RESOLVE_WITHDRAWAL, resolving, lane="payouts", batch=100)
    registry.register(BILL, bill_fees, kind="outside", lane="long", batch=1)
