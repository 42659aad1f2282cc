"""Matching, delivering and reviewing, as rules of the machine."""

import datetime as dt

from django.test import override_settings
from djmoney.money import Money
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.services import legal_data_update
from gigs.enums import Remainder
from gigs.services import (
    Part,
    milestone_approve,
    milestone_approve_part,
    milestone_extend_review,
    milestone_request_changes,
    milestone_start,
    milestone_submit,
    reviews_end,
)
from tests.builders import active_project
from tests.oracle.comparing import DECIMALS
from tests.oracle.machine import CURRENCIES, MoneyMachine

MOST_PROJECTS = 4
RATES = {500: "0.0500", 1000: "0.1000", 333: "0.0333", 0: "0.0000", 9999: "0.9999"}
TAXES = {"registered": 19, "not_registered": 0}
"""What the second seller adds to a price, by what the tax office knows of them."""
BUDGETS = st.integers(5, 2000) | st.integers(100_000, 4_000_000)
PROJECTS = {
    "buyer": st.sampled_from(["clara", "carl"]),
    "seller": st.sampled_from(["fred", "frida"]),
    "currency": st.sampled_from(CURRENCIES),
    "budget": BUDGETS,
    "tasks": st.integers(1, 4),
    "terms": st.sampled_from(
        [("held", "milestone"), ("on_invoice", "milestone"), ("on_invoice", "completion")]
    ),
    "rate": st.sampled_from(list(RATES)),
    "clearing": st.sampled_from([0, 5]),
    "auto": st.booleans(),
}


def digits(minor, currency):
    """The amount with the point where the currency has it."""
    decimals = DECIMALS[currency]
    text = str(minor).rjust(decimals + 1, "0")
    return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text


def money(minor, currency):
    return Money(digits(minor, currency), currency)


def when(row, *statuses):
    return row["status"] in statuses


class Work(MoneyMachine):
    """Rules from the match to the approval."""

    @precondition(lambda self: len(self.books.projects) < MOST_PROJECTS)
    @rule(**PROJECTS)
    def matches(self, **terms):
        self.match(**terms)

    def match(self, **terms):
        """The new project and its plan."""
        currency, people = terms["currency"], (terms["buyer"], terms["seller"])
        project, plan = self.books.match(**terms)
        with override_settings(
            CLEARING_DAYS=terms["clearing"], PLATFORM_FEE_RATE=RATES[terms["rate"]]
        ):
            row = active_project(
                commissioner=self.people[people[0]],
                freelancer=self.people[people[1]],
                at=self.at,
                title=f"Project {project}",
                currency=currency,
                budget=money(terms["budget"], currency).amount,
                tasks=terms["tasks"],
                payment_mode=terms["terms"][0],
                invoicing_method=terms["terms"][1],
                is_auto_pay=terms["auto"],
            )
        self.names.name(project, row)
        for handle, milestone in zip(plan, row.milestones.order_by("position"), strict=True):
            self.names.name(handle, milestone)
        return project, plan

    def milestone(self, data, *statuses):
        def likely(row):
            mode = self.books.projects[row["project"]]["mode"]
            return when(row, *statuses) and (mode, row["status"]) != ("held", "planned")

        return self.one_of(data, self.books.milestones, likely)

    def in_review(self):
        return any(row["status"] == "in_review" for row in self.books.milestones.values())

    @rule(data=st.data())
    def starts(self, data):
        milestone = self.milestone(data, "planned", "funded")
        self.both(
            lambda at: self.books.start(milestone),
            lambda at: milestone_start(
                milestone_id=self.row(milestone), by=self.user_of(milestone, "seller"), at=at
            ),
        )

    @rule(data=st.data())
    def submits(self, data):
        self.submit(self.milestone(data, "planned", "funded", "in_progress", "changes_requested"))

    def submit(self, milestone):
        self.both(
            lambda at: self.books.submit(milestone, at),
            lambda at: milestone_submit(
                milestone_id=self.row(milestone),
                message="Here it is.",
                links=[],
                by=self.user_of(milestone, "seller"),
                at=at,
            ),
        )

    @precondition(in_review)
    @rule(data=st.data())
    def requests_changes(self, data):
        milestone = self.milestone(data, "in_review")
        self.both(
            lambda at: self.books.request_changes(milestone),
            lambda at: milestone_request_changes(
                milestone_id=self.row(milestone),
                comment="More.",
                by=self.user_of(milestone, "buyer"),
                at=at,
            ),
        )

    @precondition(in_review)
    @rule(data=st.data())
    def extends_the_review(self, data):
        milestone = self.milestone(data, "in_review")
        self.both(
            lambda at: self.books.extend(milestone),
            lambda at: milestone_extend_review(
                milestone_id=self.row(milestone), by=self.user_of(milestone, "buyer"), at=at
            ),
        )

    @precondition(in_review)
    @rule(data=st.data(), bonus=st.just(0) | st.integers(0, 50_000))
    def approves(self, data, bonus):
        self.approve(self.milestone(data, "in_review"), bonus)

    def approve(self, milestone, bonus=0):
        currency = self.books.of(milestone)[1]["currency"]
        self.both(
            lambda at: self.books.approve(milestone, at, bonus),
            lambda at: milestone_approve(
                milestone_id=self.row(milestone),
                bonus=money(bonus, currency) if bonus else None,
                by=self.user_of(milestone, "buyer"),
                at=at,
            ),
        )

    @precondition(in_review)
    @rule(data=st.data(), share=st.integers(0, 100), goes_on=st.booleans())
    def approves_a_part(self, data, share, goes_on):
        milestone = self.milestone(data, "in_review")
        row, project = self.books.of(milestone)
        amount = row["price"] * share // 100
        part = Part(
            money(amount, project["currency"]),
            Remainder.NEXT_MILESTONE if goes_on else Remainder.GIVE_BACK,
        )
        self.both(
            lambda at: self.books.approve_part(milestone, amount, goes_on, at),
            lambda at: milestone_approve_part(
                milestone_id=self.row(milestone),
                part=part,
                by=self.user_of(milestone, "buyer"),
                at=at,
            ),
        )

    @precondition(in_review)
    @rule(data=st.data(), early=st.booleans())
    def reviews_end(self, data, early):
        """By the clock, or by a job of an end that has moved meanwhile."""
        ends = {m: row["ends"] for m, row in self.books.milestones.items() if row["ends"]}
        chosen = data.draw(st.sets(st.sampled_from(list(ends)), min_size=1))
        if early:
            ends = {m: end - 1 for m, end in ends.items()}
        else:
            latest = dt.datetime.fromtimestamp(max(ends[m] for m in chosen), dt.UTC)
            self.at = max(self.at, latest)
        self.both(
            lambda at: self.books.fall_silent({m: ends[m] for m in chosen}, at),
            lambda at: reviews_end(
                ends={
                    self.row(m): dt.datetime.fromtimestamp(ends[m], dt.UTC) for m in chosen
                },
                at=at,
            ),
        )  # fmt: skip

    @rule(status=st.sampled_from(list(TAXES)))
    def the_tax_changes(self, status):
        self.change_tax(status)

    def change_tax(self, status):
        def expected(at):
            self.books.taxes["frida"] = TAXES[status]

        self.both(
            expected,
            lambda at: legal_data_update(
                changes={"tax_status": status}, by=self.people["frida"], at=at
            ),
        )
