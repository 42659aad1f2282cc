"""The oracle's rules of money that leaves wallets or is kept back in them."""

from tests.oracle.books import need
from tests.oracle.parts import Parts

TERMS = {
    "USD": (10_00, 1_00, 5000_00),
    "JPY": (1500, 150, 750_000),
    "KWD": (3_000, 300, 1_500_000),
}
"""The least that can be withdrawn, its fee, and from where on staff look at it."""
UNDER_WAY = ("sending", "uncertain")


class Wallets(Parts):
    """Withdrawals and holds on top of all that earns the money."""

    def withdraw(self, owner, currency, amount, key, rail="sandbox"):
        """A second request with the same key is the first one. What is owed is paid before."""
        least, fee, _ = TERMS[currency]
        need(amount >= least, "WithdrawalTooSmall")
        for withdrawal, row in self.withdrawals.items():
            if (row["owner"], row["key"]) == (owner, key):
                return withdrawal
        owed = -self.balances[owner, "debt", currency]
        need(amount + owed <= self.free(owner, "available", currency), "InsufficientFunds")
        self.pay_debt(owner, currency)
        return self.begin_to_leave(owner, "available", currency, amount, fee, key, rail)

    def begin_to_leave(self, owner, kind, currency, amount, fee, key, rail, payment=None):
        self.reserve(owner, kind, currency, amount=amount)
        withdrawal, is_large = self.handle(), amount > TERMS[currency][2]
        self.withdrawals[withdrawal] = {
            "owner": owner, "kind": kind, "currency": currency, "amount": amount, "fee": fee,
            "key": key, "rail": rail, "payment": payment, "is_large": is_large,
            "status": "requested" if is_large else "approved", "frozen": False, "said": None,
            "is_sent": False, "was_paid": False, "lines": [],
        }  # fmt: skip
        return withdrawal

    def approve_withdrawal(self, withdrawal):
        row = self.withdrawals[withdrawal]
        is_waiting = row["status"] == "requested" and not row["frozen"]
        need(is_waiting, "WithdrawalTransitionRefused")
        row["status"] = "approved"

    def source(self, row):
        return row["owner"], row["kind"], row["currency"]

    def end(self, row, status, before):
        need(row["status"] in before, "WithdrawalTransitionRefused")
        row["status"] = status
        self.reserved[self.source(row)] -= row["amount"]
        self.use_again(row)

    def use_again(self, row):
        if row["kind"] == "available":
            self.pay_debt(row["owner"], row["currency"])

    def cancel(self, withdrawal):
        row = self.withdrawals[withdrawal]
        need(not row["frozen"], "WithdrawalTransitionRefused")
        self.end(row, "cancelled", ("requested", "approved"))

    def reject(self, withdrawal):
        row = self.withdrawals[withdrawal]
        self.end(row, "rejected", ("requested", "approved"))
        row["frozen"] = False

    def claim(self, withdrawal):
        """Whether it is to be sent."""
        row = self.withdrawals[withdrawal]
        if row["frozen"]:
            return False
        if row["status"] == "approved":
            self.send(row)
        return row["status"] in UNDER_WAY

    def send(self, row):
        row["status"], row["is_sent"] = "sending", True

    def hear(self, withdrawal, word, fits):
        """The provider's word: paid, declined, returned, pending, or None for no answer."""
        row = self.withdrawals[withdrawal]
        if row["frozen"] or word == "pending":
            return
        if word is None:
            if row["status"] == "sending":
                row["status"] = "uncertain"
        elif row["status"] in UNDER_WAY:
            self.hear_the_end(row, word, fits)
        elif row["status"] == "paid":
            self.hear_more(row, word, fits)
        elif word == "paid":
            self.freeze_row(row)

    def freeze_row(self, row):
        row["frozen"], row["said"] = True, None

    def freeze(self, withdrawal):
        """Staff want to look what became of it."""
        row = self.withdrawals[withdrawal]
        need(not row["frozen"] and row["status"] in UNDER_WAY, "WithdrawalTransitionRefused")
        self.freeze_row(row)

    def unfreeze(self, withdrawal):
        """Staff let go on what has not ended; what was said of it is forgotten."""
        row = self.withdrawals[withdrawal]
        goes_on = row["status"] == "approved" or row["status"] in UNDER_WAY
        need(row["frozen"] and goes_on, "WithdrawalTransitionRefused")
        row["frozen"], row["said"] = False, None

    def hear_the_end(self, row, word, fits):
        if word != "paid":
            self.end(row, "returned", UNDER_WAY)
        elif fits:
            self.leave(row)
        else:
            self.freeze_row(row)

    def hear_more(self, row, word, fits):
        if word == "declined" or (word == "returned" and not fits):
            self.freeze_row(row)
        elif word == "returned":
            self.come_back(row)

    def resolve(self, withdrawal, is_paid):
        """What staff read from the bank's statement; above the limit a second one looks too."""
        row = self.withdrawals[withdrawal]
        need(row["frozen"], "WithdrawalTransitionRefused")
        if row["is_large"]:
            row["said"] = is_paid
        else:
            self.end_as_said(row, is_paid)

    def confirm(self, withdrawal):
        row = self.withdrawals[withdrawal]
        need(row["frozen"] and row["said"] is not None, "WithdrawalTransitionRefused")
        self.end_as_said(row, row["said"])

    def end_as_said(self, row, is_paid):
        """Nothing changes where it is so already; what was never sent cannot have been paid."""
        ended_unpaid = ("returned", "rejected", "cancelled")
        if is_paid and row["status"] == "returned":
            self.pay_after_all(row)
        elif is_paid and row["status"] != "paid":
            need(row["status"] in UNDER_WAY, "WithdrawalTransitionRefused")
            self.leave(row)
        elif not is_paid and row["status"] == "paid":
            self.come_back(row)
        elif not is_paid and row["status"] not in ended_unpaid:
            self.end(row, "returned", UNDER_WAY)
        row["frozen"], row["said"] = False, is_paid

    def pay_after_all(self, row):
        """It left although it had come back here: a wallet owes what it lacks, credit has all."""
        source, amount = self.source(row), row["amount"]
        taken = amount
        if row["kind"] == "available":
            taken = min(max(0, self.free(*source)), amount)
        _, *others = self.legs(row, 1)
        debt = row["owner"], "debt", row["currency"]
        self.move((source, -taken), (debt, taken - amount), *others)
        row["status"], row["was_paid"] = "paid", True

    def leave(self, row):
        row["status"], row["was_paid"] = "paid", True
        self.reserved[self.source(row)] -= row["amount"]
        self.move(*self.legs(row, 1))

    def come_back(self, row):
        row["status"] = "returned"
        self.move(*self.legs(row, -1))
        self.use_again(row)

    def legs(self, row, sign):
        currency = row["currency"]
        return (
            (self.source(row), -sign * row["amount"]),
            ((row["rail"], "outside", currency), sign * (row["amount"] - row["fee"])),
            (("platform", "fees", currency), sign * row["fee"]),
        )

    def hold(self, owner, currency, amount):
        self.reserve(owner, "available", currency, amount=amount)
        hold = self.handle()
        self.holds[hold] = {
            "owner": owner,
            "currency": currency,
            "amount": amount,
            "released": False,
        }
        return hold

    def release(self, hold):
        row = self.holds[hold]
        need(not row["released"], "HoldReleased")
        row["released"] = True
        self.reserved[row["owner"], "available", row["currency"]] -= row["amount"]
        self.pay_debt(row["owner"], row["currency"])
