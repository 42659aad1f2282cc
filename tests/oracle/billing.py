"""The oracle's rules of invoices: what is issued, and what paying them does."""

from datetime import UTC, datetime

from tests.oracle.books import DAY, half_up, need
from tests.oracle.work import Work

DUE_DAYS = 7
APPROVED = ("approved", "settled")


class Bills(Work):
    """Invoices from their issue to the wallet."""

    # What is issued

    def issue(self, milestones, at):
        """What approvals of these lead to, in the order of the approvals; the new invoices."""
        works, whole = [], set()
        for milestone in set(milestones):
            row, project = self.of(milestone)
            if project["method"] == "completion":
                whole.add(row["project"])
            elif row["approved"] is not None and self.invoice_on(milestone) is None:
                works.append((row["approved"], milestone, "milestone", [milestone]))
        for project in whole:
            plan = self.plan(project)
            if self.is_final_due(plan):
                last = max(plan, key=lambda m: (self.milestones[m]["approved"], m))
                works.append((self.milestones[last]["approved"], last, "final", self.left_of(plan)))
        return [self.bill(kind, about, at) for *_, kind, about in sorted(works)]

    def invoice_on(self, milestone):
        """The newest invoice that a milestone is on."""
        found = [i for i, row in self.invoices.items() if milestone in row["about"]]
        return found[-1] if found else None

    def is_final_due(self, plan):
        is_over = all(self.milestones[m]["status"] in APPROVED for m in plan)
        kinds = {self.invoices[i]["kind"] for i in map(self.invoice_on, plan) if i is not None}
        return is_over and "final" not in kinds

    def left_of(self, plan):
        """The milestones that have no invoice yet, as the plan was written."""
        return sorted(m for m in plan if self.invoice_on(m) is None)

    def issue_by_hand(self, milestone, by, at):
        """For either party; one of several milestones of a completion project by its seller alone.

        What is set aside for it pays at once.
        """
        row, project = self.of(milestone)
        if (known := self.invoice_on(milestone)) is not None:
            return known
        need(row["status"] in APPROVED, "MilestoneNotApproved")
        if project["method"] != "completion":
            invoice = self.bill("milestone", [milestone], at)
            self.settle_held([invoice], at)
            return invoice
        plan = self.plan(row["project"])
        if self.is_final_due(plan):
            return self.bill("final", self.left_of(plan), at)
        need(by == project["seller"], "PermissionRefused")
        return self.bill("manual", [milestone], at)

    def issue_upfront(self, projects, at):
        taken = {row["project"] for row in self.invoices.values() if row["kind"] == "upfront"}
        waiting = [p for p in projects if self.projects[p]["status"] == "awaiting_upfront"]
        return [
            self.write(project, "upfront", [], self.projects[project]["upfront"], at)
            for project in sorted(set(waiting) - taken)
        ]

    def bill(self, kind, about, at):
        rows = [self.milestones[m] for m in about]
        gross = sum((row["share"] or row["price"]) + row["bonus"] for row in rows)
        return self.write(rows[0]["project"], kind, about, gross, at)

    def write(self, project, kind, about, gross, at):
        of = self.projects[project]
        of["invoiced"] += gross
        fee = half_up(of["rate"] * of["invoiced"], 10_000) - of["fees"]
        of["fees"] += fee
        percent = self.taxes[of["seller"]]
        tax = half_up(percent * gross, 100)
        invoice = self.handle()
        self.invoices[invoice] = {
            "project": project, "kind": kind, "about": about, "gross": gross, "tax": tax,
            "total": gross + tax, "fee": fee, "net": gross + tax - fee, "percent": percent,
            "status": "sent", "number": self.number(of["seller"], "invoice", at),
            "issued": at // DAY, "due": at // DAY + DUE_DAYS, "credited": 0, "credited_tax": 0,
            "credited_fee": 0, "earned": 0, "part": 0, "part_payment": None, "payment": None,
            "objected": False,
        }  # fmt: skip
        return invoice

    def number(self, seller, family, at):
        series = seller, datetime.fromtimestamp(at, UTC).year, family
        self.numbers[series] += 1
        return series[1], self.numbers[series]

    def fall_due(self, at):
        for invoice in self.invoices.values():
            if invoice["status"] == "sent" and invoice["due"] < at // DAY:
                invoice["status"] = "overdue"

    # What is left of an invoice, and paid

    def left(self, invoice):
        """What its notes have left of it: the total, the tax in it, and the fee.

        The fee is never more than what it is still about, nor less than nothing.
        """
        row = self.invoices[invoice]
        total = row["total"] - row["credited"] - row["credited_tax"]
        fee = min(max(row["fee"] - row["credited_fee"], 0), row["gross"] - row["credited"])
        return total, row["tax"] - row["credited_tax"], fee

    def share(self, invoice, amount):
        """A part of that: it pays the fee first, then the price, and the tax last."""
        total, tax, fee = self.left(invoice)
        return amount, max(0, amount - (total - tax)), min(fee, amount)

    def open(self, invoice):
        """What is left of it without the part that is paid."""
        part = self.share(invoice, self.invoices[invoice]["part"])
        return tuple(
            all_of_it - paid for all_of_it, paid in zip(self.left(invoice), part, strict=True)
        )

    def due(self, invoice):
        return self.open(invoice)[0]

    def is_worked_off(self, invoice):
        """Whether what it is about was paid for before, by itself in part or by one it corrects."""
        about = self.invoices[invoice]["about"]
        return bool(about) and all(self.milestones[m]["status"] == "settled" for m in about)

    def earn(self, invoice, share, legs, at, part=None):
        """Credit the freelancer and the platform; `legs` say where it comes from."""
        project = self.projects[self.invoices[invoice]["project"]]
        seller, currency = project["seller"], project["currency"]
        total, tax, fee = share
        waits = project["clearing"] > 0 and total > fee
        self.move(
            *legs,
            ((seller, "pending" if waits else "available", currency), total - fee),
            (("platform", "fees", currency), fee),
        )
        self.lifetime[seller, currency] += total - tax - fee
        if waits:
            self.clearings[self.handle()] = {
                "invoice": invoice, "part": part, "left": total - fee,
                "at": at + project["clearing"] * DAY, "owner": seller, "currency": currency,
            }  # fmt: skip
        self.work_is_paid(invoice)
        if not project["clearing"]:
            self.pay_debt(seller, currency)

    def work_is_paid(self, invoice):
        row = self.invoices[invoice]
        for milestone in row["about"]:
            self.milestones[milestone]["status"] = "settled"
        self.complete(row["project"])

    def settle(self, invoice, legs, at, payment=None):
        """Pay all that is open of it."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        self.earn(invoice, self.open(invoice), legs, at)
        row["earned"] = row["gross"] - row["credited"] - self.left(invoice)[2]
        row["status"], row["payment"] = "paid", payment
        if row["kind"] == "upfront" and project["status"] == "awaiting_upfront":
            project["status"] = "active"
        if row["part"]:
            self.events["the rest of a part is paid"] += 1

    def waiting(self, invoice):
        """What of it waits to clear."""
        return sum(row["left"] for row in self.clearings.values() if row["invoice"] == invoice)

    def clear(self, invoices, at):
        cleared = set()
        for row in self.clearings.values():
            if row["invoice"] in invoices and row["left"] and row["at"] <= at:
                wallet, currency = row["owner"], row["currency"]
                self.move(
                    ((wallet, "pending", currency), -row["left"]),
                    ((wallet, "available", currency), row["left"]),
                )
                row["left"] = 0
                cleared.add((wallet, currency))
        for owner in cleared:
            self.pay_debt(*owner)
