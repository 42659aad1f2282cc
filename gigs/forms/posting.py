"""The steps of posting a gig: about, plan, and the live split of the budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from djmoney.money import Money

from common.exceptions import DomainError
from common.formats import money_for_people
from common.forms import AmountField, CurrencyField, LinesField, SkillsField, amount_in
from common.money import AmountError, amount_text, from_minor, split, sum_money, to_minor
from gigs import services
from gigs.enums import Category, InvoicingMethod, PaymentMode
from gigs.models import Gig
from gigs.selectors import Split, split_with_fees
from gigs.services import GigDraft, PlannedTask
from gigs.services.gigs import MAX_MILESTONES

FIRST_ROWS: Final = 3
MAX_CRITERIA: Final = 20
MAX_CRITERION_LENGTH: Final = 300

Values = dict[str, Any]


class AboutForm(forms.Form):
    """First step: what the gig is about."""

    title = forms.CharField(
        max_length=140,
        widget=forms.TextInput(attrs={"placeholder": "Online shop for a ceramics studio"}),
    )
    category = forms.ChoiceField(choices=[("", "Choose one"), *Category.choices])
    skills = SkillsField(required=False)
    description = forms.CharField(
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="What exists, what you need, and how you will know that it is done.",
    )


class MilestoneRowForm(forms.Form):
    """One planned milestone."""

    title = forms.CharField(max_length=140)
    amount = AmountField(
        label="Price",
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "Equal part"}
        ),
    )
    due_on = forms.DateField(
        label="Due", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    description = forms.CharField(
        max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    criteria = LinesField(
        label="Accepted when",
        max_lines=MAX_CRITERIA,
        max_line_length=MAX_CRITERION_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One condition on each line.",
    )

    @property
    def is_kept(self) -> bool:
        return not self["DELETE"].value()

    @property
    def has_details(self) -> bool:
        """Whether the folded part of the row says something, or is wrong."""
        names = ("description", "criteria")
        return any(self[name].value() or self[name].errors for name in names)

    def values(self) -> Values:
        """What was written, right or wrong."""
        names = ("title", "amount", "due_on", "description", "criteria")
        return {name: self[name].value() or "" for name in names}


MilestoneRows = forms.formset_factory(
    MilestoneRowForm,
    extra=0,
    can_delete=True,
    max_num=MAX_MILESTONES,
    absolute_max=MAX_MILESTONES,
    validate_max=True,
)


def payment_modes() -> list[tuple[str, str]]:
    """How a gig can be paid, in words for its commissioner."""
    held = "you set the money of a milestone aside first; it is paid when you approve"
    return [
        (PaymentMode.ON_INVOICE, f"On invoice: each is due in {settings.INVOICE_DUE_DAYS} days"),
        (PaymentMode.HELD, f"Held funds: {held}"),
    ]


class BudgetForm(forms.Form):
    """The budget of a gig and how its invoices are paid."""

    budget = AmountField(
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "10000.00"}
        )
    )
    currency = CurrencyField()
    invoicing_method = forms.ChoiceField(
        label="When you are invoiced",
        choices=[
            (
                InvoicingMethod.MILESTONE,
                "By milestone: each is invoiced on its own when you approve it",
            ),
            (
                InvoicingMethod.COMPLETION,
                "On completion: a part upfront before work begins, the rest when all is approved",
            ),
        ],
        initial=InvoicingMethod.MILESTONE,
        required=False,
        widget=forms.RadioSelect,
    )
    payment_mode = forms.ChoiceField(
        label="How you pay",
        choices=payment_modes,
        initial=PaymentMode.ON_INVOICE,
        required=False,
        widget=forms.RadioSelect,
    )
    is_auto_pay = forms.BooleanField(
        label="Pay invoices from my default payment method without asking",
        required=False,
        help_text="For payment on invoice. Otherwise each invoice waits for you until the day when it is due.",
    )
    is_self_billed = forms.BooleanField(
        label="Invoices are self-billed: written by us as the buyer",
        required=False,
        help_text="For businesses whose purchasing wants it. The invoices still write themselves, as self-billed ones.",
    )

    def clean(self) -> Values:
        values = super().clean() or {}
        if "budget" in values and "currency" in values:
            try:
                values["money"] = amount_in(values["budget"], values["currency"])
            except ValidationError as error:
                self.add_error("budget", error)
        is_completion = values.get("invoicing_method") == InvoicingMethod.COMPLETION
        if is_completion and values.get("payment_mode") == PaymentMode.HELD:
            message = (
                "Invoices on completion are paid on invoice: choose that, or invoices by milestone."
            )
            self.add_error("payment_mode", message)
        return values


class Plan:
    """Second step: the budget and the rows of milestones, which must fit together."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Values | None = None
    ) -> None:
        initial = initial or {}
        self.budget = BudgetForm(data, initial=initial)
        self.rows = MilestoneRows(
            data,
            initial=initial.get("rows") or [{} for _ in range(FIRST_ROWS)],
            prefix="rows",
            error_messages={"too_many_forms": f"Plan {MAX_MILESTONES} milestones at most."},
            form_kwargs={"empty_permitted": False, "use_required_attribute": False},
        )
        self.tasks: tuple[PlannedTask, ...] = ()
        self.prices: list[Money] = []

    @classmethod
    def of(cls, values: Values) -> "Plan":
        """The plan as it was written, bound, so that it can be checked again."""
        rows: list[Values] = values.get("rows") or []
        data = {name: value for name, value in values.items() if name != "rows" and value}
        data |= {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": 0}
        for index, row in enumerate(rows):
            data |= {f"rows-{index}-{name}": value for name, value in row.items()}
        return cls(data)

    @property
    def kept(self) -> list[MilestoneRowForm]:
        return [form for form in self.rows if form.is_kept]

    def is_valid(self) -> bool:
        """Both parts are right and fit together; otherwise they carry the errors."""
        are_valid = [self.budget.is_valid(), self.rows.is_valid()]
        for message in self.rows.non_form_errors():
            self.budget.add_error(None, message)
        if not all(are_valid):
            return False
        self.tasks = tuple(self._task(form) for form in self.kept)
        if any(form.errors for form in self.kept):
            return False
        try:
            budget = self.budget.cleaned_data["money"]
            self.prices = services.planned_split(budget=budget, tasks=self.tasks)
        except DomainError as refusal:
            self.budget.add_error(None, refusal.message)
            return False
        return True

    def values(self) -> Values:
        """What was written, right or wrong, as `initial` takes it."""
        names = (
            "budget",
            "currency",
            "invoicing_method",
            "payment_mode",
            "is_auto_pay",
            "is_self_billed",
        )
        budget = {name: self.budget[name].value() for name in names}
        return {**budget, "rows": [form.values() for form in self.kept]}

    def draft(self, about: Values, *, is_draft: bool) -> GigDraft:
        """The whole gig, once both steps are valid."""
        return GigDraft(
            title=about["title"],
            description=about["description"],
            category=Category(about["category"]),
            skills=tuple(about["skills"]),
            budget=self.budget.cleaned_data["money"],
            milestones=self.tasks,
            invoicing_method=InvoicingMethod(
                self.budget.cleaned_data["invoicing_method"] or InvoicingMethod.MILESTONE
            ),
            payment_mode=PaymentMode(
                self.budget.cleaned_data["payment_mode"] or PaymentMode.ON_INVOICE
            ),
            is_auto_pay=self.budget.cleaned_data["is_auto_pay"],
            is_self_billed=self.budget.cleaned_data["is_self_billed"],
            is_draft=is_draft,
        )

    def _task(self, form: MilestoneRowForm) -> PlannedTask:
        values = form.cleaned_data
        amount = None
        if values["amount"]:
            try:
                amount = amount_in(values["amount"], self.budget.cleaned_data["currency"])
            except ValidationError as error:
                form.add_error("amount", error)
        return PlannedTask(
            title=values["title"],
            description=values["description"],
            due_on=values["due_on"],
            amount=amount,
            criteria=tuple(values["criteria"]),
        )


def values_of(gig: Gig) -> Values:
    """What was written to get this gig, by step. Equal parts stay empty: they follow the budget."""
    planned = list(gig.planned_milestones.all())
    is_equal = [task.amount for task in planned] == split(gig.budget, len(planned))
    rows = [
        {
            "title": task.title,
            "amount": "" if is_equal else amount_text(task.amount),
            "due_on": task.due_on.isoformat() if task.due_on else "",
            "description": task.description,
            "criteria": "\n".join(task.criteria),
        }
        for task in planned
    ]
    return {
        "about": {
            "title": gig.title,
            "category": gig.category,
            "skills": ", ".join(gig.skills),
            "description": gig.description,
        },
        "plan": {
            "budget": amount_text(gig.budget),
            "currency": gig.budget.currency.code,
            "invoicing_method": gig.invoicing_method,
            "payment_mode": gig.payment_mode,
            "is_auto_pay": gig.is_auto_pay,
            "is_self_billed": gig.is_self_billed,
            "rows": rows,
        },
    }


@dataclass(frozen=True, slots=True)
class LiveSplit:
    """The split of an unfinished plan, or what is missing for one."""

    split: Split | None
    hint: str = ""


def live_split(values: Values, *, rate: Decimal) -> LiveSplit:
    """The split of what has been written so far; never refuses."""
    text, currency = str(values.get("budget") or "").strip(), str(values.get("currency") or "")
    if not text:
        return LiveSplit(None, "Enter a budget to see how it is split.")
    rows = values.get("rows") or []
    try:
        budget = amount_in(AmountField().clean(text), currency)
        tasks = tuple(_sketch(row, number, currency) for number, row in enumerate(rows, 1))
        hint = _difference(budget, tasks)
        if hint:
            return LiveSplit(None, hint)
        amounts = services.planned_split(budget=budget, tasks=tasks)
    except ValidationError as error:
        return LiveSplit(None, " ".join(error.messages))
    except DomainError as refusal:
        return LiveSplit(None, refusal.message)
    prices = list(zip([task.title for task in tasks], amounts, strict=True))
    method = values.get("invoicing_method") or InvoicingMethod.MILESTONE
    try:
        return LiveSplit(split_with_fees(prices, rate=rate, method=method))
    except AmountError as error:
        return LiveSplit(None, str(error))


def _sketch(row: Values, number: int, currency: str) -> PlannedTask:
    text = str(row.get("amount") or "").strip()
    title = str(row.get("title") or "").strip() or f"Milestone {number}"
    amount = amount_in(AmountField().clean(text), currency) if text else None
    return PlannedTask(title=title, amount=amount)


def _difference(budget: Money, tasks: tuple[PlannedTask, ...]) -> str:
    """How far explicit prices are from the budget, once there are any."""
    given = [task.amount for task in tasks if task.amount is not None]
    if not given:
        return ""
    currency = budget.currency.code
    total = sum_money(given, currency)
    left = to_minor(budget) - to_minor(total)
    if left < 0:
        over = money_for_people(from_minor(-left, currency))
        return f"The prices add up to {money_for_people(total)}: {over} more than the budget."
    if left or len(given) < len(tasks):
        rest = money_for_people(from_minor(left, currency))
        return f"{rest} of the budget is left to give to milestones. Or leave every price empty for equal parts."
    return ""
