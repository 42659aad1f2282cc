"""The filter above the list of invoices, what is said about one, and archives of many."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from invoicing.enums import InvoiceKind, InvoiceStatus, Side
from invoicing.selectors import InvoiceFilters, Wanted


class ObjectionForm(forms.Form):
    """Why a freelancer does not accept an invoice."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class InvoiceFilterForm(forms.Form):
    """Status and number; whatever makes no sense counts as not asked for."""

    status = forms.ChoiceField(
        choices=[("", "Any status"), *InvoiceStatus.choices],
        required=False,
        widget=forms.Select(attrs={"data-autosubmit": ""}),
    )
    kind = forms.ChoiceField(
        choices=[("", "Any kind"), *InvoiceKind.choices],
        required=False,
        widget=forms.Select(attrs={"data-autosubmit": ""}),
    )
    number = forms.CharField(
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "K7QM-2026-00012"}),
    )

    issued_from = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Issued from"
    )
    issued_until = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="until"
    )

    def filters(self, side: Side) -> InvoiceFilters:
        """What to look for on that side."""
        self.full_clean()
        values = self.cleaned_data
        return InvoiceFilters(
            side=side,
            kind=values.get("kind", ""),
            status=values.get("status", ""),
            number=values.get("number", "").strip().upper(),
            issued_from=values.get("issued_from"),
            issued_until=values.get("issued_until"),
        )


class ReportForm(forms.Form):
    """What the freelancer tells staff."""

    message = forms.CharField(
        label="What have you agreed, and what was said?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ExportForm(forms.Form):
    """What to put into an archive: the files of a range, or the tables of a calendar year."""

    side = forms.ChoiceField(choices=Side.choices, label="Invoices that you")
    year = forms.TypedChoiceField(
        coerce=int, empty_value=None, required=False, label="Tables of the year"
    )
    issued_from = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Files issued from"
    )
    issued_until = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="until"
    )
    status = forms.ChoiceField(
        choices=[("", "Any status"), *InvoiceStatus.choices], required=False, label="Status"
    )

    def __init__(
        self, data: QueryDict | None, *, initial: Mapping[str, str], years: Sequence[int]
    ) -> None:
        super().__init__(data, initial=dict(initial))
        choices = [("", "No tables: the files"), *((year, str(year)) for year in years)]
        self.fields["year"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A range ends after it began."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("issued_from"), values.get("issued_until")
        if first and last and last < first:
            self.add_error("issued_until", "This is before the first day.")
        return values

    def wanted(self) -> Wanted:
        """What the archive is of."""
        return Wanted(**{**self.cleaned_data, "side": Side(self.cleaned_data["side"])})
