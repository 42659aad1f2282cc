"""Taking invoices back by credit notes, as rules of the machine."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.oracle.rules_of_withdrawal import Withdrawals
from tests.oracle.rules_of_work import money
from wallets.services import invoice_credit

PARTS = st.sampled_from([None, None, 0]) | st.integers(1, 101)


class Crediting(Withdrawals):
    """Rules of notes, by the freelancer, by staff, and by two of them."""

    @precondition(lambda self: self.books.invoices)
    @rule(
        data=st.data(),
        share=PARTS,
        by=st.sampled_from(["seller", "seller", "staff"]),
        is_seconded=st.booleans(),
    )
    def an_invoice_is_credited(self, data, share, by, is_seconded):
        rows = self.books.invoices
        invoice = self.one_of(data, rows, lambda row: row["status"] != "credited")
        row = rows[invoice]
        left = row["gross"] - row["credited"]
        self.credit(invoice, None if share is None else left * share // 100, by, is_seconded)

    @precondition(lambda self: any(row["waiting"] for row in self.books.invoices.values()))
    @rule(data=st.data(), share=st.just(None) | st.integers(30, 100))
    def another_than_what_clears_is_credited(self, data, share):
        """Of one seller: what waits goes first, what can be spent after it."""
        waiting = self.one_of(data, self.books.invoices, lambda row: row["waiting"])
        seller = self.project_of(waiting)["seller"]
        invoice = self.one_of(
            data,
            {
                i: row
                for i, row in self.books.invoices.items()
                if self.project_of(i)["seller"] == seller
            },
            lambda row: row["status"] == "paid",
        )
        gross = self.books.invoices[invoice]["gross"]
        self.credit(invoice, None if share is None else gross * share // 100, "staff", True)

    def credit(self, invoice, amount, by, is_seconded):
        of = self.project_of(invoice)
        self.both(
            lambda at: self.books.credit_note(invoice, amount, at, by=by, is_seconded=is_seconded),
            lambda at: invoice_credit(
                invoice_id=self.row(invoice),
                amount=None if amount is None else money(amount, of["currency"]),
                reason="Not as agreed.",
                is_seconded=is_seconded,
                by=self.people[of["seller"] if by == "seller" else "staff"],
                at=at,
            ),
            self.keep,
        )
