"""The oracle's rules of money that comes in: for invoices, for milestones, and what is left over."""

from tests.oracle.books import IN_FLIGHT, PAYABLE, Refused, need
from tests.oracle.extras import Extras


class Payments(Extras):
    """Payments by provider or credit from their begin to their end."""

    def pay(self, invoice, method, at, amount=None):
        """Begin to pay an invoice, by what the provider calls the method, or at once by credit."""
        row = self.invoices[invoice]
        project, due = self.projects[row["project"]], self.due(invoice)
        need(row["status"] != "credited", "InvoiceCredited")
        need(row["status"] != "paid", "AlreadyPaid")
        need(project["mode"] == "on_invoice" or row["part"], "PaidFromHeldFunds")
        need(not self.on_its_way(invoice), "PaymentInProgress")
        need(amount is None or amount == due, "AmountMismatch")
        return self.begin(project, due, method, at, invoice=invoice)

    def pay_automatically(self, invoice, method, at):
        """The handle of the payment, a new one or the one that is under way; None without need."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        if not project["auto"] or project["mode"] != "on_invoice":
            return None
        for payment in self.on_its_way(invoice):
            return payment if self.payments[payment]["automatic"] else None
        if row["status"] not in PAYABLE:
            return None
        payment = self.begin(project, self.due(invoice), method, at, invoice=invoice)
        self.payments[payment]["automatic"] = True
        return payment

    def on_its_way(self, invoice):
        return [
            payment
            for payment, row in self.payments.items()
            if row["invoice"] == invoice and row["status"] in IN_FLIGHT
        ]

    def fund(self, project, method, at, chosen=None):
        """Begin to set aside the prices, with tax, of the milestones chosen, or of all planned."""
        of = self.projects[project]
        need(of["mode"] == "held", "NotHeld")
        pending = {
            milestone
            for row in self.payments.values()
            if row["status"] in IN_FLIGHT
            for milestone in row["parts"]
            if self.milestones[milestone]["project"] == project
        }
        planned = [m for m in self.plan(project) if self.milestones[m]["status"] == "planned"]
        wanted = [m for m in planned if m not in pending] if chosen is None else chosen
        need(not pending & set(wanted), "PaymentInProgress")
        if of["status"] != "active" or not wanted:
            raise Refused("PaymentInProgress" if pending else "NothingToFund")
        need(set(wanted) <= set(planned), "MilestoneTransitionRefused")
        parts = {}
        for milestone in sorted(wanted, key=lambda m: self.milestones[m]["position"]):
            price = self.milestones[milestone]["price"]
            parts[milestone] = self.with_tax(of, price)
        return self.begin(of, sum(parts.values()), method, at, parts=parts)

    def note_down(self, project, amount, method, *, invoice=None, parts=None):
        payment = self.handle()
        self.payments[payment] = {
            "invoice": invoice, "parts": parts or {}, "payer": project["buyer"],
            "currency": project["currency"], "amount": amount, "method": method,
            "status": "processing", "outcome": "", "received": None, "automatic": False,
            "ended": None, "credit": 0, "back": 0, "account": None,
        }  # fmt: skip
        return payment

    def begin(self, project, amount, method, at, *, invoice=None, parts=None):
        if method == "credit":
            free = self.free(project["buyer"], "credit", project["currency"])
            need(free >= amount, "InsufficientFunds")
        payment = self.note_down(project, amount, method, invoice=invoice, parts=parts)
        if method == "credit":
            self.conclude(payment, amount, at)
        return payment

    def conclude(self, payment, received, at):
        """What arrived, 0 when it was declined, None while nobody knows."""
        row = self.payments[payment]
        if row["status"] not in IN_FLIGHT:
            return
        if received is None:
            row["status"] = "uncertain"
        elif not received:
            row["status"] = "failed"
            if row["automatic"] and self.invoices[row["invoice"]]["status"] in PAYABLE:
                self.invoices[row["invoice"]]["status"] = "on_hold"
        else:
            self.receive(payment, received, at)

    def receive(self, payment, received, at):
        """What is too much, too little or too late is the payer's credit."""
        row = self.payments[payment]
        asked, currency = row["amount"], row["currency"]
        row["status"], row["received"], row["ended"] = "succeeded", received, at
        row["outcome"] = "exact" if received == asked else "over" if received > asked else "short"
        credit, invoice = (row["payer"], "credit", currency), row["invoice"]
        sources = {"credit": credit, "transfer": ("bank", "outside", currency)}
        source = sources.get(row["method"], ("sandbox", "outside", currency))
        if invoice is not None and self.invoices[invoice]["status"] not in PAYABLE:
            row["outcome"] = "double"
        if invoice is not None and row["outcome"] in ("exact", "over"):
            row["credit"] = received - self.due(invoice)
            self.settle(invoice, [(source, -received), (credit, row["credit"])], at, payment)
            return
        left, held = received, []
        for milestone, amount in row["parts"].items():
            is_planned = self.milestones[milestone]["status"] == "planned"
            if not is_planned:
                row["outcome"] = "late"
            if is_planned and amount <= left:
                left -= amount
                held.append(((("milestone", milestone), "held", currency), amount))
                self.milestones[milestone]["status"] = "funded"
                self.milestones[milestone]["funding"] = payment
        row["credit"] = left
        self.move((source, -received), *held, (credit, left))
