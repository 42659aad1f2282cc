"""The oracle's rules of money that leaves wallets or is kept back in them."""

from tests.oracle.books import Books, need

TERMS = {
    "USD": (10_00, 1_00, 5000_00),
    "JPY": (1500, 150, 750_000),
    "KWD": (3_000, 300, 1_500_000),
}
"""The least that can be withdrawn, its fee, and from where on staff look at it."""
UNDER_WAY = ("sending", "uncertain")


class Wallets(Books):
    """Withdrawals and holds on top of all that earns the money."""

    def __init__(self):
        super().__init__()
        self.withdrawals, self.holds = {}, {}

    def reserve(self, owner, currency, amount):
        free = self.balances[owner, "available", currency] - self.reserved[owner, currency]
        need(amount <= free, "InsufficientFunds")
        self.reserved[owner, currency] += amount

    def withdraw(self, owner, currency, amount, key):
        """A second request with the same key is the first one."""
        least, fee, looked_at = TERMS[currency]
        need(amount >= least, "WithdrawalTooSmall")
        for withdrawal, row in self.withdrawals.items():
            if (row["owner"], row["key"]) == (owner, key):
                return withdrawal
        self.reserve(owner, currency, amount)
        withdrawal = self.handle()
        self.withdrawals[withdrawal] = {
            "owner": owner, "currency": currency, "amount": amount, "fee": fee, "key": key,
            "status": "approved" if amount <= looked_at else "requested", "frozen": False,
            "said": None, "is_large": amount > looked_at,
        }  # fmt: skip
        return withdrawal

    def approve_withdrawal(self, withdrawal):
        row = self.withdrawals[withdrawal]
        need(row["status"] == "requested", "WithdrawalTransitionRefused")
        row["status"] = "approved"

    def end(self, row, status, before):
        need(row["status"] in before, "WithdrawalTransitionRefused")
        row["status"] = status
        self.reserved[row["owner"], row["currency"]] -= row["amount"]

    def cancel(self, withdrawal):
        self.end(self.withdrawals[withdrawal], "cancelled", ("requested", "approved"))

    def reject(self, withdrawal):
        self.end(self.withdrawals[withdrawal], "rejected", ("requested", "approved"))

    def claim(self, withdrawal):
        """Whether it is to be sent."""
        row = self.withdrawals[withdrawal]
        if row["frozen"]:
            return False
        if row["status"] == "approved":
            row["status"] = "sending"
        return row["status"] in UNDER_WAY

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
        row["said"] = is_paid
        if not row["is_large"]:
            self.end_as_said(row)

    def confirm(self, withdrawal):
        row = self.withdrawals[withdrawal]
        need(row["frozen"] and row["said"] is not None, "WithdrawalTransitionRefused")
        self.end_as_said(row)

    def end_as_said(self, row):
        row["frozen"], is_paid = False, row["said"]
        if row["status"] in UNDER_WAY:
            self.leave(row) if is_paid else self.end(row, "returned", UNDER_WAY)
        elif row["status"] == "paid" and not is_paid:
            self.come_back(row)
        elif row["status"] == "returned" and is_paid:
            row["status"] = "paid"
            self.move(*self.legs(row, 1))

    def would_be_owed(self, withdrawal):
        """Whether its wallet lacks what it would take now that it came back: debts are not told of."""
        row = self.withdrawals[withdrawal]
        owner, currency = row["owner"], row["currency"]
        free = self.balances[owner, "available", currency] - self.reserved[owner, currency]
        return row["status"] == "returned" and free < row["amount"]

    def leave(self, row):
        row["status"] = "paid"
        self.reserved[row["owner"], row["currency"]] -= row["amount"]
        self.move(*self.legs(row, 1))

    def come_back(self, row):
        row["status"] = "returned"
        self.move(*self.legs(row, -1))

    def legs(self, row, sign):
        currency = row["currency"]
        return (
            ((row["owner"], "available", currency), -sign * row["amount"]),
            (("sandbox", "outside", currency), sign * (row["amount"] - row["fee"])),
            (("platform", "fees", currency), sign * row["fee"]),
        )

    def hold(self, owner, currency, amount):
        self.reserve(owner, currency, amount)
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
        self.reserved[row["owner"], row["currency"]] -= row["amount"]
