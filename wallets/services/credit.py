"""Topping credit up, and taking it back to the method that brought it.

A take-back is noted down and its amount reserved, the provider is asked outside any transaction, and
then it is concluded. Its public id is the key that the provider knows it by and never changes.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, mail_enqueue
from common.exceptions import FieldError, Invalid
from common.money import amount_text, from_minor, to_minor
from outbox.services import enqueue
from wallets import ledger, policies
from wallets.enums import (
    OPEN_TAKE_BACKS,
    AccountKind,
    ChargeResult,
    JournalKind,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
    TakeBackStatus,
)
from wallets.exceptions import (
    CameByTransfer,
    InsufficientFunds,
    NothingToTakeBack,
    PaymentMethodUnknown,
    TakeBackInProgress,
)
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Payment, TakeBack
from wallets.providers import Answer, ProviderTimeout, Refund, provider_of
from wallets.selectors import credit_minor, credit_sources
from wallets.services.held import wake_waiting
from wallets.services.payments import MethodChoice, note_down, payment_of
from wallets.services.settlement import credit_of, source_of

RESOLVE: Final = "credit.take_back"
RESOLVE_AFTER: Final = timedelta(seconds=8)
ABOUT: Final = "take_back"


@transaction.atomic
def credit_top_up_begin(
    *, amount: Money, method: MethodChoice, request_key: UUID | None = None, by: User, at: datetime
) -> Payment:
    """Note down that credit is about to be topped up; the caller commits, then asks.

    A second call with the same `request_key` gives the first payment. PaymentMethodUnknown, also for
    credit itself; PermissionRefused.
    """
    require(policies.may_store_method(by), "Only commissioners have credit.")
    if method.is_credit:
        raise PaymentMethodUnknown("Credit is topped up with a payment method.")
    if request_key is not None:
        known = Payment.objects.filter(payer=by, request_key=request_key).first()
        if known is not None:
            return known
    payment = payment_of(method, amount, by=by, at=at)
    payment.purpose, payment.request_key = PaymentPurpose.CREDIT, request_key
    about: audit.Values = {"purpose": PaymentPurpose.CREDIT, "currency": payment.currency}
    return note_down(payment, about=about, by=by, at=at)


@transaction.atomic
def take_back_begin(
    *,
    payment_id: int,
    amount: Money | None = None,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> TakeBack:
    """Reserve credit that goes back along a payment; the caller commits, then asks.

    Without an amount all that this payment brought and that is still credit. A job finishes it if
    the caller does not. NothingToTakeBack, CameByTransfer, InsufficientFunds for more than that,
    TakeBackInProgress, PermissionRefused, Invalid.
    """
    payment = Payment.objects.select_related("payer").locked().get(pk=payment_id)
    require(policies.may_take_back(by, payment), "This is not your payment.")
    known = TakeBack.objects.filter(payment=payment, request_key=request_key).first()
    if request_key is not None and known is not None:
        return known
    if TakeBack.objects.filter(payment=payment, status__in=OPEN_TAKE_BACKS).exists():
        raise TakeBackInProgress
    if payment.provider == PaymentSource.BANK:
        raise CameByTransfer
    wanted = wanted_of(payment, amount)
    ledger.reserve(account=_credit_account(payment), amount=wanted)
    refuse_more_than_is_left(payment, wanted)
    taken = _write(
        TakeBack(
            payment=payment,
            amount_minor=wanted,
            status=TakeBackStatus.PROCESSING,
            request_key=request_key,
            requested_at=at,
        )
    )
    _record(taken, "take_back.started", by=by, at=at)
    enqueue(
        RESOLVE, key=taken.public_id, payload={"take_back": taken.pk}, due_at=at + RESOLVE_AFTER
    )
    return taken


def take_back_ask(taken: TakeBack) -> Answer | None:
    """Ask the provider to give it back; None while the outcome is not known. No transaction is open.

    Asking again, by whoever, repeats the key and so gives nothing back twice.
    """
    refund = Refund(
        key=taken.public_id,
        charge_key=taken.payment.public_id,
        amount_minor=taken.amount_minor,
        currency=taken.payment.currency,
    )
    try:
        return provider_of(taken.payment.provider).refund(refund)
    except ProviderTimeout:
        return None


@transaction.atomic
def take_back_conclude(*, take_back_id: int, answer: Answer | None, at: datetime) -> TakeBack:
    """Act on the provider's word: post it, give the credit free again, or note that nobody knows.

    What somebody concluded earlier stands. No answer is never taken for a refusal.
    """
    taken = TakeBack.objects.select_related("payment__payer").locked().get(pk=take_back_id)
    if taken.status not in OPEN_TAKE_BACKS:
        return taken
    if answer is None:
        if taken.status != TakeBackStatus.UNCERTAIN:
            taken.move_to(TakeBackStatus.UNCERTAIN)
            taken.save(update_fields=["status"])
            _record(taken, "take_back.uncertain", by=None, at=at)
        return taken
    if answer.result == ChargeResult.SUCCEEDED:
        _succeed(taken, at=at)
    else:
        _fail(taken, answer.failure_code, at=at)
    return taken


def wanted_of(payment: Payment, amount: Money | None) -> int:
    """How much is to go back along a payment, in minor units; without an amount all that can.

    Invalid, NothingToTakeBack.
    """
    if amount is not None and amount.currency.code != payment.currency:
        message = "Money goes back in the currency in which it came."
        raise Invalid([FieldError("amount", "currency_mismatch", message)])
    if payment.status != PaymentStatus.SUCCEEDED:
        raise NothingToTakeBack
    left = _left(payment, available=credit_minor(payment.payer_id, payment.currency))
    if not left:
        raise NothingToTakeBack
    return left if amount is None else to_minor(amount)


def _left(payment: Payment, *, available: int) -> int:
    """What of so much credit this payment brought, in minor units."""
    sources = credit_sources(payment.payer_id, payment.currency, available=available)
    return next((source.left for source in sources if source.payment_id == payment.pk), 0)


def refuse_more_than_is_left(payment: Payment, wanted: int) -> None:
    """InsufficientFunds for more than the payment brought; the balance is locked by now."""
    available = credit_minor(payment.payer_id, payment.currency) + wanted
    left = _left(payment, available=available)
    if wanted > left:
        most = amount_text(from_minor(left, payment.currency))
        raise InsufficientFunds(f"At most {most} of this payment is still your credit.")


def _write(taken: TakeBack) -> TakeBack:
    try:
        with transaction.atomic():
            taken.save()
    except IntegrityError as error:
        raise TakeBackInProgress from error
    return taken


def _succeed(taken: TakeBack, *, at: datetime) -> None:
    taken.move_to(TakeBackStatus.SUCCEEDED)
    taken.ended_at = at
    taken.save(update_fields=["status", "ended_at"])
    payment = taken.payment
    specs = [credit_of(payment), source_of(payment)]
    ids = ledger.open_accounts(specs)
    credit, outside = (ids[spec] for spec in specs)
    ledger.release(account=credit, amount=taken.amount_minor)
    posted = ledger.post(
        JournalDraft(
            JournalKind.TAKE_BACK,
            f"take_back:{taken.public_id}",
            ABOUT,
            taken.pk,
            (Leg(credit, -taken.amount_minor), Leg(outside, taken.amount_minor)),
        )
    )
    _record(taken, "take_back.succeeded", by=None, at=at, journal_key=posted.key)
    _tell(taken, "It is on its way back, as its provider takes it: a few days for a card.")


def _fail(taken: TakeBack, failure_code: str, *, at: datetime) -> None:
    taken.move_to(TakeBackStatus.FAILED)
    taken.failure_code, taken.ended_at = failure_code or "declined", at
    taken.save(update_fields=["status", "failure_code", "ended_at"])
    payment = taken.payment
    ledger.release(account=_credit_account(payment), amount=taken.amount_minor)
    _record(taken, "take_back.failed", by=None, at=at)
    _tell(taken, "The provider takes nothing back on this payment. It is your credit, as before.")
    wake_waiting(buyer_id=payment.payer_id, currency=payment.currency, key=taken.public_id)


def _credit_account(payment: Payment) -> int:
    spec = AccountSpec(f"user:{payment.payer_id}", AccountKind.CREDIT, payment.currency)
    return ledger.open_accounts([spec])[spec]


def _record(
    taken: TakeBack, event: str, *, by: User | None, at: datetime, journal_key: str | None = None
) -> None:
    audit.record(
        audit.Record(
            event=event,
            target=taken,
            after={
                "status": taken.status,
                "payment": taken.payment.public_id,
                "amount_minor": taken.amount_minor,
                "currency": taken.payment.currency,
                "failure_code": taken.failure_code,
            },
            journal_key=journal_key,
        ),
        by=by,
        at=at,
    )


def _tell(taken: TakeBack, words: str) -> None:
    mail_enqueue(
        Mail.TAKE_BACK_ENDED,
        to=taken.payment.payer,
        key=taken.public_id,
        context={
            "amount": from_minor(taken.amount_minor, taken.payment.currency),
            "method": taken.payment.label,
            "words": words,
            "path": Page("wallets:credit"),
        },
    )
