"""Taking in the statements of the operator's bank, each line once, however often it is told."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.encryption import seal
from common.formats import money_for_people
from common.money import from_minor
from outbox.services import enqueue_many
from wallets import policies
from wallets.exceptions import StatementRefused
from wallets.models import BankAccount, BankStatement, BankStatementLine
from wallets.providers.camt_053 import read_camt_053
from wallets.providers.statement_csv import read_statement_csv
from wallets.providers.statements import MOST_BYTES, LineDraft, StatementDraft, iban_of
from wallets.services.payout_methods import BULLETS, is_iban

MATCH: Final = "bank.match"


@dataclass(frozen=True, slots=True)
class StatementImport:
    """The statements of a file; `is_new` is False when it had been taken in before."""

    statements: list[BankStatement]
    is_new: bool

    @property
    def line_count(self) -> int:
        return sum(one.line_count - one.known_count for one in self.statements)


@transaction.atomic
def bank_statement_import(
    *, content: bytes, file_name: str, by: User | None, at: datetime
) -> StatementImport:
    """Keep a statement file and ask for its new lines to be matched; `by` is None for a command.

    The same file again changes nothing, and a line that an earlier statement brought is not
    doubled. All or nothing. PermissionRefused, StatementRefused.
    """
    if by is not None:
        require(policies.may_read_the_bank(by), "Only staff import bank statements.")
    if len(content) > MOST_BYTES:
        raise StatementRefused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
    sha256 = hashlib.sha256(content).hexdigest()
    drafts = _read(content)
    for draft in drafts:
        _refuse_unless_sound(draft)
    accounts = _locked_accounts(drafts)
    if known := list(BankStatement.objects.filter(sha256=sha256).order_by("position")):
        return StatementImport(known, is_new=False)
    statements = []
    for position, draft in enumerate(drafts, 1):
        statement = BankStatement(
            account=accounts[draft.iban, draft.currency],
            file_name=" ".join(file_name.split())[-120:],
            sha256=sha256,
            position=position,
            imported_at=at,
            imported_by=by,
        )
        _keep(statement, draft, by=by, at=at)
        statements.append(statement)
    return StatementImport(statements, is_new=True)


def _read(content: bytes) -> list[StatementDraft]:
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_camt_053(content)
    return [read_statement_csv(content)]


def _refuse_unless_sound(draft: StatementDraft) -> None:
    """Of an account of ours, in a supported currency, and adding up."""
    own = {iban_of(settings.PAYOUT_ACCOUNT_IBAN), iban_of(settings.BANK_ACCOUNT_IBAN)} - {""}
    if draft.iban not in own:
        raise StatementRefused(
            f"The statement is of the account {draft.iban or 'without a number'}; set"
            " PAYOUT_ACCOUNT_IBAN or BANK_ACCOUNT_IBAN if it is yours."
        )
    moved = sum(line.amount_minor for line in draft.lines)
    if draft.opening_minor + moved != draft.closing_minor:
        opening, total, closing = (
            money_for_people(from_minor(minor, draft.currency))
            for minor in (draft.opening_minor, moved, draft.closing_minor)
        )
        raise StatementRefused(
            f"Statement {draft.reference or draft.from_on} does not add up: {opening} at its"
            f" beginning and {total} of bookings are not {closing}."
        )


def _locked_accounts(drafts: Sequence[StatementDraft]) -> dict[tuple[str, str], BankAccount]:
    named = sorted({(draft.iban, draft.currency) for draft in drafts})
    ids = [
        BankAccount.objects.get_or_create(iban=iban, currency=currency)[0].pk
        for iban, currency in named
    ]
    locked = BankAccount.objects.filter(pk__in=ids).locked()
    return {(account.iban, account.currency): account for account in locked}


def _keep(
    statement: BankStatement, draft: StatementDraft, *, by: User | None, at: datetime
) -> None:
    """Write a statement of a locked account with the lines that are new."""
    lines = _with_references(draft.lines)
    known = _known(statement.account, lines)
    new = [line for line in lines if line.reference not in known]
    statement.format, statement.reference = draft.format, draft.reference
    statement.from_on, statement.to_on = draft.from_on, draft.to_on
    statement.opening_minor, statement.closing_minor = draft.opening_minor, draft.closing_minor
    statement.line_count, statement.known_count = len(lines), len(known)
    statement.known_minor = sum(known.values())
    statement.save()
    rows = [
        BankStatementLine(
            statement=statement,
            account=statement.account,
            position=position,
            booked_on=line.booked_on,
            amount_minor=line.amount_minor,
            reference=line.reference,
            end_to_end_id=line.end_to_end_id,
            file_reference=line.file_reference,
            name=line.name,
            counterparty=_masked(line.counterparty),
            text=line.text,
            return_code=line.return_code,
            sealed=_sealed(line),
        )
        for position, line in enumerate(new, 1)
    ]
    BankStatementLine.objects.bulk_create(rows, batch_size=1000)
    _audit(statement, by=by, at=at)
    enqueue_many(MATCH, [(row.public_id, {"line": row.pk}) for row in rows])


def _with_references(lines: Sequence[LineDraft]) -> list[LineDraft]:
    """Each line with a reference: the bank's, or one made of what it says and its turn."""
    turns: Counter[LineDraft] = Counter()
    found: dict[str, LineDraft] = {}
    for line in lines:
        reference = line.reference
        if not reference:
            turns[line] += 1
            said = repr((line, turns[line])).encode()
            reference = f"own:{hashlib.sha256(said).hexdigest()[:40]}"
        if reference in found or len(reference) > 80:
            raise StatementRefused(f"The reference {reference[:80]} is not one line's own.")
        found[reference] = replace(line, reference=reference)
    return list(found.values())


def _known(account: BankAccount, lines: Iterable[LineDraft]) -> dict[str, int]:
    """What earlier statements said of these lines. StatementRefused when it was something else."""
    said = {line.reference: (line.amount_minor, line.booked_on) for line in lines}
    rows = BankStatementLine.objects.filter(account=account, reference__in=list(said))
    known = {}
    for reference, amount_minor, booked_on in rows.order_by("pk").values_list(
        "reference", "amount_minor", "booked_on"
    ):
        if said[reference] != (amount_minor, booked_on):
            raise StatementRefused(
                f"An earlier statement says something else of the reference {reference}."
            )
        known[reference] = amount_minor
    return known


def _masked(account: str) -> str:
    """The account as people see accounts here."""
    if not account:
        return ""
    tail = f"{BULLETS} {account[-4:]}"
    return f"{account[:2]}{BULLETS[:2]} {tail}" if account[:2].isalpha() else tail


def _sealed(line: LineDraft) -> str:
    """The account that money in came from, for it may go back there; of others nothing is kept."""
    is_in = line.amount_minor > 0 and not line.return_code
    return seal(line.counterparty) if is_in and is_iban(line.counterparty) else ""


def _audit(statement: BankStatement, *, by: User | None, at: datetime) -> None:
    after: audit.Values = {
        "sha256": statement.sha256,
        "lines": statement.line_count,
        "known": statement.known_count,
        "opening_minor": statement.opening_minor,
        "closing_minor": statement.closing_minor,
        "currency": statement.account.currency,
    }
    audit.record(
        audit.Record(event="bank_statement.imported", target=statement, after=after), by=by, at=at
    )
