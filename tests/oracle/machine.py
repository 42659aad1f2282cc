"""People, a clock, and doing the same thing in the oracle's books and in the product.

A rule of a module beside this one draws what somebody does, mostly something that can be done, and
calls `both`. To add one: a method of the oracle, its columns in comparing.py, and the rule.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from accounts.models import User
from common.exceptions import DomainError
from invoicing.models import Invoice
from tests.factories import AT, CommissionerFactory, FreelancerFactory, UserFactory
from tests.oracle.banking import Bank
from tests.oracle.books import Refused
from tests.oracle.comparing import (
    Names,
    in_oracle,
    in_product,
    sources_in_oracle,
    sources_in_product,
)
from tests.parties import buyer, seller
from tests.wallets.paying import store
from tests.wallets.withdrawing import bank_account
from wallets import integrity
from wallets.models import Payment, PayoutMethod

CURRENCIES = ("USD", "JPY", "KWD")
KEPT = 12
"""How many of the last deeds may be repeated."""
METHODS = {"clara": "test_ok", "carl": "test_declined"}
"""What automatic payments of each buyer are tried with."""


@dataclass(frozen=True)
class Deed:
    """One thing to do at a moment, in the books and in the product, and what to keep of it."""

    expected: Callable[[int], Any]
    actual: Callable[[dt.datetime], Any]
    keep: Callable[[Any, Any], None]


def nothing(expected: Any, actual: Any) -> None:
    """Keep nothing of a deed."""


class MoneyMachine(RuleBasedStateMachine):
    """The parts that all rules share. Each run is undone by a rollback to its savepoint."""

    people: ClassVar[dict[str, User]] = {}
    banks: ClassVar[dict[str, PayoutMethod]] = {}
    reached: ClassVar[Counter[str]] = Counter()
    """What the lives came to that is rare."""
    deeds: ClassVar[int] = 0

    @classmethod
    def meet(cls):
        """Make the people that all runs share."""
        cls.reached, cls.deeds = Counter(), 0
        cls.people = {
            "fred": FreelancerFactory(),
            "frida": seller(),
            "clara": buyer(user=CommissionerFactory()),
            "carl": buyer(user=CommissionerFactory()),
            "staff": UserFactory(is_staff=True),
            "second": UserFactory(is_staff=True),
        }
        cls.banks = {name: bank_account(cls.people[name]) for name in ("fred", "frida")}
        for name, token in METHODS.items():
            store(cls.people[name], token=token)

    def __init__(self):
        super().__init__()
        self._run = transaction.atomic()
        self._run.__enter__()
        self.at = AT
        self.books, self.names = Bank(), Names()
        self.names.people = {user.pk: name for name, user in self.people.items()}
        self.books.taxes["frida"] = 19
        self.done: list[Deed] = []

    def both(self, expected, actual, keep=nothing):
        """Do it in the books and in the product: the same refusal, or none."""
        deed = Deed(expected, actual, keep)
        self._do(deed)
        self.done = [*self.done[1 - KEPT :], deed]

    def _do(self, deed):
        try:
            expected, refusal = deed.expected(int(self.at.timestamp())), None
        except Refused as refused:
            expected, refusal = None, str(refused)
        try:
            actual, met = deed.actual(self.at), None
        except DomainError as refused:
            actual, met = None, type(refused).__name__
        assert met == refusal, f"{met} instead of {refusal}"
        if refusal is None:
            deed.keep(expected, actual)
        self.keep_what_pays_by_itself()
        self.compare()
        type(self).deeds += 1

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def do_it_again(self, data):
        """A second click, a job delivered twice, a webhook that comes again: the same arguments."""
        deed = data.draw(st.sampled_from(self.done))
        self.both(deed.expected, deed.actual, deed.keep)

    @rule(hours=st.sampled_from([1, 25, 24 * 4, 24 * 8, 24 * 15]))
    def time_passes(self, hours):
        self.at += dt.timedelta(hours=hours)

    def one_of(self, data, rows, likely=lambda row: True):
        """The handle of a row, mostly one that something can be done with."""
        good = [handle for handle, row in rows.items() if likely(row)]
        is_likely = bool(good) and data.draw(st.integers(0, 3)) < 3
        return data.draw(st.sampled_from(good if is_likely else list(rows)))

    def row(self, handle):
        return self.names.rows[handle]

    def user_of(self, milestone, side):
        return self.people[self.books.of(milestone)[1][side]]

    def project_of(self, invoice):
        return self.books.projects[self.books.invoices[invoice]["project"]]

    def keep(self, expected, actual):
        """Remember which row a handle is."""
        self.names.name(expected, actual)

    def keep_invoices(self, expected, actual):
        """The same of the ids of invoices, in their order."""
        for handle, pk in zip(expected, actual, strict=True):
            self.names.name(handle, Invoice(pk=pk))

    def keep_what_pays_by_itself(self):
        """Remember which payments nobody began: of parts, and from credit."""
        payments = self.books.payments
        for payment in [one for one in payments if one not in self.names.rows]:
            row = payments[payment]
            found = Payment.objects.filter(
                invoice=self.row(row["invoice"]), provider=row["method"], outcome=row["outcome"]
            )
            known = [pk for kind, pk in self.names.handles if kind is Payment]
            self.keep(payment, found.exclude(pk__in=known).get())

    def compare(self):
        """The product is as the books say, now and at each commit that there could have been."""
        self.at += dt.timedelta(seconds=1)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        expected, actual = in_oracle(self.books), in_product(self.names)
        for part, rows in expected.items():
            assert actual[part] == rows, f"{part}: {actual[part]} instead of {rows}"
        for currency in CURRENCIES:
            assert not sum(a for (_, _, c), a in actual["balances"].items() if c == currency)

    def finish(self):
        """What jobs would have done by now, so that nothing is late."""

    def teardown(self):
        try:
            self.finish()
            self.compare()
            expected, actual = sources_in_oracle(self.books), sources_in_product(self.names)
            assert actual == expected, f"sources: {actual} instead of {expected}"
            found = integrity.differences()
            assert found == [], found
            type(self).reached.update(self.books.events)
        finally:
            transaction.set_rollback(True)
            self._run.__exit__(None, None, None)
