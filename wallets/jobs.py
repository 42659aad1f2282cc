"""What follows from an approval and from an invoice, payments that nobody finished, and withdrawals on their way."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.utils import timezone

from common.exceptions import DomainError
from gigs.services.milestones import APPROVED
from gigs.services.refunds import ENDED as REFUND_ENDED
from invoicing.services import ISSUED
from outbox import registry
from outbox.models import Job
from outbox.rounds import Round, ask_all
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
from wallets.providers import Answer, PayoutAnswer, ProviderTimeout, payout_provider_of
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
NO_PAUSES: Final[Mapping[int, timedelta]] = {}
NO_END: Final = ProviderTimeout("the provider has not said yet how it ended")


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


def send_withdrawals(jobs: Sequence[Job]) -> registry.Settle:
    """Send approved withdrawals, several at once, and act on the provider's word about each."""
    wanted = [job.payload["withdrawal"] for job in jobs]
    claimed = services.withdrawals_claim(withdrawal_ids=wanted, at=timezone.now())
    asked = ask_all({one.pk: one for one in claimed}, services.withdrawal_send)
    return partial(_conclude, jobs, asked, {one.pk for one in claimed})


def resolve_withdrawals(jobs: Sequence[Job]) -> registry.Settle:
    """Read from the provider's book how withdrawals ended.

    Those without an end are asked about again, and after a quarter of an hour each time is a failed
    attempt: in the end a person looks. An event that says what is known here, as most do, is no
    reason to ask.
    """
    rows = Withdrawal.objects.among(job.payload["withdrawal"] for job in jobs)
    open_rows = rows.filter(frozen_at__isnull=True).select_related("method").order_by("pk")
    news = {job.payload["withdrawal"] for job in jobs if job.payload.get("says") != SAYS_PAID}
    waiting = [row for row in open_rows if row.pk in news or row.status != WithdrawalStatus.PAID]
    asked = ask_all({one.pk: one for one in waiting}, services.withdrawal_look)
    vain = [one for one in waiting if one.pk in asked.answers and not _has_end(asked, one)]
    pauses: dict[int, timedelta] = {}
    for one in vain:
        del asked.answers[one.pk]
        pause = services.withdrawal_poll_pause(one, at=timezone.now())
        if pause is None:
            asked.failed[one.pk] = NO_END
        else:
            pauses[one.pk] = pause
    return partial(_conclude, jobs, asked, {one.pk for one in waiting}, pauses)


def _has_end(asked: Round[PayoutAnswer | None], withdrawal: Withdrawal) -> bool:
    answer = asked.answers[withdrawal.pk]
    return answer is not None and answer.result != PayoutResult.PENDING


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


def _conclude(
    jobs: Sequence[Job],
    asked: Round[PayoutAnswer | None],
    wanted: set[int],
    pauses: Mapping[int, timedelta] = NO_PAUSES,
) -> registry.Left:
    """Settle what was answered; what failed fails alone, and who was not reached comes again."""
    services.withdrawals_conclude(answers=asked.answers, at=timezone.now())
    unasked = wanted - asked.answers.keys() - asked.failed.keys() - pauses.keys()
    about = {job.pk: job.payload["withdrawal"] for job in jobs}
    return registry.Left(
        later=[pk for pk, withdrawal in about.items() if withdrawal in unasked],
        again={pk: pauses[withdrawal] for pk, withdrawal in about.items() if withdrawal in pauses},
        failed={
            pk: asked.failed[withdrawal]
            for pk, withdrawal in about.items()
            if withdrawal in asked.failed
        },
    )


def _ask(payments: Sequence[Payment]) -> Round[Answer | None]:
    """The provider's answers within the time that a lease allows; the rest is asked later.

    A provider that is switched off, or that knows the method no more, says nothing about money
    that it may have moved before: that payment fails alone, and is asked about again.
    """
    asked: Round[Answer | None] = Round()
    deadline = time.monotonic() + ASKING_SECONDS
    for payment in payments:
        if asked.answers and time.monotonic() > deadline:
            break
        try:
            asked.answers[payment.pk] = services.payment_ask(payment)
        except DomainError as refusal:
            asked.failed[payment.pk] = refusal
    return asked


def _left(jobs: Mapping[int, int], asked: Round[Answer | None]) -> registry.Left:
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
    registry.register(SEND, send_withdrawals, kind="outside", lane="payouts", batch=100)
    registry.register(
        RESOLVE_WITHDRAWAL, resolve_withdrawals, kind="outside", lane="payouts", batch=100
    )
    registry.register(BILL, bill_fees, kind="outside", lane="long", batch=1)
