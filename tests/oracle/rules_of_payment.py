"""Paying invoices and funding milestones, as rules of the machine."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.oracle.books import IN_FLIGHT, PAYABLE
from tests.oracle.machine import METHODS
from tests.oracle.rules_of_extras import Extras
from tests.oracle.rules_of_work import money
from tests.wallets.paying import sandbox
from wallets.models import Payment
from wallets.services import (
    CREDIT,
    automatic_begin,
    automatic_conclude,
    funding_begin,
    payment_ask,
    payment_begin,
)

CHOICES = st.sampled_from(
    ["test_ok", "test_ok", "test_over", "test_short", "test_declined", "test_timeout", "credit"]
)
OVER = 1000


def arriving(payment):
    """What the sandbox says was taken, by the name of the method."""
    match payment["method"]:
        case "test_over":
            return payment["amount"] + OVER
        case "test_short":
            return (payment["amount"] + 1) // 2
        case "test_declined":
            return 0
    return payment["amount"]


class Payments(Extras):
    """Rules from the commissioner's money to the invoice or milestone that it is for."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    @precondition(lambda self: self.books.invoices)
    @rule(data=st.data(), method=CHOICES, wrong=st.integers(0, 9))
    def pays(self, data, method, wrong):
        invoice = self.one_of(data, self.books.invoices, lambda row: row["status"] in PAYABLE)
        self.pay(invoice, method, max(0, self.books.due(invoice)) + (wrong == 9))

    def pay(self, invoice, method, amount):
        of = self.project_of(invoice)
        self.both(
            lambda at: self.books.pay(invoice, method, at, amount),
            lambda at: payment_begin(
                invoice_id=self.row(invoice),
                method=chosen(method),
                amount=money(amount, of["currency"]),
                by=self.people[of["buyer"]],
                at=at,
            ),
            self.keep,
        )

    @precondition(lambda self: any(r["mode"] == "held" for r in self.books.projects.values()))
    @rule(data=st.data(), method=CHOICES, every=st.booleans())
    def funds(self, data, method, every):
        project = self.one_of(data, self.books.projects, lambda row: row["mode"] == "held")
        plan = self.books.plan(project)
        parts = None if every else data.draw(st.lists(st.sampled_from(plan), unique=True))
        self.fund(project, method, parts)

    def fund(self, project, method, parts):
        self.both(
            lambda at: self.books.fund(project, method, at, parts),
            lambda at: funding_begin(
                project_id=self.row(project),
                milestone_ids=None if parts is None else [self.row(m) for m in parts],
                method=chosen(method),
                by=self.people[self.books.projects[project]["buyer"]],
                at=at,
            ),
            self.keep,
        )

    @precondition(lambda self: self.books.payments)
    @rule(data=st.data())
    def the_provider_is_asked(self, data):
        rows = self.books.payments
        self.conclude(self.one_of(data, rows, lambda row: row["status"] in IN_FLIGHT))

    def conclude(self, payment):
        """Ask, and act on the answer: the first one of a slow method gets lost."""
        row = self.books.payments[payment]
        if row["method"] in ("credit", "held", "transfer"):
            return

        def expected(at):
            is_lost = row["method"] == "test_timeout" and payment not in self.asked
            self.asked.add(payment)
            self.books.conclude(payment, None if is_lost else arriving(row), at)

        def actual(at):
            answer = payment_ask(Payment.objects.get(pk=self.row(payment)))
            automatic_conclude(answers={self.row(payment): answer}, at=at)

        self.both(expected, actual)

    @precondition(lambda self: self.books.invoices)
    @rule(data=st.data())
    def the_invoice_pays_itself(self, data):
        invoice = self.one_of(data, self.books.invoices, lambda row: row["status"] in PAYABLE)
        token = METHODS[self.project_of(invoice)["buyer"]]

        def keep(expected, actual):
            assert len(actual) == (expected is not None)
            if expected is not None:
                self.names.name(expected, actual[0])

        self.both(
            lambda at: self.books.pay_automatically(invoice, token, at),
            lambda at: automatic_begin(invoice_ids=[self.row(invoice)], at=at),
            keep,
        )

    def finish(self):
        super().finish()
        for payment in list(self.books.payments):
            for _ in range(2):
                if self.books.payments[payment]["status"] in IN_FLIGHT:
                    self.conclude(payment)


def chosen(method):
    return CREDIT if method == "credit" else sandbox(method)
