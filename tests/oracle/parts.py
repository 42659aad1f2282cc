"""The oracle's rules of what pays by itself: held funds, and credit that was paid for work before.

What is there pays its part when it is too little, and the rest is open like any invoice.
"""

from tests.oracle.books import PAYABLE
from tests.oracle.paying import Payments


class Parts(Payments):
    """Invoices that are paid, in full or in part, without anybody paying them."""

    def settle_held(self, invoices, at):
        """Pay what is due from what was set aside; a difference is the buyer's credit. One at a time."""
        for invoice in sorted(invoices):
            row = self.invoices[invoice]
            project = self.projects[row["project"]]
            if project["mode"] != "held" or row["status"] not in PAYABLE:
                continue
            credit = max(0, self.free(project["buyer"], "credit", project["currency"]))
            if not self.is_worked_off(invoice):
                self.pay_from_held(invoice, credit, at)
            elif self.due(invoice) <= credit and not self.on_its_way(invoice):
                self.pay_from_credit(invoice, at)

    def pay_from_held(self, invoice, credit, at):
        row = self.invoices[invoice]
        project, [milestone] = self.projects[row["project"]], row["about"]
        aside, due = self.set_aside(milestone), self.due(invoice)
        held = ("milestone", milestone), "held", project["currency"]
        funding = self.milestones[milestone]["funding"]
        if due - aside > credit:
            if aside:
                self.pay_part(invoice, aside, "held", held, at)
        else:
            legs = (held, -aside), ((project["buyer"], "credit", project["currency"]), aside - due)
            self.settle(invoice, [leg for leg in legs if leg[1]], at, funding)
            self.payments[funding]["back"] += max(0, aside - due)
        self.milestones[milestone]["spent"] = min(aside, due)

    def pay_part(self, invoice, amount, method, source, at):
        row = self.invoices[invoice]
        part = self.note_down(
            self.projects[row["project"]], amount, method, invoice=invoice
        )  # fmt: skip
        self.payments[part].update(
            status="succeeded", outcome="part", received=amount, ended=at, automatic=True
        )
        self.earn(invoice, self.share(invoice, amount), [(source, -amount)], at, part)
        row["part"], row["part_payment"] = amount, part
        self.events[f"a part is paid from {method}"] += 1

    def pay_from_credit(self, invoice, at):
        project = self.projects[self.invoices[invoice]["project"]]
        due = self.due(invoice)
        payment = self.note_down(project, due, "credit", invoice=invoice)
        self.payments[payment]["automatic"] = True
        self.receive(payment, due, at)
        self.events["credit pays an invoice by itself"] += 1

    def pay_again(self, invoice, back, at):
        """Money that was paid for the same work before pays as much as it can."""
        project = self.projects[self.invoices[invoice]["project"]]
        credit = project["buyer"], "credit", project["currency"]
        there = min(back, self.free(*credit))
        enough = self.free(*credit) if project["mode"] == "held" else there
        if self.due(invoice) <= enough:
            self.pay_from_credit(invoice, at)
        elif there > 0:
            self.pay_part(invoice, there, "credit", credit, at)
