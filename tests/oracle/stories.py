"""What takes many steps to happen: parts of invoices, corrected ones, work beside the plan."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.oracle.books import PAYABLE
from tests.oracle.machine import CURRENCIES
from tests.oracle.rules_of_bank import Banking
from tests.oracle.rules_of_extras import LINES
from tests.oracle.rules_of_work import BUDGETS, MOST_PROJECTS
from tests.oracle.statements import SENDER

HELD, COMPLETION = ("held", "milestone"), ("on_invoice", "completion")
TERMS = (HELD, COMPLETION, COMPLETION, ("on_invoice", "milestone"))
WAYS = ("pays", "pays", "is transferred", "is credited", "is objected to", "stays open")
"""What becomes of an invoice of which a part is paid."""


class Stories(Banking):
    """Each is told whole, as a rule or at the beginning of a life."""

    @precondition(lambda self: len(self.books.projects) < MOST_PROJECTS)
    @rule(data=st.data())
    def an_invoice_is_paid_in_part(self, data):
        self.is_paid_in_part(data)

    def is_paid_in_part(self, data):
        """Set aside without tax, invoiced with it, and too little credit for the difference."""
        self.change_tax("not_registered")
        project, plan = self.match_of_frida(data, HELD)
        self.fund(project, "test_ok", None)
        self.conclude(max(self.books.payments, default=None))
        for milestone in plan:
            self.submit(milestone)
            self.approve(milestone)
        self.change_tax("registered")
        self.issue(set(plan))
        for milestone in plan:
            invoice = self.books.invoice_on(milestone)
            self.settle_held(invoice)
            self.goes_on_with_a_part(data, invoice)

    def match_of_frida(self, data, terms):
        return self.match(
            buyer=data.draw(st.sampled_from(["clara", "carl"]), "buyer"),
            seller="frida",
            currency=data.draw(st.sampled_from(CURRENCIES), "currency"),
            budget=data.draw(BUDGETS, "budget"),
            tasks=data.draw(st.sampled_from([1, 1, 1, 2]), "tasks"),
            terms=terms,
            rate=data.draw(st.sampled_from([500, 333, 9999]), "rate"),
            clearing=data.draw(st.sampled_from([0, 5]), "clearing"),
            auto=False,
        )

    def goes_on_with_a_part(self, data, invoice):
        if data.draw(st.booleans(), "clears first"):
            self.wait_for(invoice)
        amount, of = self.books.due(invoice), self.project_of(invoice)
        match data.draw(st.sampled_from(WAYS), "way"):
            case "pays":
                self.pay_the_rest(data, invoice)
            case "is transferred":
                line, said = self.books.line("received", invoice, max(1, amount), SENDER)
                self.tell(of["currency"], {line: said}, as_table=False)
            case "is credited":
                share = data.draw(st.integers(1, 100), "share")
                self.credit(invoice, self.of_gross(invoice, share), "staff", True)
            case "is objected to":
                self.correct(data, invoice)

    def pay_the_rest(self, data, invoice):
        method = data.draw(st.sampled_from(["test_ok", "test_ok", "test_over", "credit"]), "method")
        self.pay(invoice, method, max(0, self.books.due(invoice)))
        for payment in self.books.on_its_way(invoice):
            self.conclude(payment)
        if data.draw(st.booleans(), "and is credited"):
            share = data.draw(st.integers(1, 100), "share")
            self.credit(invoice, self.of_gross(invoice, share), "staff", True)

    def of_gross(self, invoice, share):
        return max(1, self.books.invoices[invoice]["gross"] * share // 100)

    @precondition(lambda self: len(self.books.projects) < MOST_PROJECTS)
    @rule(data=st.data())
    def an_invoice_is_corrected(self, data):
        self.is_issued_anew(data)

    def is_issued_anew(self, data):
        """Its seller objects, the tax is another one by now, and all of it is credited."""
        self.change_tax("not_registered")
        project, plan = self.match_of_frida(data, data.draw(st.sampled_from(TERMS), "terms"))
        for milestone in plan * 2:
            self.settle(milestone)
        rows = self.books.invoices
        own = [invoice for invoice, row in rows.items() if row["project"] == project]
        self.correct(data, data.draw(st.sampled_from(own[-2:]), "invoice"))

    def correct(self, data, invoice):
        if data.draw(st.integers(0, 3), "some of it before") == 3:
            self.credit(invoice, self.of_gross(invoice, 30), "staff", True)
        self.object(invoice)
        self.change_tax(
            data.draw(st.sampled_from(["registered", "registered", "not_registered"]), "tax")
        )
        self.credit(invoice, None, data.draw(st.sampled_from(["seller", "staff"]), "by"), False)
        corrected = max(self.books.invoices)
        if self.books.invoices[corrected]["status"] in PAYABLE:
            self.goes_on_with_a_correction(data, corrected)

    def goes_on_with_a_correction(self, data, invoice):
        if data.draw(st.booleans(), "is paid"):
            self.pay_the_rest(data, invoice)
        elif data.draw(st.booleans(), "is noted"):
            share = data.draw(st.integers(1, 100), "share")
            self.credit(invoice, self.of_gross(invoice, share), "seller", False)

    @rule(data=st.data())
    def there_is_extra_work(self, data):
        self.does_extra_work(data)

    def does_extra_work(self, data):
        """More is agreed, invoiced by hand, paid, and perhaps taken back."""
        rows = self.books.projects
        project = self.one_of(data, rows, lambda row: row["mode"] == "on_invoice")
        if rows[project]["status"] == "awaiting_upfront":
            self.pay_upfront(project)
            self.pay_upfront(project)
            self.pay_upfront(project)
        lines = data.draw(LINES, "lines")
        self.agree(project, data.draw(st.integers(1, 300_000), "agreed"))
        self.draft(project, lines)
        drafts = self.books.drafts
        if not drafts:
            return
        self.send_draft(max(drafts))
        invoice = max(self.books.invoices, default=None)
        if invoice is None or self.books.invoices[invoice]["about"]:
            return
        self.pay_the_rest(data, invoice)
        if data.draw(st.booleans(), "is corrected"):
            self.correct(data, invoice)
