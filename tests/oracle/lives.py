"""The whole machine: its rules, and what usually comes next, so that random lives get somewhere."""

import datetime as dt

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.oracle.books import CLOSED, IN_FLIGHT, PAYABLE
from tests.oracle.leaving import UNDER_WAY
from tests.oracle.rules_of_withdrawal import KEYS, SENT
from tests.oracle.rules_of_work import PROJECTS
from tests.oracle.statements import SENDER
from tests.oracle.stories import Stories
from wallets.enums import Rail

MOST_STEPS = 7
OTHER_TERMS = ("budget", "tasks", "terms", "clearing")


class Lives(Stories):
    """All rules, and the usual way from a plan to a bank account."""

    @initialize(data=st.data(), second=st.booleans())
    def begins_in_the_middle(self, data, second):
        """Milestones of a project or two of the same people are between planned and cleared, and
        something rare happens; some of that begins with a project of its own."""
        of_the_middle = (
            self.is_earned_and_credited, self.owes, self.is_transferred, self.comes_back,
            self.does_extra_work,
        )  # fmt: skip
        of_their_own = (self.is_paid_in_part, self.is_issued_anew)
        story = data.draw(st.sampled_from([*of_the_middle, *of_their_own]), "story")
        if story in of_the_middle:
            self.begin(data, second=second)
        story(data)

    def begin(self, data, *, second):
        terms = {name: data.draw(values, name) for name, values in PROJECTS.items()}
        self.match(**terms)
        if second:
            others = {name: data.draw(PROJECTS[name], name) for name in OTHER_TERMS}
            self.match(**{**terms, **others})
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
        invoice = self.books.invoice_on(milestone)
        match row["status"]:
            case "planned" if project["status"] == "awaiting_upfront":
                self.pay_upfront(row["project"])
            case "planned" if project["mode"] == "held":
                self.set_aside(milestone, row)
            case "planned" | "funded" | "in_progress" | "changes_requested":
                self.submit(milestone)
            case "in_review":
                self.approve(milestone)
            case "approved" if invoice is None:
                self.issue({milestone})
            case "approved" if project["mode"] == "held":
                self.settle_held(invoice)
            case "approved":
                self.charge(invoice)
            case "settled" if invoice is not None:
                if self.books.invoices[invoice]["status"] in PAYABLE:
                    self.charge(invoice)
                self.wait_for(invoice)

    def wait_for(self, invoice):
        """Let what was earned by it clear."""
        rows = self.books.clearings.values()
        if ends := [row["at"] for row in rows if row["invoice"] == invoice and row["left"]]:
            self.at = max(self.at, dt.datetime.fromtimestamp(max(ends), dt.UTC))
            self.clear({invoice})

    def pay_upfront(self, project):
        rows = self.books.invoices
        of = [i for i, row in rows.items() if (row["project"], row["kind"]) == (project, "upfront")]
        if of:
            self.charge(of[-1])
        else:
            self.issue_upfront({project})

    def set_aside(self, milestone, row):
        for payment, of in self.books.payments.items():
            if milestone in of["parts"] and of["status"] in IN_FLIGHT:
                self.conclude(payment)
                return
        self.fund(row["project"], "test_ok", [milestone])

    def charge(self, invoice):
        for payment in self.books.on_its_way(invoice):
            self.conclude(payment)
            return
        self.pay(invoice, "test_ok", max(0, self.books.due(invoice)))

    @rule(data=st.data())
    def what_is_earned_is_credited(self, data):
        self.is_earned_and_credited(data)

    def is_earned_and_credited(self, data):
        """Of one wallet, before it clears and after it; it gives what is pending first."""
        milestone = self.earn(data)
        seller = self.books.of(milestone)[1]["seller"]
        paid = [i for i, row in self.books.invoices.items() if row["status"] == "paid"]
        theirs = [i for i in paid if self.project_of(i)["seller"] == seller]
        if theirs:
            invoice = data.draw(st.sampled_from(theirs), "invoice")
            gross = self.books.invoices[invoice]["gross"]
            share = data.draw(st.just(100) | st.integers(1, 100), "share")
            amount = max(1, gross * share // 100)
            self.credit(invoice, amount, "staff", True)

    def earn(self, data):
        """A milestone whose wallet was credited, if that was possible."""
        rows = self.books.milestones
        milestone = self.one_of(data, rows, lambda row: row["status"] != "cancelled")
        self.settle(milestone)
        return milestone

    def settle(self, milestone):
        """Go on with it until its wallet was credited."""
        for _ in range(MOST_STEPS):
            if self.books.milestones[milestone]["status"] in CLOSED:
                return
            self.next_step_of(milestone)

    @rule(data=st.data())
    def somebody_owes(self, data):
        self.owes(data)

    def owes(self, data):
        """What is taken back cannot be given, and is paid from what is earned next."""
        milestone = self.earn(data)
        invoice = self.books.invoice_on(milestone)
        if invoice is None:
            return
        of = self.project_of(invoice)
        if free := self.books.free(of["seller"], "available", of["currency"]):
            self.keep_back(of["seller"], of["currency"], free)
        self.credit(invoice, None, "staff", True)
        for other, row in self.books.milestones.items():
            project = self.books.projects[row["project"]]
            if (project["seller"], project["currency"]) == (of["seller"], of["currency"]):
                self.settle(other)

    @rule(data=st.data())
    def an_invoice_is_paid_by_transfer(self, data):
        self.is_transferred(data)

    def is_transferred(self, data):
        """The bank tells of money for an invoice, and the job of that comes twice."""
        rows = self.books.invoices
        if not rows:
            return
        off = data.draw(st.sampled_from([0, 0, 700, -1]), "off")
        invoice = self.one_of(data, rows, lambda row: row["status"] in PAYABLE)
        amount = max(1, self.books.due(invoice) + off)
        line, said = self.books.line("received", invoice, amount, SENDER)
        self.tell(self.project_of(invoice)["currency"], {line: said}, as_table=False)
        self.match_again(line)

    @rule(data=st.data())
    def a_withdrawal_comes_back(self, data):
        self.comes_back(data)

    def comes_back(self, data):
        """All of a wallet leaves, by a provider or the bank, and is returned."""
        self.next_step_of(self.earn(data))
        owner, currency, free = self.wallet(data)
        rail, key = data.draw(st.sampled_from(Rail.values), "rail"), data.draw(KEYS, "key")
        self.withdraw(owner, currency, free, key, rail)
        rows = self.books.withdrawals
        if not rows:
            return
        withdrawal = self.one_of(data, rows, lambda row: row["status"] in ("approved", *UNDER_WAY))
        row = rows[withdrawal]
        if row["rail"] == "sandbox":
            self.claim(withdrawal)
            for word in data.draw(st.sampled_from([["declined"], ["paid", "returned"]]), "words"):
                if row["status"] in SENT:
                    self.hear(withdrawal, word, fits=True)
            return
        self.pay_out(withdrawal)
        if row["status"] != "paid":
            return
        line, said = self.books.line("returned", withdrawal, row["amount"] - row["fee"])
        self.tell(row["currency"], {line: said}, as_table=True)

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data())
    def a_withdrawal_is_paid(self, data):
        rows = self.books.withdrawals
        self.pay_out(self.one_of(data, rows, lambda row: row["status"] in ("approved", *UNDER_WAY)))

    def pay_out(self, withdrawal):
        row = self.books.withdrawals[withdrawal]
        if row["rail"] == "bank_file":
            self.pay_by_file(withdrawal, row)
            return
        self.claim(withdrawal)
        if row["status"] in UNDER_WAY:
            self.hear(withdrawal, "paid", fits=True)

    def pay_by_file(self, withdrawal, row):
        if row["status"] == "approved":
            self.export({withdrawal})
        line, said = self.books.line("paid", withdrawal, row["fee"] - row["amount"])
        self.tell(row["currency"], {line: said}, as_table=False)
