"""The oracle's rules of credit notes, which take back invoices or parts of them, and of objections."""

from copy import deepcopy

from tests.oracle.books import DAY, PAYABLE, half_up, need
from tests.oracle.leaving import TERMS, Wallets

OBJECTION_DAYS = 10


class Notes(Wallets):
    """Notes, whose money they move, and the invoices that stand for those that nothing is left of."""

    def object(self, invoice, at):
        row = self.invoices[invoice]
        need(row["status"] != "credited", "AlreadyCredited")
        need(not row["objected"], "AlreadyObjected")
        need(at // DAY <= row["issued"] + OBJECTION_DAYS, "ObjectionTooLate")
        row["objected"] = True

    def credit_note(self, invoice, amount, at, *, by, is_seconded=False):
        """Take back an amount before tax, or all that is left; `by` is "seller" or "staff".

        A debt is safe as far as money on its way to the seller will pay it. Only staff let more
        than before be unsafe: sellers try it on a copy of the books.
        """
        if by == "seller":
            unsafe = self.unsafe_debt(invoice)
            trial = deepcopy(self)
            trial.credit(invoice, amount, at, by)
            need(trial.unsafe_debt(invoice) <= unsafe, "NotCovered")
        elif not is_seconded:
            self.refuse_one_person(invoice, amount)
        return self.credit(invoice, amount, at, by)

    def unsafe_debt(self, invoice):
        project = self.projects[self.invoices[invoice]["project"]]
        seller, currency = project["seller"], project["currency"]
        debt = -self.balances[seller, "debt", currency]
        waiting = sum(self.clearings[one]["left"] for one in self.waiting_of(seller, currency))
        return debt - min(debt, waiting)

    def refuse_one_person(self, invoice, amount):
        """Above the limit staff act in twos, or on the seller's word; what they have credited of it
        counts together."""
        gross, tax = self.part_of(invoice, amount)
        before = [n for n in self.notes.values() if (n["invoice"], n["by"]) == (invoice, "staff")]
        project = self.projects[self.invoices[invoice]["project"]]
        limit = TERMS[project["currency"]][2]
        is_small = sum(n["total"] for n in before) + gross + tax <= limit
        need(is_small or self.invoices[invoice]["objected"], "SecondPersonRequired")

    def is_replaced(self, invoice, amount):
        """Whether another one is issued for it: its seller objected, and nothing is left of it."""
        row = self.invoices[invoice]
        return row["objected"] and amount in (None, row["gross"] - row["credited"])

    def part_of(self, invoice, amount):
        """What is taken back before tax, and the tax of it, which adds up over all notes."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        need(not self.on_its_way(invoice), "PaymentInProgress")
        is_running = project["method"] == "completion" and project["status"] != "completed"
        need(not is_running or self.is_replaced(invoice, amount), "CompletionNotOver")
        need(row["status"] != "credited", "AlreadyCredited")
        left = row["gross"] - row["credited"]
        gross = left if amount is None else amount
        need(0 < gross <= left, "CreditTooHigh")
        tax = half_up(row["percent"] * (row["credited"] + gross), 100) - row["credited_tax"]
        return gross, tax

    def credit(self, invoice, amount, at, by):
        gross, tax = self.part_of(invoice, amount)
        row, is_replaced = self.invoices[invoice], self.is_replaced(invoice, amount)
        part = self.undo_part(invoice)
        fee_before, is_paid = self.left(invoice)[2], row["status"] == "paid"
        note = self.write_note(invoice, gross, tax, at, by)
        corrected = self.issue_anew(invoice, at) if is_replaced else None
        self.notes[note]["corrected"] = corrected
        if is_paid:
            self.bring_back(invoice, self.notes[note])
        else:
            self.post_rounding(
                invoice, fee_before - self.left(invoice)[2] - self.notes[note]["fee"]
            )
        if corrected is None:
            self.conclude_crediting(invoice, part, at)
        elif is_paid or part:
            self.pay_again(corrected, self.paid_back(invoice) + part, at)
        return note

    def write_note(self, invoice, gross, tax, at, by):
        row = self.invoices[invoice]
        project, is_paid = self.projects[row["project"]], row["status"] == "paid"
        project["invoiced"] -= gross
        fee = project["fees"] - half_up(project["rate"] * project["invoiced"], 10_000)
        project["fees"] -= fee
        row["credited"] += gross
        row["credited_tax"] += tax
        row["credited_fee"] += fee
        if row["credited"] == row["gross"]:
            row["status"] = "credited"
            if row["kind"] == "manual" and not row["about"]:
                project["extra_invoiced"] -= row["gross"]
        note = self.handle()
        self.notes[note] = {
            "invoice": invoice, "gross": gross, "tax": tax, "total": gross + tax, "fee": fee,
            "net": gross + tax - fee, "by": by, "is_paid": is_paid,
            "number": self.number(project["seller"], "credit_note", at),
        }  # fmt: skip
        return note

    def issue_anew(self, invoice, at):
        """The same work with the tax and the fee of the day."""
        row = self.invoices[invoice]
        if row["kind"] == "manual" and not row["about"]:
            self.note_extra(row["project"], row["gross"])
        self.events[f"a corrected invoice is issued, {row['kind']}"] += 1
        return self.write(row["project"], row["kind"], row["about"], row["gross"], at)

    def paid_back(self, invoice):
        notes = [note for note in self.notes.values() if note["invoice"] == invoice]
        return sum(note["total"] for note in notes if note["is_paid"])

    def undo_part(self, invoice):
        """What a part has paid is the buyer's credit again, before a note; how much that is."""
        row = self.invoices[invoice]
        if row["status"] not in PAYABLE or not row["part"]:
            return 0
        amount, tax, fee = self.share(invoice, row["part"])
        project = self.projects[row["project"]]
        currency = project["currency"]
        self.take(
            invoice,
            amount - fee,
            ((project["buyer"], "credit", currency), amount),
            (("platform", "fees", currency), -fee),
        )
        self.lifetime[project["seller"], currency] -= amount - fee - tax
        if self.payments[row["part_payment"]]["method"] == "held":
            self.held_comes_back(invoice, amount)
        row["part"] = 0
        self.events["a part is undone"] += 1
        return amount

    def held_comes_back(self, invoice, amount):
        """Along the payment that funded it, as far as its milestone was paid by that."""
        for milestone in self.invoices[invoice]["about"]:
            row = self.milestones[milestone]
            part = min(amount, row["spent"])
            if part:
                row["spent"] -= part
                self.payments[row["funding"]]["back"] += part

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
        self.held_comes_back(invoice, note["total"])
        payment = self.payments[row["payment"]]
        if not payment["parts"]:
            payment["back"] += note["total"]
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
        waiting = [self.clearings[one] for one in self.waiting_of(owner, currency, invoice)]
        pending = min(amount, sum(row["left"] for row in waiting))
        pending = max(0, pending)
        rest = amount - pending
        available = rest if rest < 0 else min(rest, max(0, self.free(owner, "available", currency)))
        self.move(
            *legs,
            ((owner, "pending", currency), -pending),
            ((owner, "available", currency), -available),
            ((owner, "debt", currency), available - rest),
        )
        for row in waiting:
            part = min(pending, row["left"])
            row["left"] -= part
            pending -= part

    def waiting_of(self, owner, currency, invoice=None):
        """What clears of this invoice first, then what clears last."""
        found = [
            (row["invoice"] == invoice, row["at"], one)
            for one, row in self.clearings.items()
            if row["left"] and (row["owner"], row["currency"]) == (owner, currency)
        ]
        return [one for *_, one in sorted(found, reverse=True)]

    def conclude_crediting(self, invoice, part, at):
        """What is left of it is paid by what paid a part of it, or by held funds if they suffice now;
        what nothing is left of is over."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        if row["status"] in PAYABLE and part:
            self.pay_again(invoice, part, at)
        elif row["status"] in PAYABLE:
            self.settle_held([invoice], at)
        for milestone in row["about"]:
            if row["status"] == "credited" and self.milestones[milestone]["status"] == "approved":
                if project["mode"] == "held":
                    self.become_credit(milestone, self.set_aside(milestone))
                self.milestones[milestone]["status"] = "settled"
                self.complete(row["project"])
