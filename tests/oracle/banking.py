"""The oracle's rules of the operator's bank: statements, transfers for invoices, and back."""

from tests.oracle.books import PAYABLE, need
from tests.oracle.crediting import Notes
from tests.oracle.leaving import UNDER_WAY

GONE_BACK = ("rejected", "cancelled", "returned")


class Bank(Notes):
    """What the lines of statements do, each once however often it is told."""

    def __init__(self):
        super().__init__()
        self.lines, self.files, self.statements = {}, {}, []

    def line(self, kind, about, amount, account=None):
        """A booking: "paid" or "returned" name a withdrawal, "file" a payment file, "received" an
        invoice and the account that the money came from, "other" nothing. The bank knows it by its
        handle before anybody here has heard of it."""
        return self.handle(), (kind, about, amount, account)

    def export(self, withdrawals):
        """A payment file of approved withdrawals of one currency."""
        rows = [self.withdrawals[one] for one in withdrawals]
        is_one = {row["rail"] for row in rows} == {"bank_file"}
        need(is_one and len({row["currency"] for row in rows}) == 1, "BatchMixed")
        for row in rows:
            is_ready = row["status"] == "approved" and not row["frozen"]
            need(is_ready, "WithdrawalTransitionRefused")
        for row in rows:
            self.send(row)
        file = self.handle()
        self.files[file] = {
            "currency": rows[0]["currency"],
            "withdrawals": sorted(withdrawals),
            "total": sum(row["amount"] - row["fee"] for row in rows),
        }
        return file

    def take_in(self, statement, currency, lines, at):
        """A statement of an account; its new lines are matched in their order, files after them."""
        if statement in self.statements:
            return
        self.statements.append(statement)
        new = [line for line in lines if line not in self.lines]
        for line in new:
            kind, about, amount, account = lines[line]
            self.lines[line] = {
                "kind": kind, "about": about, "amount": amount, "account": account,
                "currency": currency, "matches": [],
            }  # fmt: skip
        shares = [share for line in new for share in self.match_line(line, at)]
        for line, withdrawal in shares:
            self.match_withdrawal(line, withdrawal, "paid")

    def match_line(self, line, at):
        """Do what a line says, unless it was done; the shares of a payment file that it is."""
        row = self.lines[line]
        if row["matches"]:
            return []
        if row["kind"] in ("paid", "returned"):
            self.match_withdrawal(line, row["about"], row["kind"])
        elif row["kind"] == "received":
            self.match_invoice(line, row["about"], at)
        elif row["kind"] == "file":
            file = self.files[row["about"]]
            if (file["total"], file["currency"]) == (-row["amount"], row["currency"]):
                return [(line, one) for one in file["withdrawals"]]
        return []

    def match_withdrawal(self, line, withdrawal, kind):
        """Money out pays it, money in brings it back; what does not fit leaves it to staff."""
        of, row = self.lines[line], self.withdrawals[withdrawal]
        is_known = any(match[1] == withdrawal for match in of["matches"])
        fits = (row["rail"], row["currency"]) == ("bank_file", of["currency"])
        if is_known or not fits or row["frozen"]:
            return
        net = row["amount"] - row["fee"]
        is_late = not row["was_paid"] and row["status"] not in UNDER_WAY
        is_other = of["kind"] != "file" and abs(of["amount"]) != net
        if kind in row["lines"] or not row["is_sent"] or is_late or is_other:
            self.freeze_row(row)
            return
        row["lines"].append(kind)
        of["matches"].append((kind, withdrawal, -net if kind == "paid" else net))
        if row["status"] in UNDER_WAY:
            self.leave(row)
        if kind == "returned" and row["status"] == "paid":
            self.come_back(row)

    def match_invoice(self, line, invoice, at):
        """A payment of the invoice; of one that held funds pay, or that is over, it is credit."""
        of, row = self.lines[line], self.invoices[invoice]
        project = self.projects[row["project"]]
        if project["currency"] != of["currency"] or self.on_its_way(invoice):
            return
        asked, is_open = row["total"], row["status"] in PAYABLE
        about = invoice
        if is_open and project["mode"] == "held" and not row["part"]:
            asked, about = of["amount"], None
        elif is_open:
            asked = self.due(invoice)
        payment = self.begin(project, asked, "transfer", at, invoice=about)
        self.payments[payment]["account"] = of["account"]
        of["matches"].append(("received", payment, of["amount"]))
        self.receive(payment, of["amount"], at)

    def is_credit_still(self, payment):
        """How much of a payment's money is still credit: what was spent is what came in first."""
        of = self.payments[payment]
        sources = [
            (row["ended"], one)
            for one, row in self.payments.items()
            if self.is_source(row)
            and (row["payer"], row["currency"]) == (of["payer"], of["currency"])
        ]
        there = self.free(of["payer"], "credit", of["currency"])
        for _, one in sorted(sources, reverse=True):
            left = max(0, min(self.brought(one), there))
            if one == payment:
                return left
            there -= left
        return 0

    def is_source(self, row):
        """Whether a payment brought money from outside."""
        return row["status"] == "succeeded" and row["method"] not in ("credit", "held")

    def brought(self, payment):
        """What it brought to credit and has not gone back along it, or is on its way."""
        row = self.payments[payment]
        gone = sum(
            one["amount"]
            for one in self.withdrawals.values()
            if one["payment"] == payment and one["status"] not in GONE_BACK
        )
        return min(row["received"], row["credit"] + row["back"]) - gone

    def transfer_back(self, payment, amount, key):
        """Credit that goes back to the account which a transfer came from: a withdrawal of credit."""
        row = self.payments[payment]
        mine = {
            one["key"]: (handle, one["payment"])
            for handle, one in self.withdrawals.items()
            if one["owner"] == row["payer"]
        }
        handle, along = mine.get(key, (None, None))
        if along == payment:
            return handle
        need(row["method"] == "transfer", "CameByProvider")
        need(row["account"], "TransferAccountUnknown")
        left = self.is_credit_still(payment)
        need(left > 0, "NothingToTakeBack")
        amount = left if amount is None else amount
        need(amount <= left, "InsufficientFunds")
        need(handle is None, "TakeBackInProgress")
        owner, currency = row["payer"], row["currency"]
        return self.begin_to_leave(
            owner, "credit", currency, amount, 0, key, "bank_file", payment=payment
        )

    def what_the_bank_has_not_told(self, currency):
        """The lines that are missing about withdrawals that were paid or came back."""
        lines = []
        for withdrawal, row in self.withdrawals.items():
            if (row["rail"], row["currency"]) != ("bank_file", currency) or not row["was_paid"]:
                continue
            net = row["amount"] - row["fee"]
            if "paid" not in row["lines"]:
                lines.append(self.line("paid", withdrawal, -net))
            if row["status"] == "returned" and "returned" not in row["lines"]:
                lines.append(self.line("returned", withdrawal, net))
        return lines
