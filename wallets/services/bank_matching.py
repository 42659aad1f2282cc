"""What the lines of a bank statement do: withdrawals are paid or come back, invoices are paid.

The account's row is locked first, so the lines of one account are matched one after another. What
does not fit freezes its withdrawal and leaves the line to staff.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.models import User
from outbox.services import enqueue_many
from wallets.enums import BankMatchKind, BankMatchStatus, Rail, WithdrawalStatus
from wallets.models import BankAccount, BankMatch, BankStatementLine, PayoutBatch, Withdrawal
from wallets.models.bank import LIVE
from wallets.services.bank_receiving import (
    is_being_paid,
    named_invoice,
    receive_transfer,
)
from wallets.services.bank_statements import MATCH
from wallets.services.settlement import locked_invoice
from wallets.services.withdrawal_freezing import freeze
from wallets.services.withdrawal_journals import pay, take_back
from wallets.services.withdrawal_sending import UNDER_WAY
from wallets.services.withdrawals import locked, send

REASONS: Final = {
    "AC01": "the account number is wrong",
    "AC04": "the account is closed",
    "AC06": "the account is blocked",
    "AG01": "the account takes no such transfers",
    "AG02": "the bank does not take such transfers",
    "BE04": "the address of the account's holder is missing",
    "CNOR": "the receiving bank cannot be reached",
    "CUST": "the receiver sent it back",
    "FOCR": "it was called back",
    "FR01": "fraud is suspected",
    "MD07": "the account's holder has died",
    "MS02": "the receiver refused it",
    "MS03": "the bank names no reason",
    "RC01": "the bank's code is wrong",
    "RR01": "the law wants the payer's account named",
    "RR02": "the law wants the payer's name or address",
    "RR03": "the law wants the receiver's name or address",
    "RR04": "the law forbids it",
}
NEVER_SENT: Final = (WithdrawalStatus.REJECTED, WithdrawalStatus.CANCELLED)
_WITHDRAWAL: Final = re.compile(r"\bwd[^0-9a-z]?([0-9a-f]{32})\b", re.ASCII | re.IGNORECASE)
_FILE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII | re.IGNORECASE)


@transaction.atomic
def bank_line_match(*, line_id: int, at: datetime, withdrawal_id: int | None = None) -> None:
    """Say what a line is by what it names; nothing for one that says too little.

    Money out pays the withdrawal that it names; money in takes it back, or pays an invoice. A line
    about a whole payment file asks for a job for each of its withdrawals, which names it here.
    """
    line = locked_line(line_id)
    matched = line.matches.filter(status__in=LIVE)
    if withdrawal_id is not None:
        withdrawal = locked(withdrawal_id)
        if not matched.filter(made_by__isnull=False).exists():
            _conclude(line, withdrawal, -withdrawal.net_minor, at=at)
        return
    if matched.exists():
        return
    if (named := _named(line)) is not None:
        _conclude(line, locked(named), line.amount_minor, at=at)
    elif (batch := _file_of(line)) is not None:
        _share_out(line, batch)
    elif (invoice := named_invoice(line)) is not None:
        _receive(line, invoice.pk, at=at)


def locked_line(line_id: int) -> BankStatementLine:
    """The line, with its account locked."""
    line = BankStatementLine.objects.get(pk=line_id)
    line.account = BankAccount.objects.locked().get(pk=line.account_id)
    return line


def kind_of(line: BankStatementLine) -> BankMatchKind:
    """What money out or money in is to a withdrawal."""
    return BankMatchKind.PAID if line.is_out else BankMatchKind.RETURNED


def carry_out(match: BankMatch, *, by: User | None, at: datetime) -> None:
    """Do to its locked withdrawal or invoice what a match means, unless it was done before."""
    line, withdrawal = match.line, match.withdrawal
    if match.invoice is not None:
        match.payment = receive_transfer(match.invoice, received_minor=match.amount_minor, at=at)
    if withdrawal is None:
        return
    if withdrawal.status == WithdrawalStatus.APPROVED:
        send([withdrawal], by=by, at=at)
    if withdrawal.status in UNDER_WAY:
        withdrawal.provider_reference = line.reference
        pay([withdrawal], by=by, at=at)
    if match.kind == BankMatchKind.RETURNED and withdrawal.status == WithdrawalStatus.PAID:
        take_back(withdrawal, reason=_in_words(line), by=by, at=at)


def hindrance(line: BankStatementLine) -> str:
    """Why a line did not do anything to the withdrawal that it names, for staff; "" if unknown."""
    named = _named(line)
    withdrawal = Withdrawal.objects.get(pk=named) if named is not None else None
    if withdrawal is None or withdrawal.frozen_at is None:
        return ""
    words = (
        f"It names {withdrawal.public_id}, which is {withdrawal.get_status_display().lower()} and"
        f" frozen: {withdrawal.frozen_because}"
    )
    if line.is_out and withdrawal.status in NEVER_SENT:
        words += (
            " Its money is its owner's again, so this line is no payment of it. Have the bank call"
            " the transfer back, set this line and the one of the return aside, and resolve the"
            " withdrawal as returned."
        )
    return words


def twice(line: BankStatementLine, withdrawal: Withdrawal) -> str:
    """What is wrong when the locked withdrawal has its line already; "" if it has none."""
    if withdrawal.bank_matches.filter(kind=kind_of(line), status__in=LIVE).exists():
        return "The bank paid it twice." if line.is_out else "The bank returned it twice."
    return ""


def contradiction(line: BankStatementLine, withdrawal: Withdrawal) -> str:
    """Why money cannot have gone or come back for the locked withdrawal; "" if it can."""
    if withdrawal.sent_at is None:
        return "The bank paid what was never sent." if line.is_out else "It was never sent."
    if withdrawal.paid_at is None and withdrawal.status not in UNDER_WAY:
        return (
            "The bank paid what had ended here."
            if line.is_out
            else "What came back was in the wallet already."
        )
    return ""


def record_match(match: BankMatch, event: str, *, by: User | None, at: datetime) -> None:
    """Write the audit row of a decision about a line."""
    after: audit.Values = {
        "kind": match.kind,
        "status": match.status,
        "match": match.public_id,
        "withdrawal": match.withdrawal.public_id if match.withdrawal else None,
        "invoice": match.invoice.number if match.invoice else None,
        "amount_minor": match.amount_minor,
        "difference_minor": match.difference_minor,
        "reason": match.reason,
    }
    audit.record(audit.Record(event=event, target=match.line, after=after), by=by, at=at)


def _conclude(
    line: BankStatementLine, withdrawal: Withdrawal, amount: int, *, at: datetime
) -> None:
    """Match a line of a locked account to the locked withdrawal that it names."""
    is_known = line.matches.filter(withdrawal=withdrawal, status__in=LIVE).exists()
    fits = withdrawal.rail == Rail.BANK_FILE and withdrawal.currency == line.account.currency
    if is_known or not fits or withdrawal.frozen_at is not None:
        return
    wrong = twice(line, withdrawal) or contradiction(line, withdrawal)
    if because := wrong or _difference(withdrawal, amount):
        freeze(withdrawal, because, at=at)
        return
    match = BankMatch.objects.create(
        line=line,
        kind=kind_of(line),
        status=BankMatchStatus.DONE,
        withdrawal=withdrawal,
        amount_minor=amount,
        made_at=at,
        decided_at=at,
    )
    carry_out(match, by=None, at=at)
    record_match(match, "bank_line.matched", by=None, at=at)


def _receive(line: BankStatementLine, invoice_id: int, *, at: datetime) -> None:
    """Match a line of a locked account to the invoice that it names, unless it is being paid."""
    invoice = locked_invoice(invoice_id)
    if invoice.total.currency.code != line.account.currency or is_being_paid(invoice):
        return
    match = BankMatch(
        line=line,
        kind=BankMatchKind.RECEIVED,
        status=BankMatchStatus.DONE,
        invoice=invoice,
        amount_minor=line.amount_minor,
        made_at=at,
        decided_at=at,
    )
    carry_out(match, by=None, at=at)
    match.save()
    record_match(match, "bank_line.matched", by=None, at=at)


def _named(line: BankStatementLine) -> int | None:
    """The withdrawal that the line names: by its end-to-end id, or else in its text.

    Anybody can write a text on money that they send: money in needs the id, or a bank's reason.
    """
    texts = [line.end_to_end_id]
    if line.is_out or line.return_code:
        texts.append(line.text)
    for text in texts:
        if named := {UUID(hex=found) for found in _WITHDRAWAL.findall(text)}:
            known = Withdrawal.objects.filter(uuid__in=named).values_list("pk", flat=True)
            keys = list(known[:2])
            return keys[0] if len(named) == len(keys) == 1 else None
    return None


def _file_of(line: BankStatementLine) -> PayoutBatch | None:
    """The payment file whose whole sum the line is."""
    if not (line.is_out and _FILE.fullmatch(line.file_reference)):
        return None
    return PayoutBatch.objects.filter(
        uuid=UUID(hex=line.file_reference),
        currency=line.account.currency,
        total_minor=-line.amount_minor,
    ).first()


def _share_out(line: BankStatementLine, batch: PayoutBatch) -> None:
    rows: Sequence[Withdrawal] = list(batch.withdrawals.order_by("pk").only("pk", "uuid"))
    enqueue_many(
        MATCH,
        [
            (f"{line.public_id}:{row.public_id}", {"line": line.pk, "withdrawal": row.pk})
            for row in rows
        ],
    )


def _difference(withdrawal: Withdrawal, amount: int) -> str:
    if abs(amount) == withdrawal.net_minor:
        return ""
    return (
        f"The bank says {abs(amount)}, asked for were {withdrawal.net_minor}"
        f" {withdrawal.currency} (minor units)."
    )


def _in_words(line: BankStatementLine) -> str:
    """Why money came back, for its owner."""
    if not line.return_code:
        return "The bank returned it."
    told = REASONS.get(line.return_code, "its reason is")
    return f"The bank returned it: {told} ({line.return_code})."
