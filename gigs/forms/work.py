"""Forms of applying, delivering and reviewing."""

from typing import Any

from django import forms
from djmoney.money import Money

from common.forms import AmountField, LinksField, amount_in
from gigs.enums import Remainder
from gigs.services import Part


class ApplyForm(forms.Form):
    """A freelancer's application."""

    pitch = forms.CharField(
        label="Your pitch",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="Why you, how you would go about it, and when you could start.",
    )
    links = LinksField(label="Links to work of yours", required=False)


class SubmitForm(forms.Form):
    """One delivery of work."""

    message = forms.CharField(
        label="What you deliver",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="What is done, and how to look at it.",
    )
    links = LinksField(label="Links", required=False)


class ApproveForm(forms.Form):
    """An approval, and what is added to the price."""

    bonus = AmountField(
        label="Bonus",
        required=False,
        help_text="Added to the price and to the invoice. Leave it empty for none.",
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def clean_bonus(self) -> Money | None:
        text = self.cleaned_data["bonus"]
        return amount_in(text, self.currency) if text else None


class ExtraForm(forms.Form):
    """A sum for work beside the milestones, and what it is for."""

    amount = AmountField(label="Extra amount")
    reason = forms.CharField(label="What for", max_length=300)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def clean_amount(self) -> Money:
        return amount_in(self.cleaned_data["amount"], self.currency)


class PartForm(forms.Form):
    """An approval of a part of the price, and where the rest goes."""

    amount = AmountField(
        label="Approve", error_messages={"required": "Write how much you approve."}
    )
    remainder = forms.ChoiceField(
        error_messages={"required": "Choose where the rest of the price goes."},
        label="The rest of the price",
        choices=Remainder.choices,
        initial=Remainder.NEXT_MILESTONE,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def clean_amount(self) -> Money:
        return amount_in(self.cleaned_data["amount"], self.currency)

    @property
    def part(self) -> Part:
        """What a valid form says."""
        given = self.cleaned_data
        return Part(amount=given["amount"], remainder=Remainder(given["remainder"]))


class ChangesForm(forms.Form):
    """What the commissioner wants changed."""

    comment = forms.CharField(
        label="What should change?",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
