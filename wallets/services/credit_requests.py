"""What staff credit: at once up to the limit, above it once a second person agrees."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.selectors import staff
from accounts.services.mail import Mail, Page, Values, mail_enqueue, mail_enqueue_many
from common.money import from_minor, to_minor
from invoicing.models import Invoice
from wallets import policies
from wallets.enums import CreditRequestStatus
from wallets.exceptions import CreditProposed, ReasonRequired, SecondPersonRequired
from wallets.models import CreditRequest
from wallets.services.crediting import invoice_credit

NOT_YOURS = "Only other staff, who are no party of the invoice, can agree."


@transaction.atomic
def staff_credit(
    *,
    invoice_id: int,
    amount: Money | None = None,
    reason: str,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> Invoice | CreditRequest:
    """Credit an invoice, or above the limit propose it to a second person; the note or the request.

    All who can agree are told of a request by mail. A second call with the same `request_key` gives
    the first note or request, however that ended.
    The refusals of `invoice_credit`; CreditProposed where a request waits already.
    """
    sent = CreditRequest.objects.filter(invoice=invoice_id, proposed_by=by, request_key=request_key)
    if request_key is not None and (known := sent.first()):
        return known
    try:
        return invoice_credit(
            invoice_id=invoice_id,
            amount=amount,
            reason=reason,
            request_key=request_key,
            by=by,
            at=at,
        )
    except SecondPersonRequired:
        invoice = Invoice.objects.get(pk=invoice_id)
    request = CreditRequest(
        invoice=invoice,
        amount_minor=to_minor(invoice.subtotal_left if amount is None else amount),
        reason=" ".join(reason.split())[:500],
        status=CreditRequestStatus.PROPOSED,
        request_key=request_key,
        proposed_at=at,
        proposed_by=by,
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        raise CreditProposed from error
    _record(request, "credit_request.proposed", request.reason, by=by, at=at)
    _tell_others(request)
    return request


@transaction.atomic
def credit_request_confirm(*, request_id: int, reason: str, by: User, at: datetime) -> Invoice:
    """Agree as the second person: the note is issued and its money moves; the note.

    Whoever proposed it is told by mail.
    PermissionRefused for who proposed it and for parties of the invoice, ReasonRequired,
    CreditRequestTransitionRefused; the refusals of `invoice_credit`.
    """
    request = _decided(request_id, reason, by=by, at=at)
    require(policies.may_confirm_credit(by, request), NOT_YOURS)
    request.move_to(CreditRequestStatus.DONE)
    note = invoice_credit(
        invoice_id=request.invoice_id,
        amount=_amount(request),
        reason=request.reason,
        is_seconded=True,
        by=by,
        at=at,
    )
    request.note = note
    request.save(update_fields=["status", "note", "decided_at", "decided_by"])
    _record(request, "credit_request.confirmed", reason, by=by, at=at)
    _tell_proposer(request, f"{by.name} agreed: credit note {note.number} is issued.", reason)
    return note


@transaction.atomic
def credit_request_drop(*, request_id: int, reason: str, by: User, at: datetime) -> CreditRequest:
    """Let a request go; whoever proposed it may too, and is told when another did.

    PermissionRefused, ReasonRequired, CreditRequestTransitionRefused.
    """
    request = _decided(request_id, reason, by=by, at=at)
    require(policies.may_drop_credit(by, request), "Only staff decide about it.")
    request.move_to(CreditRequestStatus.DROPPED)
    request.save(update_fields=["status", "decided_at", "decided_by"])
    _record(request, "credit_request.dropped", reason, by=by, at=at)
    if by != request.proposed_by:
        _tell_proposer(request, f"{by.name} let it go: nothing is credited.", reason)
    return request


def _decided(request_id: int, reason: str, *, by: User, at: datetime) -> CreditRequest:
    rows = CreditRequest.objects.select_related("invoice", "proposed_by")
    request = rows.locked().get(pk=request_id)
    if not reason.strip():
        raise ReasonRequired
    request.decided_at, request.decided_by = at, by
    return request


def _tell_others(request: CreditRequest) -> None:
    words: Values = {
        "number": request.invoice.number,
        "amount": _amount(request),
        "proposer": request.proposed_by.name,
        "reason": request.reason,
        "path": Page("admin:wallets_creditrequest_changelist"),
    }
    mail_enqueue_many(
        Mail.CREDIT_PROPOSED,
        [
            (person, request.public_id, words)
            for person in staff()
            if policies.may_confirm_credit(person, request)
        ],
    )


def _tell_proposer(request: CreditRequest, words: str, reason: str) -> None:
    mail_enqueue(
        Mail.CREDIT_DECIDED,
        to=request.proposed_by,
        key=request.public_id,
        context={
            "number": request.invoice.number,
            "amount": _amount(request),
            "words": words,
            "reason": " ".join(reason.split())[:500],
            "path": Page("admin:wallets_creditrequest_change", (str(request.pk),)),
        },
    )


def _amount(request: CreditRequest) -> Money:
    return from_minor(request.amount_minor, request.invoice.total.currency.code)


def _record(request: CreditRequest, event: str, reason: str, *, by: User, at: datetime) -> None:
    after: audit.Values = {
        "status": request.status,
        "invoice": request.invoice.number,
        "amount_minor": request.amount_minor,
        "currency": request.invoice.total.currency.code,
        "reason": " ".join(reason.split())[:500],
    }
    if request.note is not None:
        after = {**after, "note": request.note.number}
    audit.record(audit.Record(event=event, target=request, after=after), by=by, at=at)
