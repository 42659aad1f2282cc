"""Held money that goes back, given or asked for, as rules of the machine."""

import datetime as dt

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gigs.services import refund_decline, refund_request, refund_withdraw
from tests.oracle.rules_of_payment import Payments
from tests.oracle.rules_of_work import money
from wallets.services import funds_give_back, refund_agree, refund_conclude

SHARES = st.sampled_from([None, 0, 100]) | st.integers(1, 101)


class Refunds(Payments):
    """Rules of what is held and goes back to credit."""

    def holds_funds(self):
        return any(amount for (_, kind, _), amount in self.books.balances.items() if kind == "held")

    @precondition(holds_funds)
    @rule(data=st.data(), share=SHARES)
    def gives_back(self, data, share):
        milestone = self.milestone(data, "funded", "in_progress", "in_review", "changes_requested")
        row, of = self.books.of(milestone)
        amount = None if share is None else row["price"] * share // 100
        self.both(
            lambda at: self.books.give_back(milestone, amount),
            lambda at: funds_give_back(
                milestone_id=self.row(milestone),
                amount=None if amount is None else money(amount, of["currency"]),
                by=self.people[of["seller"]],
                at=at,
            ),
        )

    @precondition(holds_funds)
    @rule(data=st.data())
    def asks_for_the_money(self, data):
        milestone = self.milestone(data, "funded", "in_progress")
        self.both(
            lambda at: self.books.ask_for_refund(milestone, at),
            lambda at: refund_request(
                milestone_id=self.row(milestone),
                reason="Plans changed.",
                by=self.user_of(milestone, "buyer"),
                at=at,
            ),
            self.keep,
        )

    @precondition(lambda self: self.books.refunds)
    @rule(data=st.data(), status=st.sampled_from(["agreed", "declined", "withdrawn"]))
    def answers_the_request(self, data, status):
        request = self.one_of(data, self.books.refunds, lambda row: row["status"] == "open")
        milestone = self.books.refunds[request]["milestone"]
        about = {
            "milestone_id": self.row(milestone),
            "by": self.user_of(milestone, "buyer" if status == "withdrawn" else "seller"),
        }
        services = {
            "agreed": lambda at: refund_agree(at=at, **about),
            "declined": lambda at: refund_decline(answer="No.", at=at, **about),
            "withdrawn": lambda at: refund_withdraw(at=at, **about),
        }
        self.both(lambda at: self.books.answer_refund(milestone, status), services[status])

    @precondition(lambda self: self.books.refunds)
    @rule(data=st.data(), late=st.booleans())
    def the_request_times_out(self, data, late):
        request = self.one_of(data, self.books.refunds, lambda row: row["status"] == "open")
        if late:
            ends = dt.datetime.fromtimestamp(self.books.refunds[request]["ends"], dt.UTC)
            self.at = max(self.at, ends)
        self.both(
            lambda at: self.books.time_out_refund(request, at),
            lambda at: refund_conclude(request_id=self.row(request), at=at),
        )
