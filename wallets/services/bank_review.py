"""What staff say about lines of the bank's statement, with a reason, the large ones in twos."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.policies import require
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice
from wallets import policies
from wallets.enums import BankMatchKind, BankMatchStatus, Rail, WithdrawalStatus
from wallets.exceptions import (
    BankLineMatched,
    BankMatchTransitionRefused,
    BankMatchUnfit,
    PaymentInProgress,
    ReasonRequired,
)
from wallets.models import BankMatch, BankStatementLine, Withdrawal
from wallets.models.bank import LIVE
from wallets.services.bank_matching import (
    carry_out,
    contradiction,
    kind_of,
    locked_line,
    record_match,
    twice,
)
from wallets.services.bank_receiving import is_being_paid
from wallets.services.settlement import locked_invoice
from wallets.services.withdrawal_freezing import overtake
from wallets.services.withdrawals import locked

NOT_STAFF = "Only staff say what a line of the bank is."
OWN = "Only staff decide about withdrawals, and never about their own."


@transaction.atomic
def bank_match_make(
    *, line_id: int, withdrawal_id: int, reason: str, by: User, at: datetime
) -> BankMatch:
    """Match a line to a withdrawal by hand, frozen or not.

    Above the limit, or when the amounts differ, it waits for a second person. BankLineMatched,
    BankMatchUnfit, PermissionRefused, ReasonRequired.
    """
    line = _line(line_id, reason, by=by)
    withdrawal = locked(withdrawal_id)
    require(policies.may_review_withdrawal(by, withdrawal), OWN)
    _refuse_unless_fitting(line, withdrawal)
    amount = -withdrawal.net_minor if line.is_out else withdrawal.net_minor
    match = _made(line, kind_of(line), reason, by=by, at=at)
    match.withdrawal, match.amount_minor = withdrawal, amount
    match.difference_minor = line.amount_minor - amount
    return _kept(match, by=by, at=at)


@transaction.atomic
def bank_invoice_match(
    *, line_id: int, invoice_id: int, reason: str, by: User, at: datetime
) -> BankMatch:
    """Say by hand which invoice money in is for; what is over, short or double becomes credit.

    Above the limit it waits for a second person. BankLineMatched, BankMatchUnfit,
    PaymentInProgress, PermissionRefused, ReasonRequired.
    """
    line = _line(line_id, reason, by=by)
    match = _made(line, BankMatchKind.RECEIVED, reason, by=by, at=at)
    match.invoice, match.amount_minor = _invoice(invoice_id, by=by), line.amount_minor
    is_own_currency = match.invoice.total.currency.code == line.account.currency
    if line.is_out or not is_own_currency:
        raise BankMatchUnfit("Only money that came in the invoice's currency can pay it.")
    return _kept(match, by=by, at=at)


@transaction.atomic
def bank_line_set_aside(*, line_id: int, reason: str, by: User, at: datetime) -> BankMatch:
    """Say that a line has nothing to do with the platform's users, such as the bank's charges.

    Above the limit it waits for a second person. BankLineMatched, PermissionRefused,
    ReasonRequired.
    """
    line = _line(line_id, reason, by=by)
    match = _made(line, BankMatchKind.NOT_OURS, reason, by=by, at=at)
    match.amount_minor = line.amount_minor
    return _kept(match, by=by, at=at)


@transaction.atomic
def bank_match_confirm(*, match_id: int, by: User, at: datetime) -> BankMatch:
    """Let a match that waits take effect; never by who made it.

    BankMatchTransitionRefused, BankMatchUnfit, PermissionRefused.
    """
    match = _locked_match(match_id, by=by)
    require(match.made_by_id != by.pk, "Somebody else has to confirm it.")
    match.move_to(BankMatchStatus.DONE)
    match.decided_at, match.decided_by = at, by
    _take_effect(match, by=by, at=at)
    match.save(update_fields=["status", "decided_at", "decided_by", "payment"])
    record_match(match, "bank_line.confirmed", by=by, at=at)
    return match


@transaction.atomic
def bank_match_drop(*, match_id: int, reason: str, by: User, at: datetime) -> BankMatch:
    """Take back what waits, or what was set aside: the line is open again.

    A match that moved money stands. BankMatchTransitionRefused, PermissionRefused, ReasonRequired.
    """
    match = _locked_match(match_id, by=by)
    if not reason.strip():
        raise ReasonRequired
    is_done = match.status == BankMatchStatus.DONE
    if is_done and match.kind != BankMatchKind.NOT_OURS:
        raise BankMatchTransitionRefused("This match is in the ledger; it stands.")
    match.move_to(BankMatchStatus.DROPPED)
    match.decided_at, match.decided_by = at, by
    match.save(update_fields=["status", "decided_at", "decided_by"])
    match.reason = reason.strip()[:300]
    record_match(match, "bank_line.reopened", by=by, at=at)
    return match


def needs_second_person(match: BankMatch) -> bool:
    """Above the limit of withdrawals, or with a difference."""
    terms = policies.payout_terms(match.line.account.currency)
    return match.difference_minor != 0 or abs(match.line.amount_minor) > terms.approval_above


def _line(line_id: int, reason: str, *, by: User) -> BankStatementLine:
    """The line that nobody has matched, with its account locked."""
    require(policies.may_read_the_bank(by), NOT_STAFF)
    line = locked_line(line_id)
    if not reason.strip():
        raise ReasonRequired
    if line.matches.filter(status__in=LIVE).exists():
        raise BankLineMatched
    return line


def _locked_match(match_id: int, *, by: User) -> BankMatch:
    """The match, after its account and before its withdrawal, all locked."""
    require(policies.may_read_the_bank(by), NOT_STAFF)
    line = locked_line(BankMatch.objects.values_list("line", flat=True).get(pk=match_id))
    match = BankMatch.objects.locked().get(pk=match_id)
    match.line = line
    if match.invoice_id is not None:
        match.invoice = _invoice(match.invoice_id, by=by)
    if match.withdrawal_id is not None:
        match.withdrawal = locked(match.withdrawal_id)
        require(policies.may_review_withdrawal(by, match.withdrawal), OWN)
    return match


def _invoice(invoice_id: int, *, by: User) -> Invoice:
    """The locked invoice, if they may say that it is paid."""
    invoice = locked_invoice(invoice_id)
    require(policies.may_match_invoice(by, invoice), "Only staff match invoices, never their own.")
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        raise BankMatchUnfit("A credit note is paid by nobody.")
    return invoice


def _refuse_unless_fitting(line: BankStatementLine, withdrawal: Withdrawal) -> None:
    if withdrawal.rail != Rail.BANK_FILE or withdrawal.currency != line.account.currency:
        raise BankMatchUnfit("The withdrawal left by another rail or in another currency.")
    if because := twice(line, withdrawal) or _objection(line, withdrawal):
        raise BankMatchUnfit(because)


def _objection(line: BankStatementLine, withdrawal: Withdrawal) -> str:
    """Why staff cannot say so; what they paid without a file has not been sent yet."""
    is_paid_by_hand = line.is_out and withdrawal.status == WithdrawalStatus.APPROVED
    return "" if is_paid_by_hand else contradiction(line, withdrawal)


def _made(
    line: BankStatementLine, kind: BankMatchKind, reason: str, *, by: User, at: datetime
) -> BankMatch:
    text = " ".join(reason.split())[:300]
    return BankMatch(line=line, kind=kind, reason=text, made_by=by, made_at=at)


def _kept(match: BankMatch, *, by: User, at: datetime) -> BankMatch:
    is_waiting = needs_second_person(match)
    match.status = BankMatchStatus.PROPOSED if is_waiting else BankMatchStatus.DONE
    match.decided_at = None if is_waiting else at
    if not is_waiting:
        _take_effect(match, by=by, at=at)
    match.save()
    record_match(match, "bank_line.proposed" if is_waiting else "bank_line.matched", by=by, at=at)
    return match


def _take_effect(match: BankMatch, *, by: User, at: datetime) -> None:
    if match.invoice is not None and is_being_paid(match.invoice):
        raise PaymentInProgress
    if match.withdrawal is not None:
        if because := _objection(match.line, match.withdrawal):
            raise BankMatchUnfit(because)
        overtake(match.withdrawal)
    carry_out(match, by=by, at=at)
