"""Statements of the operator's bank, as tests need them."""

from pathlib import Path
from string import Template

from django.test import override_settings

from outbox import runner
from outbox.models import Job
from tests.builders import active_project, sent_invoice
from tests.factories import AT, UserFactory
from wallets.models import (
    BankMatch,
    BankStatement,
    BankStatementLine,
    Payment,
    PayoutBatch,
    Withdrawal,
)
from wallets.providers.statement_csv import COLUMNS
from wallets.services import (
    StatementImport,
    bank_line_set_aside,
    bank_statement_import,
    payout_batch_export,
)
from wallets.services.bank_statements import MATCH

OURS = "FR1420041010050500013M02606"
SAMPLES = Path(__file__).parent / "statements"


def by_bank_file(settings) -> None:
    """Money leaves by files for the operator's bank."""
    settings.PAYOUT_RAIL = "bank_file"
    settings.PAYOUT_ACCOUNT_HOLDER = "Operator"
    settings.PAYOUT_ACCOUNT_IBAN = OURS


SENDER = {"name": "Museum of Slices", "counterparty": "DE89 3704 0044 0532 0130 00"}
"""Who sends money, and from which account."""


def by_transfer(settings) -> None:
    """Money comes and leaves by the operator's bank account."""
    by_bank_file(settings)
    settings.BANK_ACCOUNT_HOLDER, settings.BANK_ACCOUNT_IBAN = "Operator", OURS


def transferred(
    amount: str = "3433.34", *, sender: dict[str, str] = SENDER, start: int = 1, **project
) -> Payment:
    """A transfer for an invoice of 3,333.34; what is over is credit."""
    invoice = sent_invoice(active_project(**project))
    take(table({"amount": amount, "text": invoice.number, **sender}, start=start))
    return Payment.objects.get(invoice=invoice)


def export(*withdrawals: Withdrawal, by) -> PayoutBatch:
    """A payment file of the withdrawals."""
    keys = [withdrawal.pk for withdrawal in withdrawals]
    return payout_batch_export(withdrawal_ids=keys, by=by, at=AT)


def named(withdrawal: Withdrawal) -> str:
    """The identifier as the payment file has it."""
    return f"wd-{withdrawal.uuid.hex}"


def sample(version: str, **names: str) -> bytes:
    """A camt.053 file of that version, with identifiers in its gaps."""
    text = (SAMPLES / f"camt_053_{version}.xml").read_text(encoding="utf-8")
    return Template(text).safe_substitute(names).encode()


def table(*rows: dict[str, str], opening: int | None = None, start: int = 1) -> bytes:
    """A CSV of bookings by their amounts; the balances follow, also those of earlier statements."""
    if opening is None:
        currency = rows[0].get("currency", "USD")
        before = BankStatement.objects.filter(account__iban=OURS, account__currency=currency)
        newest = before.order_by("pk").last()
        opening = newest.closing_minor if newest else 1_000_000
    balance, lines = opening, [";".join(COLUMNS)]
    for number, row in enumerate(rows, start):
        minor = round(float(row["amount"].replace(",", ".")) * 100)
        balance += minor
        values = {
            "account": OURS,
            "currency": "USD",
            "booked_on": "2026-11-24",
            "balance": f"{balance / 100:.2f}",
            "reference": f"R{number}",
            **row,
        }
        lines.append(";".join(values.get(column, "") for column in COLUMNS))
    return "\n".join(lines).encode()


def take(content: bytes, *, by=None, name: str = "statement") -> StatementImport:
    """Import a statement, and do the jobs that match its lines."""
    taken = bank_statement_import(content=content, file_name=name, by=by, at=AT)
    while jobs := list(Job.objects.pending().filter(topic=MATCH).order_by("pk")):
        for job in jobs:
            runner.run([job.pk])
    return taken


def line_of(amount_minor: int) -> BankStatementLine:
    """The one line of that amount."""
    return BankStatementLine.objects.get(amount_minor=amount_minor)


def match_by_hand(amount: str) -> BankMatch:
    """A line of that amount, set aside by somebody; above the limit it waits."""
    with override_settings(PAYOUT_ACCOUNT_IBAN=OURS):
        take(table({"amount": amount}))
    line = BankStatementLine.objects.get()
    staff = UserFactory(is_staff=True)
    return bank_line_set_aside(line_id=line.pk, reason="Not ours.", by=staff, at=AT)
