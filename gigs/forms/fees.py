"""The form of staff who change the platform's fee."""

from decimal import Decimal
from typing import Final

from django import forms

from gigs.services import FeeChange

PERCENT: Final = Decimal("0.01")


class FeePolicyForm(forms.Form):
    """A rate in percent, when it starts, and why."""

    percent = forms.DecimalField(
        label="Rate in percent", min_value=0, max_value=Decimal("99.99"), decimal_places=2
    )
    valid_from = forms.DateTimeField(
        label="Valid from (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3, "cols": 80}))

    def change(self) -> FeeChange:
        """What the service takes, of a valid form."""
        return FeeChange(
            rate=self.cleaned_data["percent"] * PERCENT,
            valid_from=self.cleaned_data["valid_from"],
            reason=self.cleaned_data["reason"],
        )
