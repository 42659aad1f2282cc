"""The money rules of docs/money.md in dicts and ints, written apart from the product.

Nothing here is imported from it (a test sees to that). Amounts are minor units, moments are
seconds since 1970. A method does one thing that people, staff or jobs do, or raises `Refused` with
the name of the refusal and changes nothing. What it makes is known by handles of its own.
"""

from collections import defaultdict
from datetime import UTC, datetime

DAY = 86_400
REVIEW_DAYS, EXTENSION_DAYS, DUE_DAYS, REFUND_DAYS = 14, 7, 7, 7
PAYABLE = ("sent", "overdue", "on_hold")
IN_FLIGHT = ("processing", "uncertain")
CLOSED = ("settled", "cancelled")


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
        """Of (owner, currency): what of available waits to leave or is kept back."""
        self.lifetime = defaultdict(int)
        self.numbers = defaultdict(int)
        """The last number of (issuer, year)."""
        self.taxes = defaultdict(int)
        """What a seller adds to a price today, in percent."""
        self.projects, self.milestones, self.invoices, self.payments = {}, {}, {}, {}
        self.refunds = {}
        self._handles = 0

    def handle(self):
        self._handles += 1
        return self._handles

    def move(self, *legs):
        """One balanced movement; what may not be overdrawn is looked at before anything moves."""
        after = defaultdict(int)
        for account, amount in legs:
            after[account] += amount
        assert sum(after.values()) == 0
        assert len({currency for _, _, currency in after}) == 1
        for (owner, kind, currency), amount in after.items():
            if kind not in ("outside", "fees") and amount < 0:
                spent = self.reserved[owner, currency] if kind == "available" else 0
                left = self.balances[owner, kind, currency] - spent + amount
                need(left >= 0, "InsufficientFunds")
        for account, amount in after.items():
            self.balances[account] += amount

    # Projects and work

    def match(self, *, buyer, seller, currency, budget, tasks, mode, rate, clearing, auto):
        """`rate` in ten-thousandths; the project, and the plan's milestones from first to last."""
        share, spare = divmod(budget, tasks)
        project = self.handle()
        self.projects[project] = {
            "buyer": buyer, "seller": seller, "currency": currency, "mode": mode, "rate": rate,
            "clearing": clearing, "auto": auto, "agreed": budget, "invoiced": 0, "fees": 0,
            "status": "active",
        }  # fmt: skip
        plan = []
        for position in range(1, tasks + 1):
            plan.append(self.handle())
            self.milestones[plan[-1]] = {
                "project": project, "position": position, "status": "planned", "version": 0,
                "price": share + (1 if position <= spare else 0), "bonus": 0, "ends": None,
                "extended": False, "approved": None, "silent": False,
            }  # fmt: skip
        return project, plan

    def of(self, milestone):
        """A milestone and its project."""
        row = self.milestones[milestone]
        return row, self.projects[row["project"]]

    def plan(self, project):
        """The milestones of a project by position."""
        mine = [m for m, row in self.milestones.items() if row["project"] == project]
        return sorted(mine, key=lambda m: self.milestones[m]["position"])

    def work_begins(self, milestone, allowed):
        row, project = self.of(milestone)
        unfunded = project["mode"] == "held" and row["status"] == "planned"
        need(not unfunded, "MilestoneNotFunded")
        need(row["status"] in allowed, "MilestoneTransitionRefused")
        return row

    def start(self, milestone):
        self.work_begins(milestone, ("planned", "funded"))["status"] = "in_progress"

    def submit(self, milestone, at):
        allowed = ("planned", "funded", "in_progress", "changes_requested")
        row = self.work_begins(milestone, allowed)
        row["status"], row["extended"] = "in_review", False
        row["version"] += 1
        row["ends"] = at + REVIEW_DAYS * DAY
        self.end_refund(milestone, "lapsed")

    def in_review(self, milestone):
        row, project = self.of(milestone)
        need(row["status"] == "in_review", "MilestoneTransitionRefused")
        return row, project

    def request_changes(self, milestone):
        row, _ = self.in_review(milestone)
        row["status"], row["ends"] = "changes_requested", None

    def extend(self, milestone):
        row, _ = self.in_review(milestone)
        need(not row["extended"], "ReviewAlreadyExtended")
        row["extended"] = True
        row["ends"] += EXTENSION_DAYS * DAY

    def approve(self, milestone, at, bonus=0):
        row, project = self.in_review(milestone)
        if bonus:
            if project["mode"] == "held":
                self.move(*self.set_more_aside(milestone, row["price"], row["price"] + bonus))
            row["bonus"] = bonus
            project["agreed"] += bonus
        row["status"], row["ends"], row["approved"] = "approved", None, at

    def approve_part(self, milestone, amount, goes_on, at):
        """The rest of the price goes on to the next open milestone, or is not agreed any more."""
        row, project = self.in_review(milestone)
        need(0 < amount < row["price"], "Invalid")
        rest, following = row["price"] - amount, None
        if goes_on:
            following = next(
                (
                    m
                    for m in self.plan(row["project"])
                    if self.milestones[m]["position"] > row["position"]
                    and self.milestones[m]["status"] in ("planned", "funded", "in_progress")
                ),
                None,
            )
            need(following is not None, "NoNextMilestone")
        if project["mode"] == "held":
            self.move_the_rest(milestone, amount, following)
        if goes_on:
            self.milestones[following]["price"] += rest
        else:
            project["agreed"] -= rest
        row["price"] = amount
        self.approve(milestone, at)

    def with_tax(self, project, price):
        return price + half_up(self.taxes[project["seller"]] * price, 100)

    def set_more_aside(self, milestone, before, after, *, beside=0):
        """The legs of what a higher price takes of the buyer's credit, which has so much more soon."""
        _, project = self.of(milestone)
        credit = project["buyer"], "credit", project["currency"]
        amount = self.with_tax(project, after) - self.with_tax(project, before)
        need(self.balances[credit] + beside >= amount, "CreditShort")
        return (credit, -amount), ((("milestone", milestone), "held", project["currency"]), amount)

    def move_the_rest(self, milestone, amount, following):
        """What a part does not need becomes credit; where the next one is funded, it goes on."""
        row, project = self.of(milestone)
        held = ("milestone", milestone), "held", project["currency"]
        aside, price = self.balances[held], row["price"]
        kept = half_up(aside * amount, price)
        if self.with_tax(project, price) == aside:
            kept = self.with_tax(project, amount)
        later = self.milestones[following] if following is not None else None
        pending = [
            payment
            for payment in self.payments.values()
            if payment["status"] in IN_FLIGHT and following in payment["parts"]
        ]
        need(not pending, "FundingUnderWay")
        legs = ()
        if later is not None and later["status"] != "planned":
            goal = later["price"] + price - amount
            legs = self.set_more_aside(following, later["price"], goal, beside=aside - kept)
        self.move(
            (held, kept - aside), ((project["buyer"], "credit", project["currency"]), aside - kept)
        )
        if legs:
            self.move(*legs)

    def fall_silent(self, ends, at):
        """The reviews that still end when they were to end; `ends` by milestone."""
        for milestone, end in ends.items():
            row, _ = self.of(milestone)
            if row["status"] == "in_review" and row["ends"] == end:
                row["status"], row["ends"], row["silent"] = "approved", None, True
                row["approved"] = max(end, at)

    # Invoices

    def issue(self, milestones, at):
        """An invoice for each that is approved and has none, in the order of their approvals."""
        new = {m for m in milestones if self.of(m)[0]["approved"] is not None}
        new -= self.invoices.keys()
        for milestone in sorted(new, key=lambda m: (self.milestones[m]["approved"], m)):
            row, project = self.of(milestone)
            gross = row["price"] + row["bonus"]
            tax = half_up(self.taxes[project["seller"]] * gross, 100)
            project["invoiced"] += gross
            fee = half_up(project["rate"] * project["invoiced"], 10_000) - project["fees"]
            project["fees"] += fee
            series = project["seller"], datetime.fromtimestamp(at, UTC).year
            self.numbers[series] += 1
            self.invoices[milestone] = {
                "gross": gross, "tax": tax, "total": gross + tax, "fee": fee,
                "net": gross + tax - fee, "status": "sent", "number": (series[1], self.numbers[series]),
                "due": at // DAY + DUE_DAYS, "clears": None, "waiting": 0,
            }  # fmt: skip

    def fall_due(self, at):
        for invoice in self.invoices.values():
            if invoice["status"] == "sent" and invoice["due"] < at // DAY:
                invoice["status"] = "overdue"

    def settle(self, milestone, legs, at):
        """Credit the freelancer for an invoice; `legs` say where its total comes from."""
        row, project = self.of(milestone)
        invoice, currency = self.invoices[milestone], project["currency"]
        waits = project["clearing"] > 0 and invoice["net"] > 0
        self.move(
            *legs,
            ((project["seller"], "pending" if waits else "available", currency), invoice["net"]),
            (("platform", "fees", currency), invoice["fee"]),
        )
        self.lifetime[project["seller"], currency] += invoice["net"] - invoice["tax"]
        if waits:
            invoice["clears"], invoice["waiting"] = at + project["clearing"] * DAY, invoice["net"]
        invoice["status"], row["status"] = "paid", "settled"
        self.complete(row["project"])

    def complete(self, project):
        if all(self.milestones[m]["status"] in CLOSED for m in self.plan(project)):
            self.projects[project]["status"] = "completed"

    def settle_held(self, milestones, at):
        """Pay what is due from what was set aside; a difference is the buyer's credit. One at a time."""
        for milestone in sorted(set(milestones) & self.invoices.keys()):
            _, project = self.of(milestone)
            invoice = self.invoices[milestone]
            if project["mode"] != "held" or invoice["status"] not in PAYABLE:
                continue
            source = ("milestone", milestone), "held", project["currency"]
            aside = self.balances[source]
            credit = project["buyer"], "credit", project["currency"]
            legs = [(source, -aside), (credit, aside - invoice["total"])]
            self.settle(milestone, [leg for leg in legs if leg[1]], at)

    def clear(self, milestones, at):
        for milestone in set(milestones) & self.invoices.keys():
            invoice, (_, project) = self.invoices[milestone], self.of(milestone)
            if invoice["waiting"] and invoice["clears"] <= at:
                wallet, currency = project["seller"], project["currency"]
                self.move(
                    ((wallet, "pending", currency), -invoice["waiting"]),
                    ((wallet, "available", currency), invoice["waiting"]),
                )
                invoice["waiting"] = 0

    # Payments

    def pay(self, milestone, method, at, amount=None):
        """Begin to pay an invoice, by what the provider calls the method, or at once by credit."""
        invoice, (_, project) = self.invoices[milestone], self.of(milestone)
        need(amount is None or amount == invoice["total"], "AmountMismatch")
        need(invoice["status"] != "paid", "AlreadyPaid")
        need(project["mode"] == "on_invoice", "PaidFromHeldFunds")
        need(not self.on_its_way(milestone), "PaymentInProgress")
        return self.begin(project, invoice["total"], method, at, invoice=milestone)

    def pay_automatically(self, milestone, method, at):
        """The handle of the payment, a new one or the one that is under way; None without need."""
        invoice, (_, project) = self.invoices[milestone], self.of(milestone)
        if not project["auto"] or project["mode"] != "on_invoice":
            return None
        for payment in self.on_its_way(milestone):
            return payment if self.payments[payment]["automatic"] else None
        if invoice["status"] not in PAYABLE:
            return None
        payment = self.begin(project, invoice["total"], method, at, invoice=milestone)
        self.payments[payment]["automatic"] = True
        return payment

    def on_its_way(self, invoice):
        return [
            payment
            for payment, row in self.payments.items()
            if row["invoice"] == invoice and row["status"] in IN_FLIGHT
        ]

    def fund(self, project, method, at, chosen=None):
        """Begin to set aside the prices, with tax, of the milestones chosen, or of all planned."""
        of = self.projects[project]
        need(of["mode"] == "held", "NotHeld")
        pending = {
            milestone
            for row in self.payments.values()
            if row["status"] in IN_FLIGHT
            for milestone in row["parts"]
            if self.milestones[milestone]["project"] == project
        }
        planned = [m for m in self.plan(project) if self.milestones[m]["status"] == "planned"]
        wanted = [m for m in planned if m not in pending] if chosen is None else chosen
        need(not pending & set(wanted), "PaymentInProgress")
        if of["status"] != "active" or not wanted:
            raise Refused("PaymentInProgress" if pending else "NothingToFund")
        need(set(wanted) <= set(planned), "MilestoneTransitionRefused")
        parts = {}
        for milestone in sorted(wanted, key=lambda m: self.milestones[m]["position"]):
            price = self.milestones[milestone]["price"]
            parts[milestone] = price + half_up(self.taxes[of["seller"]] * price, 100)
        return self.begin(of, sum(parts.values()), method, at, parts=parts)

    def begin(self, project, amount, method, at, *, invoice=None, parts=None):
        payment = self.handle()
        row = {
            "invoice": invoice, "parts": parts or {}, "payer": project["buyer"],
            "currency": project["currency"], "amount": amount, "method": method,
            "status": "processing", "outcome": "", "received": None, "automatic": False,
        }  # fmt: skip
        if method == "credit":
            wallet = project["buyer"], "credit", project["currency"]
            need(self.balances[wallet] >= amount, "InsufficientFunds")
        self.payments[payment] = row
        if method == "credit":
            self.conclude(payment, amount, at)
        return payment

    def with_funds(self, milestone):
        row, project = self.of(milestone)
        need(project["mode"] == "held", "NothingHeld")
        need(row["status"] not in ("planned", "cancelled"), "NothingHeld")
        need(row["status"] not in ("approved", "settled"), "GiveBackTooLate")
        return row, project

    def give_back(self, milestone, amount=None):
        """Held money becomes the buyer's credit: for a part of the price, or all, which cancels."""
        row, project = self.with_funds(milestone)
        price, currency = row["price"], project["currency"]
        source = ("milestone", milestone), "held", currency
        aside, kept = self.balances[source], 0
        amount = price if amount is None else amount
        need(0 < amount <= price, "Invalid")
        if amount < price:
            row["price"] = rest = price - amount
            tax = self.taxes[project["seller"]]
            kept = half_up(aside * rest, price)
            if price + half_up(tax * price, 100) == aside:
                kept = rest + half_up(tax * rest, 100)
        else:
            row["status"], row["ends"] = "cancelled", None
            self.end_refund(milestone, "agreed")
        project["agreed"] -= amount
        self.move((source, kept - aside), ((project["buyer"], "credit", currency), aside - kept))
        self.complete(row["project"])

    def waiting_refund(self, milestone):
        """The request that waits for an answer, if there is one."""
        for request, row in self.refunds.items():
            if row["milestone"] == milestone and row["status"] == "open":
                return request
        return None

    def end_refund(self, milestone, status):
        request = self.waiting_refund(milestone)
        if request is not None:
            self.refunds[request]["status"] = status

    def ask_for_refund(self, milestone, at):
        row, _ = self.with_funds(milestone)
        need(not row["version"], "WorkSubmitted")
        need(self.waiting_refund(milestone) is None, "RefundAlreadyRequested")
        request = self.handle()
        ends = at + REFUND_DAYS * DAY
        self.refunds[request] = {"milestone": milestone, "status": "open", "ends": ends}
        return request

    def answer_refund(self, milestone, status):
        """Agreed, declined, or taken back by who asked."""
        need(self.waiting_refund(milestone) is not None, "NoRefundRequest")
        self.end_refund(milestone, status)
        if status == "agreed":
            self.give_back(milestone)

    def time_out_refund(self, request, at):
        row = self.refunds[request]
        if row["status"] == "open" and row["ends"] <= at:
            row["status"] = "unanswered"
            self.give_back(row["milestone"])

    def conclude(self, payment, received, at):
        """What arrived, 0 when it was declined, None while nobody knows."""
        row = self.payments[payment]
        if row["status"] not in IN_FLIGHT:
            return
        if received is None:
            row["status"] = "uncertain"
        elif not received:
            row["status"] = "failed"
            if row["automatic"] and self.invoices[row["invoice"]]["status"] in PAYABLE:
                self.invoices[row["invoice"]]["status"] = "on_hold"
        else:
            self.receive(row, received, at)

    def receive(self, row, received, at):
        asked, currency = row["amount"], row["currency"]
        row["status"], row["received"] = "succeeded", received
        row["outcome"] = "exact" if received == asked else "over" if received > asked else "short"
        credit = row["payer"], "credit", currency
        source = credit if row["method"] == "credit" else ("sandbox", "outside", currency)
        if row["invoice"] is not None:
            invoice = self.invoices[row["invoice"]]
            if invoice["status"] not in PAYABLE:
                row["outcome"] = "double"
            if row["outcome"] in ("exact", "over"):
                legs = [(source, -received), (credit, received - invoice["total"])]
                self.settle(row["invoice"], legs, at)
            else:
                self.move((source, -received), (credit, received))
            return
        left, held = received, []
        for milestone, amount in row["parts"].items():
            is_planned = self.milestones[milestone]["status"] == "planned"
            if not is_planned:
                row["outcome"] = "late"
            if is_planned and amount <= left:
                left -= amount
                held.append(((("milestone", milestone), "held", currency), amount))
                self.milestones[milestone]["status"] = "funded"
        self.move((source, -received), *held, (credit, left))
