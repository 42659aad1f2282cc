"""The oracle's rules of credit notes, which take back invoices or parts of them."""

from copy import deepcopy

from tests.oracle.books import PAYABLE, Refused, half_up, need
from tests.oracle.leaving import TERMS, Wallets


class Notes(Wallets):
    """Notes, and whose money they move."""

    def credit_note(self, invoice, amount, at, *, by, is_seconded=False):
        """Take back an amount before tax, or all that is left; `by` is "seller" or "staff".

        A debt is safe as far as money on its way to the seller will pay it. Only staff let more
        than before be unsafe: sellers try it on a copy of the books.
        """
        if by == "seller":
            unsafe = self.unsafe_debt(invoice)
            trial = deepcopy(self)
            trial.note_down(invoice, amount, at, by)
            need(trial.unsafe_debt(invoice) <= unsafe, "NotCovered")
        elif not is_seconded:
            self.refuse_one_person(invoice, amount)
        return self.note_down(invoice, amount, at, by)

    def unsafe_debt(self, invoice):
        project = self.projects[self.invoices[invoice]["project"]]
        seller, currency = project["seller"], project["currency"]
        debt = -self.balances[seller, "debt", currency]
        waiting = sum(
            row["waiting"]
            for row in self.invoices.values()
            if self.projects[row["project"]]["seller"] == seller
            and self.projects[row["project"]]["currency"] == currency
        )
        return debt - min(debt, waiting)

    def refuse_one_person(self, invoice, amount):
        """Above the limit staff act in twos; what they have credited of it counts together."""
        gross, tax = self.part_of(invoice, amount)
        before = [n for n in self.notes.values() if (n["invoice"], n["by"]) == (invoice, "staff")]
        project = self.projects[self.invoices[invoice]["project"]]
        limit = TERMS[project["currency"]][2]
        need(sum(n["total"] for n in before) + gross + tax <= limit, "SecondPersonRequired")

    def part_of(self, invoice, amount):
        """What is taken back before tax, and the tax of it, which adds up over all notes."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        need(not self.on_its_way(invoice), "PaymentInProgress")
        is_running = project["method"] == "completion" and project["status"] != "completed"
        need(not is_running, "CompletionNotOver")
        need(row["status"] != "credited", "AlreadyCredited")
        left = row["gross"] - row["credited"]
        gross = left if amount is None else amount
        need(0 < gross <= left, "CreditTooHigh")
        tax = half_up(row["percent"] * (row["credited"] + gross), 100) - row["credited_tax"]
        return gross, tax

    def note_down(self, invoice, amount, at, by):
        gross, tax = self.part_of(invoice, amount)
        row = self.invoices[invoice]
        project, fee_before = self.projects[row["project"]], self.due_fee(invoice)
        project["invoiced"] -= gross
        fee = project["fees"] - half_up(project["rate"] * project["invoiced"], 10_000)
        project["fees"] -= fee
        row["credited"] += gross
        row["credited_tax"] += tax
        row["credited_fee"] += fee
        note = self.handle()
        self.notes[note] = {
            "invoice": invoice, "gross": gross, "tax": tax, "total": gross + tax, "fee": fee,
            "net": gross + tax - fee, "by": by,
            "number": self.number(project["seller"], "credit_note", at),
        }  # fmt: skip
        is_paid = row["status"] == "paid"
        if row["credited"] == row["gross"]:
            row["status"] = "credited"
        if is_paid:
            self.bring_back(invoice, self.notes[note])
        else:
            self.post_rounding(invoice, fee_before - self.due_fee(invoice) - fee)
            self.conclude_crediting(invoice, at)
        return note

    def bring_back(self, invoice, note):
        """What was paid is the buyer's credit again, along the payment that brought it."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        seller, currency = project["seller"], project["currency"]
        self.take(
            invoice,
            note["net"],
            ((project["buyer"], "credit", currency), note["total"]),
            (("platform", "fees", currency), -note["fee"]),
        )
        self.payments[row["payment"]]["back"] += note["total"]
        is_last = row["status"] == "credited"
        lost = row["earned"] if is_last else min(note["gross"] - note["fee"], row["earned"])
        row["earned"] -= lost
        self.lifetime[seller, currency] -= lost

    def post_rounding(self, invoice, amount):
        """What the fees of the project need more than the unpaid invoice has lost; mostly nothing."""
        if amount:
            currency = self.projects[self.invoices[invoice]["project"]]["currency"]
            self.take(invoice, amount, (("platform", "fees", currency), amount))

    def take(self, invoice, amount, *legs):
        """From what the seller has pending, then available, then as debt; given, it is available."""
        project = self.projects[self.invoices[invoice]["project"]]
        owner, currency = project["seller"], project["currency"]
        waiting = self.waiting_of(owner, currency, invoice)
        pending = min(amount, sum(self.invoices[i]["waiting"] for i in waiting))
        pending = max(0, pending)
        rest = amount - pending
        available = rest if rest < 0 else min(rest, max(0, self.free(owner, "available", currency)))
        self.move(
            *legs,
            ((owner, "pending", currency), -pending),
            ((owner, "available", currency), -available),
            ((owner, "debt", currency), available - rest),
        )
        for one in waiting:
            part = min(pending, self.invoices[one]["waiting"])
            self.invoices[one]["waiting"] -= part
            pending -= part

    def waiting_of(self, owner, currency, invoice):
        """What clears of this invoice first, then what clears last."""
        found = []
        for one, row in self.invoices.items():
            project = self.projects[row["project"]]
            if row["waiting"] and (project["seller"], project["currency"]) == (owner, currency):
                found.append((one == invoice, row["clears"], row["settled"], one))
        return [one for *_, one in sorted(found, reverse=True)]

    def conclude_crediting(self, invoice, at):
        """What is left of it is paid if held funds suffice now; what nothing is left of is over."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        if row["status"] in PAYABLE:
            try:
                self.settle_held([invoice], at)
            except Refused:
                return
        if row["status"] != "credited":
            return
        [milestone] = row["about"]
        if project["mode"] == "held":
            self.become_credit(milestone, self.set_aside(milestone))
        self.milestones[milestone]["status"] = "settled"
        self.complete(row["project"])
