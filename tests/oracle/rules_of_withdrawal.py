"""Withdrawing money and keeping it back, as rules of the machine."""

import datetime as dt
from uuid import UUID

from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.oracle.leaving import UNDER_WAY
from tests.oracle.machine import CURRENCIES
from tests.oracle.rules_of_refunds import Refunds
from tests.oracle.rules_of_work import money
from wallets.enums import PayoutResult, Rail
from wallets.models import Withdrawal
from wallets.providers import PayoutAnswer
from wallets.services import (
    HoldTerms,
    hold_place,
    hold_release,
    withdrawal_approve,
    withdrawal_cancel,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_confirm,
    withdrawal_freeze,
    withdrawal_reject,
    withdrawal_request,
    withdrawal_resolve,
    withdrawal_unfreeze,
)

KEYS = st.integers(1, 40)
SHARES = st.sampled_from([100, 100, 101, 50]) | st.integers(0, 120)
WORDS = st.sampled_from(["paid", "paid", "declined", "returned", "pending", None])
A_MINUTE = dt.timedelta(minutes=1)
SENT = (*UNDER_WAY, "paid", "returned")


def has_money(machine):
    balances = machine.books.balances
    return any(amount for (_, kind, _), amount in balances.items() if kind == "available")


class Withdrawals(Refunds):
    """Rules of what freelancers take out and staff keep back."""

    def wallet(self, data):
        """A wallet with money in it, if there is one, and what can be spent."""
        free = {
            (owner, currency): self.books.free(owner, kind, currency)
            for owner, kind, currency in list(self.books.balances)
            if kind == "available"
        }
        every = {(o, c): free.get((o, c), 0) for o in ("fred", "frida") for c in CURRENCIES}
        owner, currency = self.one_of(data, every, bool)
        return owner, currency, every[owner, currency]

    @precondition(has_money)
    @rule(data=st.data(), share=SHARES, key=KEYS, rail=st.sampled_from(Rail.values))
    def withdraws(self, data, share, key, rail):
        owner, currency, free = self.wallet(data)
        self.withdraw(owner, currency, free * share // 100, key, rail)

    def withdraw(self, owner, currency, amount, key, rail):
        @override_settings(PAYOUT_RAIL=rail)
        def actual(at):
            return withdrawal_request(
                method_id=self.banks[owner].pk,
                amount=money(amount, currency),
                by=self.people[owner],
                at=at,
                request_key=UUID(int=key),
            )

        self.both(
            lambda at: self.books.withdraw(owner, currency, amount, key, rail), actual, self.keep
        )

    def withdrawal(self, data, *statuses):
        rows = self.books.withdrawals
        return self.one_of(data, rows, lambda row: row["status"] in statuses)

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data())
    def takes_it_back(self, data):
        withdrawal = self.withdrawal(data, "requested", "approved")
        owner = self.people[self.books.withdrawals[withdrawal]["owner"]]
        self.both(
            lambda at: self.books.cancel(withdrawal),
            lambda at: withdrawal_cancel(withdrawal_id=self.row(withdrawal), by=owner, at=at),
        )

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data(), is_let_go=st.booleans())
    def staff_decide(self, data, is_let_go):
        withdrawal, staff = self.withdrawal(data, "requested"), self.people["staff"]
        if is_let_go:
            self.both(
                lambda at: self.books.approve_withdrawal(withdrawal),
                lambda at: withdrawal_approve(
                    withdrawal_id=self.row(withdrawal), note="Looked at.", by=staff, at=at
                ),
            )
        else:
            self.both(
                lambda at: self.books.reject(withdrawal),
                lambda at: withdrawal_reject(
                    withdrawal_id=self.row(withdrawal), reason="Not now.", by=staff, at=at
                ),
            )

    def by_provider(self, *statuses):
        """What goes by the provider; what goes by the bank's file is rules_of_bank.py's."""
        return {
            withdrawal: row
            for withdrawal, row in self.books.withdrawals.items()
            if row["rail"] == "sandbox" and row["status"] in (statuses or [row["status"]])
        }

    @precondition(lambda self: self.by_provider())
    @rule(data=st.data())
    def is_claimed(self, data):
        rows = self.by_provider()
        self.claim(self.one_of(data, rows, lambda row: row["status"] == "approved"))

    def claim(self, withdrawal):
        def keep(expected, actual):
            assert expected == (actual is not None)

        self.both(
            lambda at: self.books.claim(withdrawal),
            lambda at: withdrawal_claim(withdrawal_id=self.row(withdrawal), at=at),
            keep,
        )

    @precondition(lambda self: self.by_provider(*SENT))
    @rule(data=st.data(), word=WORDS, wrong=st.integers(0, 4))
    def the_bank_says(self, data, word, wrong):
        """Only of what was sent: nobody else's key is known to it."""
        sent = self.by_provider(*SENT)
        withdrawal = self.one_of(data, sent, lambda row: row["status"] in UNDER_WAY)
        self.hear(withdrawal, word, fits=wrong != 4)

    def hear(self, withdrawal, word, *, fits):
        row = Withdrawal.objects.get(pk=self.row(withdrawal))
        answer = None
        if word is not None:
            answer = PayoutAnswer(
                result=PayoutResult(word),
                amount_minor=row.net_minor + (not fits),
                currency=row.currency,
                reference="B1",
            )
        self.both(
            lambda at: self.books.hear(withdrawal, word, fits=fits),
            lambda at: withdrawal_conclude(withdrawal_id=row.pk, answer=answer, at=at),
        )

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data(), is_paid=st.booleans())
    def staff_resolve(self, data, is_paid):
        rows = self.books.withdrawals
        self.resolve(self.one_of(data, rows, lambda row: row["frozen"]), is_paid)

    def resolve(self, withdrawal, is_paid):
        self.both(
            lambda at: self.books.resolve(withdrawal, is_paid),
            lambda at: withdrawal_resolve(
                withdrawal_id=self.row(withdrawal),
                is_paid=is_paid,
                reason="The statement says so.",
                by=self.people["staff"],
                at=at + A_MINUTE,
            ),
        )

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data())
    def staff_freeze(self, data):
        withdrawal, staff = self.withdrawal(data, *UNDER_WAY), self.people["staff"]
        self.both(
            lambda at: self.books.freeze(withdrawal),
            lambda at: withdrawal_freeze(
                withdrawal_id=self.row(withdrawal), reason="Where is it?", by=staff, at=at
            ),
        )

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data())
    def staff_unfreeze(self, data):
        rows = self.books.withdrawals
        withdrawal = self.one_of(data, rows, lambda row: row["frozen"])
        self.both(
            lambda at: self.books.unfreeze(withdrawal),
            lambda at: withdrawal_unfreeze(
                withdrawal_id=self.row(withdrawal),
                reason="It was slow.",
                by=self.people["staff"],
                at=at,
            ),
        )

    @precondition(lambda self: self.books.withdrawals)
    @rule(data=st.data())
    def staff_confirm(self, data):
        rows = self.books.withdrawals
        withdrawal = self.one_of(data, rows, lambda row: row["frozen"] and row["is_large"])
        self.confirm(withdrawal, is_paid=bool(rows[withdrawal]["said"]))

    def confirm(self, withdrawal, is_paid):
        self.both(
            lambda at: self.books.confirm(withdrawal),
            lambda at: withdrawal_confirm(
                withdrawal_id=self.row(withdrawal),
                is_paid=is_paid,
                reason="So it is.",
                by=self.people["second"],
                at=at,
            ),
        )

    @precondition(has_money)
    @rule(data=st.data(), share=SHARES)
    def is_held(self, data, share):
        owner, currency, free = self.wallet(data)
        self.keep_back(owner, currency, max(1, free * share // 100))

    def keep_back(self, owner, currency, amount):
        self.both(
            lambda at: self.books.hold(owner, currency, amount),
            lambda at: hold_place(
                user_id=self.people[owner].pk,
                terms=HoldTerms(
                    amount=money(amount, currency),
                    reason="A card payment was disputed.",
                    clause="Terms 7.2",
                    review_on=(at + dt.timedelta(days=14)).date(),
                ),
                by=self.people["staff"],
                at=at,
            ),
            self.keep,
        )

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data())
    def is_released(self, data):
        hold = self.one_of(data, self.books.holds, lambda row: not row["released"])
        self.both(
            lambda at: self.books.release(hold),
            lambda at: hold_release(
                hold_id=self.row(hold), note="Cleared up.", by=self.people["staff"], at=at
            ),
        )
