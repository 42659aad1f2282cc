"""The filter above the list of invoices, and the objection to one."""

from django import forms

from invoicing.enums import InvoiceStatus, Side
from invoicing.selectors import InvoiceFilters


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
