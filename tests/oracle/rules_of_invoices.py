"""Issuing, settling and clearing invoices, as rules of the machine."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from invoicing.services import (
    invoice_issue_for,
    invoices_become_overdue,
    invoices_issue,
    upfronts_issue,
)
from tests.oracle.books import PAYABLE
from tests.oracle.rules_of_work import Work, when
from wallets.services import clearings_finish, held_settle


class Invoices(Work):
    """Rules from the approval to the invoice that is settled."""

    @precondition(lambda self: any(row["approved"] for row in self.books.milestones.values()))
    @rule(data=st.data())
    def invoices_are_issued(self, data):
        chosen = data.draw(st.sets(st.sampled_from(list(self.books.milestones)), min_size=1))
        self.issue(chosen)

    def issue(self, chosen):
        self.both(
            lambda at: self.books.issue(chosen, at),
            lambda at: invoices_issue(milestone_ids=[self.row(m) for m in chosen], at=at),
            self.keep_invoices,
        )

    def is_awaiting(self):
        return any(when(row, "awaiting_upfront") for row in self.books.projects.values())

    @precondition(is_awaiting)
    @rule(data=st.data())
    def upfronts_are_issued(self, data):
        chosen = data.draw(st.sets(st.sampled_from(list(self.books.projects)), min_size=1))
        self.issue_upfront(chosen)

    def issue_upfront(self, chosen):
        self.both(
            lambda at: self.books.issue_upfront(chosen, at),
            lambda at: upfronts_issue(project_ids=[self.row(p) for p in chosen], at=at),
            self.keep_invoices,
        )

    @precondition(lambda self: any(row["approved"] for row in self.books.milestones.values()))
    @rule(data=st.data(), side=st.sampled_from(["seller", "seller", "seller", "buyer"]))
    def is_invoiced_by_hand(self, data, side):
        milestone = self.one_of(data, self.books.milestones, self.may_be_invoiced)
        self.issue_by_hand(milestone, side)

    def may_be_invoiced(self, row):
        return row["share"] is not None and row["status"] == "approved"

    def issue_by_hand(self, milestone, side):
        by = self.books.of(milestone)[1][side]
        self.both(
            lambda at: [self.books.issue_by_hand(milestone, by, at)],
            lambda at: invoice_issue_for(
                milestone_id=self.row(milestone), by=self.people[by], at=at
            )[:1],
            self.keep_invoices,
        )

    @precondition(lambda self: any(when(row, "sent") for row in self.books.invoices.values()))
    @rule()
    def invoices_fall_due(self):
        self.both(self.books.fall_due, lambda at: invoices_become_overdue(at=at))

    @precondition(lambda self: self.books.invoices)
    @rule(data=st.data())
    def held_funds_pay(self, data):
        self.settle_held(self.one_of(data, self.books.invoices))

    def settle_held(self, invoice):
        self.both(
            lambda at: self.books.settle_held([invoice], at),
            lambda at: held_settle(invoice_ids=[self.row(invoice)], at=at),
        )

    @precondition(lambda self: any(row["left"] for row in self.books.clearings.values()))
    @rule(data=st.data())
    def money_clears(self, data):
        self.clear(data.draw(st.sets(st.sampled_from(list(self.books.invoices)), min_size=1)))

    def clear(self, chosen):
        self.both(
            lambda at: self.books.clear(chosen, at),
            lambda at: clearings_finish(
                invoice_ids=[self.row(invoice) for invoice in chosen], at=at
            ),
        )  # fmt: skip

    def finish(self):
        super().finish()
        self.issue_upfront(set(self.books.projects))
        self.issue(set(self.books.milestones))
        for invoice, row in sorted(self.books.invoices.items()):
            if row["status"] in PAYABLE and self.project_of(invoice)["mode"] == "held":
                self.settle_held(invoice)
