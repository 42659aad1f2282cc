"""What follows from an approval and from an invoice, payments that nobody finished, and withdrawals on their way."""

import time
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.utils import timezone

from gigs.services.milestones import APPROVED
from gigs.services.refunds import ENDED as REFUND_ENDED
from invoicing.services import ISSUED
from outbox import registry
from outbox.models import Job
from wallets import services
from wallets.enums import OPEN_TAKE_BACKS, PayoutResult, Rail, VerificationMode
from wallets.models import Payment, TakeBack, Withdrawal
from wallets.models.payments import IN_FLIGHT
from wallets.providers import Answer, PayoutAnswer, ProviderTimeout, payout_provider_of
from wallets.services.anchors import ANCHOR, anchor_draft, anchor_keep, anchors_publish
from wallets.services.automatic import AUTOMATIC
from wallets.services.bank_statements import MATCH
from wallets.services.clearing import CLEARING
from wallets.services.credit import RESOLVE as TAKE_BACK
from wallets.services.fee_billing import BILL, fees_bill
from wallets.services.payments import RESOLVE
from wallets.services.verification import (
    VERIFY,
    VERIFY_RECENT,
    verification_keep,
    verification_prove,
)
from wallets.services.withdrawal_sending import COMPARE
from wallets.services.withdrawal_sending import RESOLVE as RESOLVE_WITHDRAWAL
from wallets.services.withdrawals import SEND

ASKING_SECONDS = 10.0


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
    answers = _ask(payments)

    def conclude() -> list[int]:
        services.automatic_conclude(answers=answers, at=timezone.now())
        return [by_invoice[payment.invoice_id] for payment in payments if payment.pk not in answers]

    return conclude


def resolve(jobs: Sequence[Job]) -> registry.Settle:
    """Finish payments whose request ended before the provider's answer was known.

    Without an answer the attempt fails: the next one comes later, and in the end a person looks.
    """
    pending = Payment.objects.filter(status__in=IN_FLIGHT)
    payments = list(pending.filter(pk__in=[job.payload["payment"] for job in jobs]).order_by("pk"))
    answers = _ask(payments)
    if None in answers.values():
        raise ProviderTimeout("the provider gave no answer yet")

    def conclude() -> None:
        services.automatic_conclude(answers=answers, at=timezone.now())

    return conclude


def send_withdrawal(jobs: Sequence[Job]) -> registry.Settle:
    """Send one approved withdrawal, and act on the provider's word about it."""
    withdrawal_id = jobs[0].payload["withdrawal"]
    withdrawal = services.withdrawal_claim(withdrawal_id=withdrawal_id, at=timezone.now())
    if withdrawal is None:
        return _nothing
    return partial(_conclude, withdrawal_id, services.withdrawal_send(withdrawal))


def resolve_withdrawal(jobs: Sequence[Job]) -> registry.Settle:
    """Read from the provider's book how one withdrawal ended.

    Without an end the attempt fails: the next one comes later, and in the end a person looks.
    """
    withdrawal = Withdrawal.objects.select_related("method").get(pk=jobs[0].payload["withdrawal"])
    if withdrawal.frozen_at is not None:
        return _nothing
    answer = services.withdrawal_look(withdrawal)
    if answer is None or answer.result == PayoutResult.PENDING:
        raise ProviderTimeout("the provider has not said yet how it ended")
    return partial(_conclude, withdrawal.pk, answer)


def compare_withdrawals(jobs: Sequence[Job]) -> registry.Settle:
    """Look through the provider's book for what came back and was not heard of."""
    if not settings.SANDBOX_PAYOUT_URL:
        return _nothing
    book = payout_provider_of(Rail.SANDBOX).book()

    def conclude() -> None:
        services.withdrawals_compare(book=book)

    return conclude


def _nothing() -> None:
    """What there is left to do about a withdrawal that has ended or waits for staff."""


def _conclude(withdrawal_id: int, answer: PayoutAnswer | None) -> None:
    services.withdrawal_conclude(withdrawal_id=withdrawal_id, answer=answer, at=timezone.now())


def _ask(payments: Sequence[Payment]) -> dict[int, Answer | None]:
    """The provider's answers within the time that a lease allows; the rest is asked later."""
    answers: dict[int, Answer | None] = {}
    deadline = time.monotonic() + ASKING_SECONDS
    for payment in payments:
        if answers and time.monotonic() > deadline:
            break
        answers[payment.pk] = services.payment_ask(payment)
    return answers


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
    answer = services.take_back_ask(taken)
    if answer is None:
        raise ProviderTimeout("the provider gave no answer yet")

    def conclude() -> None:
        services.take_back_conclude(take_back_id=taken.pk, answer=answer, at=timezone.now())

    return conclude


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
    """Bill the platform's fees of months that are over, each few hundred in a transaction."""
    fees_bill(at=timezone.now())
    return lambda: None


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(APPROVED, bill, lane="money", batch=1000)
    registry.register(ISSUED, pay, kind="outside", lane="money", batch=1000)
    registry.register(AUTOMATIC, pay, kind="outside", lane="money")
    registry.register(RESOLVE, resolve, kind="outside", lane="money", batch=1)
    registry.register(ANCHOR, anchor, kind="outside", lane="long")
    registry.register(CLEARING, clear, lane="money")
    registry.register(MATCH, match_bank_line, lane="money", batch=1)
    registry.register(TAKE_BACK, resolve_take_back, kind="outside", lane="money", batch=1)
    registry.register(REFUND_ENDED, end_refund, lane="money", batch=1)
    registry.register(VERIFY, verify, kind="outside", lane="long")
    registry.register(VERIFY_RECENT, verify_recent, kind="outside", lane="long")
    registry.register(COMPARE, compare_withdrawals, kind="outside")
    registry.register(SEND, send_withdrawal, kind="outside", lane="money", batch=1)
    registry.register(RESOLVE_WITHDRAWAL, resolve_withdrawal, kind="outside", lane="money", batch=1)
    registry.register(BILL, bill_fees, kind="outside", lane="long")
