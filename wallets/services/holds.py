"""Keeping back money of a wallet, and letting it go: by staff, with a reason and a date."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, mail_enqueue
from common.exceptions import FieldError, Invalid
from common.money import from_minor, to_minor
from wallets import ledger, policies
from wallets.enums import AccountKind
from wallets.exceptions import HoldReleased, ReasonRequired
from wallets.ledger import AccountSpec
from wallets.models import Hold
from wallets.services.debts import Arrived, debts_pay


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """How much is kept back, why, by which clause of the terms, and when staff look again."""

    amount: Money
    reason: str
    clause: str
    review_on: date


@transaction.atomic
def hold_place(
    *, user_id: int, terms: HoldTerms, request_key: UUID | None = None, by: User, at: datetime
) -> Hold:
    """Keep back money that is available; the user reads amount, reason, clause and date.

    A second call with the same `request_key` gives the first hold. InsufficientFunds, Invalid,
    PermissionRefused.
    """
    user = User.objects.get(pk=user_id)
    require(policies.may_hold(by, user), "Only staff hold money, and never their own.")
    reason, clause = " ".join(terms.reason.split())[:300], " ".join(terms.clause.split())[:120]
    errors = [
        FieldError(name, "required", "Say this to the user.")
        for name, text in (("reason", reason), ("clause", clause))
        if not text
    ]
    if terms.review_on < at.date():
        words = "Staff have to look again today or later."
        errors.append(FieldError("review_on", "out_of_range", words))
    if errors:
        raise Invalid(errors)
    hold = Hold(
        user=user,
        currency=terms.amount.currency.code,
        amount_minor=to_minor(terms.amount),
        reason=reason,
        clause=clause,
        review_on=terms.review_on,
        request_key=request_key,
        placed_at=at,
        placed_by=by,
    )
    try:
        with transaction.atomic():
            hold.save()
    except IntegrityError:
        known = Hold.objects.of(user).filter(request_key=request_key).first()
        if request_key is None or known is None:
            raise
        return known
    ledger.reserve(account=_account(hold), amount=hold.amount_minor)
    _record(hold, "hold.placed", hold.reason, by=by, at=at)
    _tell(hold, Mail.MONEY_HELD, hold.reason)
    return hold


@transaction.atomic
def hold_release(*, hold_id: int, note: str, by: User, at: datetime) -> Hold:
    """Let the money go; it pays what its user owes first. The user reads the note.

    HoldReleased, PermissionRefused, ReasonRequired.
    """
    hold = Hold.objects.select_related("user").locked().get(pk=hold_id)
    require(policies.may_hold(by, hold.user), "Only staff release money, and never their own.")
    if not note.strip():
        raise ReasonRequired
    if hold.released_at is not None:
        raise HoldReleased
    hold.released_at, hold.released_by = at, by
    hold.release_note = " ".join(note.split())[:300]
    hold.save(update_fields=["released_at", "released_by", "release_note"])
    ledger.release(account=_account(hold), amount=hold.amount_minor)
    _record(hold, "hold.released", hold.release_note, by=by, at=at)
    debts_pay([_arrived(hold)], at=at)
    _tell(hold, Mail.MONEY_RELEASED, hold.release_note)
    return hold


def _account(hold: Hold) -> int:
    spec = AccountSpec(f"user:{hold.user_id}", AccountKind.AVAILABLE, hold.currency)
    return ledger.open_accounts([spec])[spec]


def _arrived(hold: Hold) -> Arrived:
    return Arrived(
        hold.user_id,
        hold.currency,
        key=hold.public_id,
        about_type="hold",
        about_id=hold.pk,
        target=audit.Subject(hold.public_id, str(hold)),
    )


def _record(hold: Hold, event: str, reason: str, *, by: User, at: datetime) -> None:
    after: audit.Values = {
        "amount_minor": hold.amount_minor,
        "currency": hold.currency,
        "reason": reason,
        "clause": hold.clause,
        "review_on": hold.review_on.isoformat(),
    }
    audit.record(audit.Record(event=event, target=hold, after=after), by=by, at=at)


def _tell(hold: Hold, template: Mail, reason: str) -> None:
    mail_enqueue(
        template,
        to=hold.user,
        key=hold.public_id,
        context={
            "amount": from_minor(hold.amount_minor, hold.currency),
            "reason": reason,
            "clause": hold.clause,
            "review_on": hold.review_on,
            "path": reverse("wallets:wallet"),
        },
    )
