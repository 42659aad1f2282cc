"""The ground of the oracle: accounts in dicts and ints, and how money moves between them.

The modules beside it are the money rules of docs/money.md, written apart from the product, each on
top of the one before: work, billing, extras, paying, parts, leaving, crediting, banking. Nothing is imported from
the product (a test sees to that). Amounts are minor units, moments are seconds since 1970. A method
does one thing that people, staff, jobs or banks do, or raises `Refused` with the name of the refusal
and changes nothing. What it makes is known by handles of its own.
"""

from collections import Counter, defaultdict

DAY = 86_400
PAYABLE = ("sent", "overdue", "on_hold")
IN_FLIGHT = ("processing", "uncertain")
CLOSED = ("settled", "cancelled")
UNBOUNDED = ("outside", "fees", "debt")
"""Kinds of accounts that may be below zero."""


class Refused(Exception):
    """The name of the refusal."""


def half_up(numerator, denominator):
    """A fraction of nothing less than zero, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def need(condition, refusal):
    if not condition:
        raise Refused(refusal)


class Books:
    """Everything that the product should hold, by handle."""

    def __init__(self):
        self.balances = defaultdict(int)
        """Of (owner, kind, currency)."""
        self.reserved = defaultdict(int)
        """Of the same: what of it waits to leave or is kept back."""
        self.lifetime = defaultdict(int)
        self.numbers = defaultdict(int)
        """The last number of (issuer, year, kind of document)."""
        self.taxes = defaultdict(int)
        """What a seller adds to a price today, in percent."""
        self.projects, self.milestones, self.invoices, self.payments = {}, {}, {}, {}
        self.refunds, self.notes, self.withdrawals, self.holds = {}, {}, {}, {}
        self.clearings, self.drafts = {}, {}
        self.events = Counter()
        """How often what is rare has happened, by its name."""
        self._handles = 0

    def handle(self):
        self._handles += 1
        return self._handles

    def free(self, *account):
        return self.balances[account] - self.reserved[account]

    def move(self, *legs):
        """One balanced movement; what may not be overdrawn is looked at before anything moves."""
        after = defaultdict(int)
        for account, amount in legs:
            after[account] += amount
        assert sum(after.values()) == 0
        assert len({currency for _, _, currency in after}) == 1
        for account, amount in after.items():
            if account[1] not in UNBOUNDED and amount < 0:
                need(self.free(*account) + amount >= 0, "InsufficientFunds")
        for account, amount in after.items():
            self.balances[account] += amount
            assert account[1] != "debt" or self.balances[account] <= 0

    def reserve(self, *account, amount):
        need(amount <= self.free(*account), "InsufficientFunds")
        self.reserved[account] += amount

    def pay_debt(self, owner, currency):
        """What somebody owes is paid first from what they have available."""
        available, debt = (owner, "available", currency), (owner, "debt", currency)
        amount = min(self.free(*available), -self.balances[debt])
        if amount > 0:
            self.move((available, -amount), (debt, amount))
