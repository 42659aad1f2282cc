"""The operator's bank: payment files, statements and transfers back, as rules of the machine."""

import datetime as dt
from uuid import UUID

from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from invoicing.models import Invoice
from outbox.models import Job
from tests.oracle.books import PAYABLE
from tests.oracle.leaving import UNDER_WAY
from tests.oracle.machine import CURRENCIES
from tests.oracle.rules_of_crediting import Crediting
from tests.oracle.rules_of_withdrawal import KEYS, SHARES
from tests.oracle.rules_of_work import money
from tests.oracle.statements import SENDER, camt, table
from tests.wallets.banking import OURS, named
from wallets.models import BankMatch, BankStatementLine, PayoutBatch, Withdrawal
from wallets.services import (
    bank_line_match,
    bank_statement_import,
    payout_batch_export,
    transfer_back_request,
)
from wallets.services.bank_statements import MATCH

KINDS = st.sampled_from(["paid", "paid", "returned", "received", "received", "file", "other"])
OFF = st.sampled_from([0, 0, 0, 0, 1, 700, -1])
"""How far a booking is from what was to be expected."""
OPENING = 10**12
own_account = override_settings(
    PAYOUT_ACCOUNT_HOLDER="Operator", PAYOUT_ACCOUNT_IBAN=OURS, BANK_ACCOUNT_IBAN=OURS
)


class Banking(Crediting):
    """Rules of what the bank says, and what goes back to where it came from."""

    def __init__(self):
        super().__init__()
        self.standing = dict.fromkeys(CURRENCIES, OPENING)
        self.booked = {}
        """Each line that was ever told, as it was."""
        self.told = {currency: [] for currency in CURRENCIES}
        """The lines of the last statement of each account."""

    def by_bank(self):
        return {
            withdrawal: row
            for withdrawal, row in self.books.withdrawals.items()
            if row["rail"] == "bank_file"
        }

    @precondition(by_bank)
    @rule(data=st.data())
    def is_exported(self, data):
        rows = self.books.withdrawals
        first = self.one_of(data, self.by_bank(), lambda row: row["status"] == "approved")
        others = [
            other
            for other, row in rows.items()
            if row["status"] == "approved"
            and (row["rail"], row["currency"]) == ("bank_file", rows[first]["currency"])
        ]
        more = data.draw(st.lists(st.sampled_from(others or list(rows)), max_size=2))
        self.export({first, *more})

    def export(self, chosen):
        self.both(
            lambda at: self.books.export(chosen),
            own_account(
                lambda at: payout_batch_export(
                    withdrawal_ids=[self.row(one) for one in chosen], by=self.people["staff"], at=at
                )
            ),
            self.keep,
        )

    @precondition(lambda self: self.by_bank() or self.books.invoices)
    @rule(data=st.data(), count=st.integers(1, 3), again=st.booleans(), as_table=st.booleans())
    def the_bank_tells(self, data, count, again, as_table):
        """Of a day, or of more: lines of the last statement are in the next one again."""
        currency = data.draw(st.sampled_from(self.lively()), "currency")
        lines = dict(self.told[currency] if again else [])
        new = [self.booking(data, currency) for _ in range(count)]
        lines.update(line for line in new if line is not None)
        if lines:
            self.tell(currency, lines, as_table=as_table)

    def lively(self):
        """The currencies in which somebody waits for the bank."""
        projects = self.books.projects.values()
        rows = [*self.by_bank().values(), *projects]
        return sorted({row["currency"] for row in rows}) or list(CURRENCIES)

    def booking(self, data, currency):
        kind, off = data.draw(KINDS, "kind"), data.draw(OFF, "off")
        match kind:
            case "paid" | "returned" if rows := self.by_bank():
                return self.booking_of_withdrawal(data, rows, kind, currency, off)
            case "received" if self.books.invoices:
                return self.booking_of_invoice(data, currency, off)
            case "file" if self.books.files:
                file = data.draw(st.sampled_from(list(self.books.files)), "file")
                amount = max(1, self.books.files[file]["total"] + off)
                return self.books.line("file", file, -amount)
        return self.books.line("other", None, data.draw(st.sampled_from([-999, 12_345])))

    def booking_of_withdrawal(self, data, rows, kind, currency, off):
        likely = ("paid", "returned") if kind == "returned" else UNDER_WAY
        withdrawal = self.one_of(
            data, rows, lambda row: row["status"] in likely and row["currency"] == currency
        )
        amount = max(1, rows[withdrawal]["amount"] - rows[withdrawal]["fee"] + off)
        return self.books.line(kind, withdrawal, -amount if kind == "paid" else amount)

    def booking_of_invoice(self, data, currency, off):
        rows = {
            invoice: row
            for invoice, row in self.books.invoices.items()
            if self.project_of(invoice)["currency"] == currency
        }
        invoice = self.one_of(
            data, rows or self.books.invoices, lambda row: row["status"] in PAYABLE
        )
        amount = max(1, self.books.due(invoice) + off)
        account = SENDER if data.draw(st.integers(0, 4), "account") else None
        return self.books.line("received", invoice, amount, account)

    def tell(self, currency, lines, *, as_table):
        """A statement, and its lines matched as their jobs would do it."""
        known = sum(self.books.lines[line]["amount"] for line in lines if line in self.books.lines)
        opening = self.standing[currency] - known
        statement = self.books.handle()
        for line, said in lines.items():
            self.booked.setdefault(line, self.as_booked(line, *said))
        rows = [self.booked[line] for line in lines]
        as_table = as_table and not any(kind == "file" for kind, *_ in lines.values())
        content = (
            table(rows, currency, opening)
            if as_table
            else camt(rows, currency, opening, f"S{statement}")
        )

        @own_account
        def actual(at):
            bank_statement_import(content=content, file_name="statement", by=None, at=at)
            self.match_new_lines(at)

        self.standing[currency] = opening + sum(row["amount"] for row in rows)
        self.told[currency] = list(lines.items())
        self.both(
            lambda at: self.books.take_in(statement, currency, lines, at),
            actual,
            self.keep_transfers,
        )

    def as_booked(self, line, kind, about, amount, account):
        row = {
            "reference": str(line), "amount": amount, "end_to_end_id": "", "text": "Booking",
            "counterparty": account or "", "file": "", "day": self.at.date().isoformat(),
        }  # fmt: skip
        match kind:
            case "paid" | "returned":
                row["end_to_end_id"] = named(Withdrawal.objects.get(pk=self.row(about)))
            case "received":
                row["text"] = f"Invoice {Invoice.objects.get(pk=self.row(about)).number}"
            case "file":
                batch = PayoutBatch.objects.get(pk=self.row(about))
                row["file"] = f"<Btch><PmtInfId>{batch.uuid.hex}</PmtInfId></Btch>"
        return row

    def match_new_lines(self, at):
        """Do the jobs that an import left; those of the lines come before those of their shares."""
        jobs = Job.objects.pending().filter(topic=MATCH)
        while waiting := list(jobs.order_by("pk")):
            for job in waiting:
                bank_line_match(
                    line_id=job.payload["line"],
                    withdrawal_id=job.payload.get("withdrawal"),
                    at=at,
                )
            Job.objects.filter(pk__in=[job.pk for job in waiting]).delete()

    def keep_transfers(self, expected, actual):
        """Remember which payment was made of which line."""
        for line, row in self.books.lines.items():
            for kind, payment, _ in row["matches"]:
                if kind == "received":
                    match = BankMatch.objects.select_related("payment").get(line__reference=line)
                    self.names.name(payment, match.payment)

    @precondition(lambda self: self.books.lines)
    @rule(data=st.data())
    def a_line_is_matched_again(self, data):
        """Its job came twice, or what hindered it is over."""
        rows = self.books.lines
        self.match_again(
            self.one_of(data, rows, lambda row: row["kind"] == "received" or not row["matches"])
        )

    def match_again(self, line):
        def expected(at):
            for share in self.books.match_line(line, at):
                self.books.match_withdrawal(*share, "paid")

        def actual(at):
            row = BankStatementLine.objects.get(reference=line)
            bank_line_match(line_id=row.pk, at=at)
            self.match_new_lines(at)

        self.both(expected, actual, self.keep_transfers)

    def has_transfers(self):
        return any(row["method"] == "transfer" for row in self.books.payments.values())

    @precondition(has_transfers)
    @rule(data=st.data(), share=st.just(None) | SHARES, key=KEYS)
    def goes_back(self, data, share, key):
        rows = self.books.payments
        payment = self.one_of(data, rows, lambda row: row["method"] == "transfer" and row["credit"])
        row, amount = rows[payment], None
        if share is not None:
            amount = max(1, row["credit"] * share // 100)
        self.both(
            lambda at: self.books.transfer_back(payment, amount, key),
            own_account(
                lambda at: transfer_back_request(
                    payment_id=self.row(payment),
                    amount=None if amount is None else money(amount, row["currency"]),
                    request_key=UUID(int=key),
                    by=self.people[row["payer"]],
                    at=at,
                )
            ),
            self.keep,
        )

    def finish(self):
        """At last the bank tells of all that happened, so that its book and ours can be compared."""
        super().finish()
        self.at += dt.timedelta(days=7)
        self.resolve_what_ended()
        for currency in CURRENCIES:
            lines = self.books.what_the_bank_has_not_told(currency)
            if lines or self.told[currency]:
                self.tell(
                    currency, dict([*lines, self.books.line("other", None, -1)]), as_table=True
                )

    def resolve_what_ended(self):
        """No line is matched to what is frozen: staff say first that it ended as it did."""
        for withdrawal, row in self.by_bank().items():
            if row["frozen"] and row["was_paid"]:
                is_paid = row["status"] == "paid"
                self.resolve(withdrawal, is_paid)
                if row["is_large"]:
                    self.confirm(withdrawal, is_paid)
