"""Taking invoices back by credit notes, and objecting to them, as rules of the machine."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from invoicing.models import Invoice
from invoicing.services import invoice_object
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

    @precondition(lambda self: any(row["left"] for row in self.books.clearings.values()))
    @rule(data=st.data(), share=st.just(None) | st.integers(30, 100))
    def another_than_what_clears_is_credited(self, data, share):
        """Of one seller: what waits goes first, what can be spent after it."""
        clearings = self.books.clearings
        waiting = clearings[self.one_of(data, clearings, lambda row: row["left"])]["invoice"]
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
            self.keep_note,
        )

    def keep_note(self, expected, actual):
        """Remember it, and the invoice that was issued with it for the one of which nothing is left."""
        self.keep(expected, actual)
        corrected = self.books.notes[expected]["corrected"]
        if corrected is not None and corrected not in self.names.rows:
            self.keep(corrected, Invoice.objects.exclude(kind="credit_note").latest("pk"))

    @precondition(lambda self: self.books.invoices)
    @rule(data=st.data())
    def the_seller_objects(self, data):
        rows = self.books.invoices
        self.object(self.one_of(data, rows, lambda row: row["status"] != "credited"))

    def object(self, invoice):
        seller = self.people[self.project_of(invoice)["seller"]]
        self.both(
            lambda at: self.books.object(invoice, at),
            lambda at: invoice_object(
                invoice_id=self.row(invoice), reason="Not my tax.", by=seller, at=at
            ),
        )

    @precondition(lambda self: any(row["objected"] for row in self.books.invoices.values()))
    @rule(data=st.data(), by=st.sampled_from(["seller", "staff"]))
    def what_was_objected_to_is_issued_anew(self, data, by):
        def likely(row):
            return row["objected"] and row["status"] != "credited"

        self.credit(self.one_of(data, self.books.invoices, likely), None, by, False)
