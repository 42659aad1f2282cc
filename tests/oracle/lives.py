"""The whole machine: its rules, and what usually comes next, so that random lives get somewhere."""

import datetime as dt

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.oracle.books import CLOSED, IN_FLIGHT
from tests.oracle.leaving import UNDER_WAY
from tests.oracle.rules_of_withdrawal import Withdrawals
from tests.oracle.rules_of_work import PROJECTS

MOST_STEPS = 7


class Lives(Withdrawals):
    """All rules, and the usual way from a plan to a bank account."""

    @initialize(data=st.data(), second=st.booleans())
    def begins_in_the_middle(self, data, second):
        """Milestones of a project or two are somewhere between planned and cleared."""
        for _ in range(1 + second):
            self.match(**{name: data.draw(values, name) for name, values in PROJECTS.items()})
        for milestone in list(self.books.milestones):
            for _ in range(data.draw(st.integers(0, MOST_STEPS), "steps")):
                self.next_step_of(milestone)

    @rule(data=st.data(), steps=st.integers(1, MOST_STEPS))
    def a_milestone_goes_on(self, data, steps):
        rows = self.books.milestones
        milestone = self.one_of(data, rows, lambda row: row["status"] not in CLOSED)
        for _ in range(steps):
            self.next_step_of(milestone)

    def next_step_of(self, milestone):
        row, project = self.books.of(milestone)
        invoice = self.books.invoices.get(milestone)
        match row["status"]:
            case "planned" if project["mode"] == "held":
                self.set_aside(milestone, row)
            case "planned" | "funded" | "in_progress" | "changes_requested":
                self.submit(milestone)
            case "in_review":
                self.approve(milestone)
            case "approved" if invoice is None:
                self.issue({milestone})
            case "approved" if project["mode"] == "held":
                self.settle_held(milestone)
            case "approved":
                self.charge(milestone, invoice)
            case "settled" if invoice["waiting"]:
                self.at = max(self.at, dt.datetime.fromtimestamp(invoice["clears"], dt.UTC))
                self.clear({milestone})

    def set_aside(self, milestone, row):
        for payment, of in self.books.payments.items():
            if milestone in of["parts"] and of["status"] in IN_FLIGHT:
                self.conclude(payment)
                return
        self.fund(row["project"], "test_ok", [milestone])

    def charge(self, milestone, invoice):
        for payment in self.books.on_its_way(milestone):
            self.conclude(payment)
            return
        self.pay(milestone, "test_ok", invoice["total"])

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data())
    def a_withdrawal_is_paid(self, data):
        rows = self.books.withdrawals
        withdrawal = self.one_of(data, rows, lambda row: row["status"] in ("approved", *UNDER_WAY))
        self.claim(withdrawal)
        if rows[withdrawal]["status"] in UNDER_WAY:
            self.hear(withdrawal, "paid", fits=True)
