"""The oracle's rules of projects and milestones: matching, delivering, reviewing, setting aside."""

from tests.oracle.books import CLOSED, DAY, IN_FLIGHT, Books, half_up, need

REVIEW_DAYS, EXTENSION_DAYS, REFUND_DAYS = 14, 7, 7
UPFRONT = 12
"""What is invoiced upfront by the completion method, in percent of the budget."""


def shared_out(total, parts):
    """Whole shares; the spare units go to the earliest."""
    share, spare = divmod(total, parts)
    return [share + (1 if place < spare else 0) for place in range(parts)]


class Work(Books):
    """What is agreed, done and set aside."""

    def match(self, *, buyer, seller, currency, budget, tasks, terms, rate, clearing, auto):
        """`rate` in ten-thousandths; the project, and the plan's milestones from first to last.

        `terms` say how it pays, and whether milestones or the completion are invoiced.
        """
        mode, method = terms
        project = self.handle()
        upfront = half_up(UPFRONT * budget, 100) if method == "completion" else None
        self.projects[project] = {
            "buyer": buyer, "seller": seller, "currency": currency, "mode": mode, "rate": rate,
            "clearing": clearing, "auto": auto, "agreed": budget, "invoiced": 0, "fees": 0,
            "method": method, "upfront": upfront, "extra": 0, "extra_invoiced": 0,
            "status": "active" if upfront is None else "awaiting_upfront",
        }  # fmt: skip
        shares = [None] * tasks if upfront is None else shared_out(budget - upfront, tasks)
        plan = []
        for price, share in zip(shared_out(budget, tasks), shares, strict=True):
            plan.append(self.handle())
            self.milestones[plan[-1]] = {
                "project": project, "position": len(plan), "status": "planned", "version": 0,
                "price": price, "share": share, "bonus": 0, "ends": None, "extended": False,
                "approved": None, "silent": False, "funding": None, "spent": 0,
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
        need(project["status"] != "awaiting_upfront", "ProjectNotStarted")
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
        need(project["method"] != "completion", "PriceFixed")
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
        need(self.free(*credit) + beside >= amount, "CreditShort")
        return (credit, -amount), ((("milestone", milestone), "held", project["currency"]), amount)

    def move_the_rest(self, milestone, amount, following):
        """What a part does not need becomes credit; where the next one is funded, it goes on."""
        row, project = self.of(milestone)
        aside, price = self.set_aside(milestone), row["price"]
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
        self.become_credit(milestone, aside - kept)
        if legs:
            self.move(*legs)

    def set_aside(self, milestone):
        _, project = self.of(milestone)
        return self.balances[("milestone", milestone), "held", project["currency"]]

    def become_credit(self, milestone, amount):
        """Held money that becomes credit again, along the payment that brought it."""
        row, project = self.of(milestone)
        currency = project["currency"]
        self.move(
            ((("milestone", milestone), "held", currency), -amount),
            ((project["buyer"], "credit", currency), amount),
        )
        self.payments[row["funding"]]["back"] += amount

    def fall_silent(self, ends, at):
        """The reviews that still end when they were to end; `ends` by milestone."""
        for milestone, end in ends.items():
            row, _ = self.of(milestone)
            if row["status"] == "in_review" and row["ends"] == end:
                row["status"], row["ends"], row["silent"] = "approved", None, True
                row["approved"] = max(end, at)

    def with_funds(self, milestone):
        row, project = self.of(milestone)
        need(project["mode"] == "held", "NothingHeld")
        need(row["status"] not in ("planned", "cancelled"), "NothingHeld")
        need(row["status"] not in ("approved", "settled"), "GiveBackTooLate")
        return row, project

    def give_back(self, milestone, amount=None):
        """Held money becomes the buyer's credit: for a part of the price, or all, which cancels."""
        row, project = self.with_funds(milestone)
        price, aside, kept = row["price"], self.set_aside(milestone), 0
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
        self.become_credit(milestone, aside - kept)
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

    def complete(self, project):
        if all(self.milestones[m]["status"] in CLOSED for m in self.plan(project)):
            self.projects[project]["status"] = "completed"
