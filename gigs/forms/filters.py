"""Search and filters of the lists. What makes no sense does not filter, and says so."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.forms import CURRENCY_CHOICES, AmountField, amount_in
from gigs.enums import ApplicationStatus, Category, GigStatus, ProjectStatus
from gigs.selectors import GigFilters


class GigFilterForm(forms.Form):
    """Search and filters of the list of gigs."""

    q = forms.CharField(
        label="Search",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words or skills"}),
    )
    category = forms.ChoiceField(
        choices=[("", "All categories"), *Category.choices], required=False
    )
    skill = forms.CharField(max_length=40, required=False)
    currency = forms.ChoiceField(choices=[("", "Any currency"), *CURRENCY_CHOICES], required=False)
    min_budget = AmountField(label="Budget from", required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        text, currency = values.get("min_budget"), values.get("currency")
        values["budget_from"] = None
        if text and currency:
            try:
                values["budget_from"] = amount_in(text, currency)
            except ValidationError as error:
                self.add_error("min_budget", error)
        elif text:
            self.add_error("min_budget", "Choose a currency to compare budgets.")
        return values

    def filters(self) -> GigFilters:
        """What was asked for, as far as it makes sense."""
        self.is_valid()
        values = self.cleaned_data
        return GigFilters(
            search=values.get("q", ""),
            category=values.get("category", ""),
            skill=values.get("skill", ""),
            currency=values.get("currency", ""),
            min_budget=values.get("budget_from"),
        )

    @property
    def has_more_filters(self) -> bool:
        """Whether one of the folded filters is in use."""
        return any(self.data.get(name) for name in ("skill", "currency", "min_budget"))


class StatusForm(forms.Form):
    """One state, or all of them; the tabs over a list."""

    choices: list[tuple[str, str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"] = forms.ChoiceField(choices=self.choices, required=False)

    @property
    def status(self) -> str:
        """The state that was asked for; empty means all, and so does an unknown one."""
        self.is_valid()
        status: str = self.cleaned_data.get("status", "")
        return status

    @property
    def tabs(self) -> list[tuple[str, str]]:
        return [("", "All"), *self.choices]


class GigStatusForm(StatusForm):
    choices = GigStatus.choices


class ProjectStatusForm(StatusForm):
    choices = ProjectStatus.choices


class ApplicationStatusForm(StatusForm):
    choices = ApplicationStatus.choices
