"""The oracle's rules of invoices: what is issued, and what paying them does."""

from datetime import UTC, datetime

from tests.oracle.books import DAY, PAYABLE, Beyond, half_up, need
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
            "due": at // DAY + DUE_DAYS, "clears": None, "waiting": 0, "settled": None,
            "credited": 0, "credited_tax": 0, "credited_fee": 0, "earned": 0, "payment": None,
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

    def due(self, invoice):
        """What its notes have left of its total."""
        row = self.invoices[invoice]
        return row["total"] - row["credited"] - row["credited_tax"]

    def due_fee(self, invoice):
        """The fee that it is settled with: never more than it is still about, nor less than nothing."""
        row = self.invoices[invoice]
        return min(max(row["fee"] - row["credited_fee"], 0), row["gross"] - row["credited"])

    def settle(self, invoice, legs, at, payment=None):
        """Credit the freelancer for what is left of it; `legs` say where that comes from."""
        row = self.invoices[invoice]
        project = self.projects[row["project"]]
        seller, currency = project["seller"], project["currency"]
        total, fee = self.due(invoice), self.due_fee(invoice)
        waits = project["clearing"] > 0 and total > fee
        self.move(
            *legs,
            ((seller, "pending" if waits else "available", currency), total - fee),
            (("platform", "fees", currency), fee),
        )
        row["earned"] = row["gross"] - row["credited"] - fee
        self.lifetime[seller, currency] += row["earned"]
        if waits:
            row["clears"], row["waiting"] = at + project["clearing"] * DAY, total - fee
        row["status"], row["payment"], row["settled"] = "paid", payment, self.handle()
        if row["kind"] == "upfront":
            project["status"] = "active"
        for milestone in row["about"]:
            self.milestones[milestone]["status"] = "settled"
        self.complete(row["project"])
        if not project["clearing"]:
            self.pay_debt(seller, currency)

    def settle_held(self, invoices, at):
        """Pay what is due from what was set aside; a difference is the buyer's credit. One at a time."""
        for invoice in sorted(invoices):
            row = self.invoices[invoice]
            project = self.projects[row["project"]]
            if project["mode"] != "held" or row["status"] not in PAYABLE:
                continue
            [milestone] = row["about"]
            currency, aside, total = (
                project["currency"],
                self.set_aside(milestone),
                self.due(invoice),
            )
            if total - aside > max(0, self.free(project["buyer"], "credit", currency)):
                raise Beyond
            legs = [
                ((("milestone", milestone), "held", currency), -aside),
                ((project["buyer"], "credit", currency), aside - total),
            ]
            funding = self.milestones[milestone]["funding"]
            self.settle(invoice, [leg for leg in legs if leg[1]], at, funding)
            self.payments[funding]["back"] += max(0, aside - total)

    def clear(self, invoices, at):
        cleared = set()
        for invoice in invoices:
            row = self.invoices[invoice]
            project = self.projects[row["project"]]
            wallet, currency = project["seller"], project["currency"]
            if row["waiting"] and row["clears"] <= at:
                self.move(
                    ((wallet, "pending", currency), -row["waiting"]),
                    ((wallet, "available", currency), row["waiting"]),
                )
                row["waiting"] = 0
                cleared.add((wallet, currency))
        for owner in cleared:
            self.pay_debt(*owner)
