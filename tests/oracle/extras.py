"""The oracle's rules of work beside the milestones: agreed sums, and invoices by hand within them."""

from tests.oracle.billing import Bills
from tests.oracle.books import half_up, need

HUNDREDTHS = 100


class Extras(Bills):
    """Drafts of lines, which are an invoice once they are sent."""

    def agree_extra(self, project, amount):
        row = self.projects[project]
        need(row["mode"] == "on_invoice", "FundsHeld")
        need(row["status"] != "awaiting_upfront", "ProjectNotStarted")
        row["agreed"] += amount
        row["extra"] += amount

    def draft(self, project, lines):
        """`lines` are quantities in hundredths and prices; each is rounded by itself."""
        amount, draft = self.sum_of(lines), self.handle()
        self.drafts[draft] = {"project": project, "amount": amount, "status": "draft"}
        return draft

    def sum_of(self, lines):
        amounts = [half_up(quantity * price, HUNDREDTHS) for quantity, price in lines]
        need(amounts and all(amounts), "Invalid")
        return sum(amounts)

    def change_draft(self, draft, lines):
        row = self.drafts[draft]
        need(row["status"] == "draft", "DraftTransitionRefused")
        row["amount"] = self.sum_of(lines)

    def cancel_draft(self, draft):
        row = self.drafts[draft]
        need(row["status"] == "draft", "DraftTransitionRefused")
        row["status"] = "cancelled"

    def send_draft(self, draft, at):
        """What was agreed and not invoiced yet is the most that can be sent."""
        row = self.drafts[draft]
        need(row["status"] == "draft", "DraftTransitionRefused")
        self.note_extra(row["project"], row["amount"])
        row["status"] = "sent"
        self.events["extra work is invoiced"] += 1
        return self.write(row["project"], "manual", [], row["amount"], at)

    def note_extra(self, project, amount):
        of = self.projects[project]
        need(amount <= of["extra"] - of["extra_invoiced"], "ExceedsAgreed")
        of["extra_invoiced"] += amount
