from decimal import Decimal

import pytest
from djmoney.money import Money

from gigs.forms import GigFilterForm, Plan, ProjectStatusForm, live_split
from gigs.selectors import GigFilters
from gigs.services import PlannedTask

RATE = Decimal("0.0500")
ROW = {"title": "Part", "amount": "", "due_on": "", "description": "", "criteria": ""}


def plan_values(*rows, budget="10000", currency="USD"):
    return {"budget": budget, "currency": currency, "rows": [{**ROW, **row} for row in rows]}


def amounts(live):
    return [
        (str(row.gross.amount), str(row.fee.amount), str(row.net.amount)) for row in live.split.rows
    ]


def test_the_live_split_of_ten_thousand_in_three():
    live = live_split(plan_values({}, {}, {}), rate=RATE)

    assert amounts(live) == [
        ("3333.34", "166.67", "3166.67"),
        ("3333.33", "166.66", "3166.67"),
        ("3333.33", "166.67", "3166.66"),
    ]
    assert (live.split.total, live.split.fee, live.split.net) == (
        Money("10000.00", "USD"),
        Money("500.00", "USD"),
        Money("9500.00", "USD"),
    )


def test_the_live_split_names_rows_without_a_title():
    live = live_split(plan_values({"title": " "}, {"title": "Launch"}), rate=RATE)

    assert [row.title for row in live.split.rows] == ["Milestone 1", "Launch"]


def test_the_live_split_takes_prices_that_add_up():
    live = live_split(plan_values({"amount": "9000.50"}, {"amount": "999.50"}), rate=RATE)

    assert amounts(live) == [("9000.50", "450.03", "8550.47"), ("999.50", "49.97", "949.53")]


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        (plan_values({}, budget=""), "Enter a budget to see how it is split."),
        (
            plan_values({}, budget="10,000"),
            "Leave out thousands separators and write a point before decimals: 1250.00.",
        ),
        (plan_values({}, budget="1.5", currency="JPY"), "JPY has 0 decimals."),
        (plan_values({}, currency=""), "Currency  is not supported."),
        (plan_values(), "Plan 1 to 50 milestones."),
        (
            plan_values({}, {}, budget="1", currency="JPY"),
            "The budget must give each milestone at least one sub-unit.",
        ),
        (
            plan_values({"amount": "4000"}, {}),
            "6,000.00 USD of the budget is left to give to milestones. "
            "Or leave every price empty for equal parts.",
        ),
        (
            plan_values({"amount": "10000"}, {}),
            "0.00 USD of the budget is left to give to milestones. "
            "Or leave every price empty for equal parts.",
        ),
        (
            plan_values({"amount": "9000"}, {"amount": "2000.01"}),
            "The prices add up to 11,000.01 USD: 1,000.01 USD more than the budget.",
        ),
        (plan_values({"amount": "ten"}), "Write the amount as plain digits, such as 1250.00."),
    ],
)
def test_the_live_split_says_what_is_missing(values, hint):
    live = live_split(values, rate=RATE)

    assert (live.split, live.hint) == (None, hint)


def test_a_plan_becomes_tasks():
    plan = Plan.of(
        plan_values(
            {
                "title": "A",
                "amount": "4000",
                "due_on": "2026-12-20",
                "criteria": "Works\n\nIs fast",
            },
            {"title": "B", "amount": "6000", "description": "All of it"},
        )
    )

    assert plan.is_valid()
    first, second = plan.tasks
    assert (first.title, first.amount, first.due_on.isoformat(), first.criteria) == (
        "A",
        Money("4000.00", "USD"),
        "2026-12-20",
        ("Works", "Is fast"),
    )
    assert second == PlannedTask(
        title="B", description="All of it", amount=Money("6000.00", "USD"), criteria=()
    )


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        (plan_values({}, budget=""), ["This field is required."]),
        (plan_values({}, budget="1.005"), ["USD has 2 decimals."]),
        (plan_values(), ["Plan 1 to 50 milestones."]),
        (
            plan_values({"amount": "1"}, {"amount": "2"}),
            ["The milestone amounts must add up to the budget exactly."],
        ),
        (plan_values({"amount": "1"}, {}), ["Give every milestone an amount, or none."]),
        (plan_values(*[{}] * 51), ["Plan 50 milestones at most."]),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(values, errors):
    plan = Plan.of(values)

    assert not plan.is_valid()
    assert [error for field in plan.budget.errors.values() for error in field] == errors


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        ({"title": " "}, "title", "This field is required."),
        ({"title": "x" * 141}, "title", None),
        ({"amount": "1.005"}, "amount", "USD has 2 decimals."),
        ({"due_on": "soon"}, "due_on", "Enter a valid date."),
        ({"criteria": "\n".join("x" * 21)}, "criteria", "20 lines at most."),
    ],
)
def test_a_row_says_what_is_wrong_with_it(row, field, sentence):
    plan = Plan.of(plan_values({}, row))

    assert not plan.is_valid()
    assert list(plan.rows[1].errors) == [field]
    assert sentence is None or plan.rows[1].errors[field] == [sentence]


def test_a_row_that_is_to_be_removed_does_not_count():
    plan = Plan.of(plan_values({"title": "Kept"}, {"title": "", "DELETE": "on"}))

    assert plan.is_valid()
    assert [task.title for task in plan.tasks] == ["Kept"]
    assert [row["title"] for row in plan.values()["rows"]] == ["Kept"]


def test_filters_take_what_makes_sense():
    form = GigFilterForm(
        {
            "q": " web  shop ",
            "category": "nonsense",
            "currency": "EUR",
            "min_budget": "500",
            "skill": "css",
        }
    )

    assert form.filters() == GigFilters(
        search="web  shop", skill="css", currency="EUR", min_budget=Money("500.00", "EUR")
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"min_budget": "500"}, "Choose a currency to compare budgets."),
        ({"min_budget": "5.5", "currency": "JPY"}, "JPY has 0 decimals."),
    ],
)
def test_a_budget_that_cannot_be_compared_does_not_filter(values, sentence):
    form = GigFilterForm(values)

    assert form.filters().min_budget is None
    assert form.errors["min_budget"] == [sentence]


@pytest.mark.parametrize(("asked", "status"), [("active", "active"), ("", ""), ("lost", "")])
def test_an_unknown_state_means_all(asked, status):
    assert ProjectStatusForm({"status": asked}).status == status
