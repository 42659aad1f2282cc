"""Work beside the milestones, invoiced by hand, as rules of the machine."""

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gigs.services import extra_agree
from invoicing.enums import Unit
from invoicing.models import Invoice, ManualLine
from invoicing.services import draft_cancel, draft_create, draft_edit, draft_send
from tests.oracle.rules_of_invoices import Invoices
from tests.oracle.rules_of_work import money, when

SUMS = st.integers(1, 300_000)
LINES = st.lists(st.tuples(st.integers(1, 400), st.integers(1, 50_000)), min_size=1, max_size=3)
"""Hundredths of a unit, and the price of one."""


class Extras(Invoices):
    """Rules of what is agreed beside the plan, and of the drafts that freelancers write of it."""

    def pays_on_invoice(self):
        return any(row["mode"] == "on_invoice" for row in self.books.projects.values())

    @precondition(pays_on_invoice)
    @rule(data=st.data(), amount=SUMS)
    def more_work_is_agreed(self, data, amount):
        def likely(row):
            return row["mode"] == "on_invoice" and row["status"] != "awaiting_upfront"

        self.agree(self.one_of(data, self.books.projects, likely), amount)

    def agree(self, project, amount):
        of = self.books.projects[project]
        self.both(
            lambda at: self.books.agree_extra(project, amount),
            lambda at: extra_agree(
                project_id=self.row(project),
                amount=money(amount, of["currency"]),
                reason="More of it.",
                by=self.people[of["buyer"]],
                at=at,
            ),
        )

    @precondition(pays_on_invoice)
    @rule(data=st.data(), lines=LINES)
    def an_invoice_is_drafted(self, data, lines):
        self.draft(self.one_of(data, self.books.projects, lambda row: row["extra"]), lines)

    def draft(self, project, lines):
        of = self.books.projects[project]
        self.both(
            lambda at: self.books.draft(project, lines),
            lambda at: draft_create(
                project_id=self.row(project),
                lines=written(lines),
                by=self.people[of["seller"]],
                at=at,
            ),
            self.keep,
        )

    def a_draft(self, data):
        """One that can be changed, mostly; with who wrote it."""
        draft = self.one_of(data, self.books.drafts, lambda row: when(row, "draft"))
        return draft, self.author(draft)

    def author(self, draft):
        project = self.books.drafts[draft]["project"]
        return self.people[self.books.projects[project]["seller"]]

    @precondition(lambda self: self.books.drafts)
    @rule(data=st.data(), lines=LINES)
    def a_draft_is_written_anew(self, data, lines):
        draft, by = self.a_draft(data)
        self.both(
            lambda at: self.books.change_draft(draft, lines),
            lambda at: draft_edit(draft_id=self.row(draft), lines=written(lines), by=by, at=at),
        )

    @precondition(lambda self: self.books.drafts)
    @rule(data=st.data())
    def a_draft_is_given_up(self, data):
        draft, by = self.a_draft(data)
        self.both(
            lambda at: self.books.cancel_draft(draft),
            lambda at: draft_cancel(draft_id=self.row(draft), by=by, at=at),
        )

    @precondition(lambda self: self.books.drafts)
    @rule(data=st.data())
    def a_draft_is_sent(self, data):
        self.send_draft(self.a_draft(data)[0])

    def send_draft(self, draft):
        self.both(
            lambda at: self.books.send_draft(draft, at),
            lambda at: Invoice(
                pk=draft_send(draft_id=self.row(draft), by=self.author(draft), at=at)
            ),
            self.keep,
        )


def written(lines):
    return [
        ManualLine(f"Line {place}", Decimal(quantity) / 100, Unit.PIECE, price)
        for place, (quantity, price) in enumerate(lines, 1)
    ]
