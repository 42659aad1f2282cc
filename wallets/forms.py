"""Choosing what to pay with, and storing a payment method."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundWidget
from djmoney.money import Money

from common.formats import money_for_people
from common.forms import AmountField, CurrencyField, amount_in
from gigs.models import Milestone
from wallets.enums import Provider
from wallets.models import PaymentMethod, PayoutMethod
from wallets.providers.sandbox import LABELS
from wallets.services import CREDIT, BankDetails, MethodChoice


def sandbox_choices() -> list[tuple[str, str]]:
    """The sandbox's methods by token; none while the sandbox is switched off."""
    return list(LABELS.items()) if settings.SANDBOX_PROVIDER else []


class MomentForm(forms.Form):
    """Until the end of which day, in UTC, a statement goes."""

    until = forms.DateField(
        label="As it was at the end of", widget=forms.DateInput(attrs={"type": "date"})
    )

    def moment(self) -> datetime:
        """The last instant of the day."""
        day: date = self.cleaned_data["until"]
        return datetime.combine(day, time.max, tzinfo=UTC)


class PayForm(forms.Form):
    """A stored method by its public id, one's credit, or a method of the sandbox by its token."""

    method = forms.ChoiceField(
        label="Pay with",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what to pay with."},
    )

    def __init__(
        self,
        *args: Any,
        methods: Sequence[PaymentMethod],
        credit: Money | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._stored = {method.public_id: method for method in methods}
        self._own = {public_id: method.label for public_id, method in self._stored.items()}
        if credit is not None and credit.amount > 0:
            self._own[CREDIT.token] = f"Your credit, {money_for_people(credit)}"
        field = self.fields["method"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*self._own.items(), *sandbox_choices()]
        field.initial = next(iter(self._own), None)

    @property
    def has_choices(self) -> bool:
        return bool(self._own or sandbox_choices())

    def stored_options(self) -> list[BoundWidget]:
        """The radio buttons of stored methods and of credit."""
        return [option for option in self["method"] if option.data["value"] in self._own]

    def sandbox_options(self) -> list[BoundWidget]:
        """The radio buttons of the sandbox's methods."""
        return [option for option in self["method"] if option.data["value"] not in self._own]

    def choice(self) -> MethodChoice:
        """What the valid form says to pay with."""
        name: str = self.cleaned_data["method"]
        if name == CREDIT.token:
            return CREDIT
        stored = self._stored.get(name)
        if stored is None:
            return MethodChoice(provider=Provider.SANDBOX, token=name)
        return MethodChoice(provider=stored.provider, token=stored.token, stored=stored)


class FundForm(PayForm):
    """Which milestones to fund, and what with."""

    milestones = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one milestone."},
    )
    field_order = ("milestones", "method")

    def __init__(
        self,
        *args: Any,
        unfunded: Sequence[Milestone],
        amounts: Mapping[int, Money],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._unfunded = {milestone.public_id: milestone.pk for milestone in unfunded}
        field = self.fields["milestones"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (one.public_id, f"{one.title}: {money_for_people(amounts[one.pk])}") for one in unfunded
        ]

    def milestone_ids(self) -> list[int]:
        """The milestones that the valid form names."""
        return [self._unfunded[name] for name in self.cleaned_data["milestones"]]


class TopUpForm(PayForm):
    """How much credit to add, in which currency, and what with."""

    amount = AmountField(label="Amount")
    currency = CurrencyField(label="Currency")
    field_order = ("amount", "currency", "method")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "amount" in cleaned and "currency" in cleaned:
            try:
                cleaned["money"] = amount_in(cleaned["amount"], cleaned["currency"])
            except forms.ValidationError as error:
                raise forms.ValidationError({"amount": error.messages}) from error
        return cleaned


class TakeBackForm(forms.Form):
    """How much of what a payment brought goes back."""

    amount = AmountField(label="Amount")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def clean_amount(self) -> Money:
        return amount_in(self.cleaned_data["amount"], self.currency)


class ExtentForm(forms.Form):
    """All of something, or an amount of it: `part` is None for all."""

    ALL = "all"
    PART = "part"
    missing = "Write how much."

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        text = cleaned.pop("amount", "")
        cleaned["part"] = None
        if cleaned.get("extent") == self.PART and "amount" not in self.errors:
            if not text:
                raise forms.ValidationError({"amount": self.missing})
            try:
                cleaned["part"] = amount_in(text, self.currency)
            except forms.ValidationError as error:
                raise forms.ValidationError({"amount": error.messages}) from error
        return cleaned


class GiveBackForm(ExtentForm):
    """All of what is held for a milestone, or what is held for a part of its price."""

    missing = "Write how much you give back."

    extent = forms.ChoiceField(
        label="How much?",
        error_messages={"required": "Choose how much."},
        choices=[
            (ExtentForm.ALL, "All of it: the milestone is cancelled"),
            (ExtentForm.PART, "A part of the price"),
        ],
        initial=ExtentForm.PART,
        widget=forms.RadioSelect,
    )
    amount = AmountField(
        label="Part of the price",
        required=False,
        help_text="Before tax. The tax that was set aside with it goes back too.",
    )


class CreditForm(ExtentForm):
    """All that is left of an invoice, or a part of it, and why it is credited."""

    missing = "Write how much you credit."

    extent = forms.ChoiceField(
        label="How much?",
        error_messages={"required": "Choose how much."},
        choices=[(ExtentForm.ALL, "All that is left of it"), (ExtentForm.PART, "A part")],
        initial=ExtentForm.ALL,
        widget=forms.RadioSelect,
    )
    amount = AmountField(
        label="Part of the price",
        required=False,
        help_text="Before tax. The tax on it is credited too.",
    )
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        help_text="Stands on the credit note, for both sides.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RefundForm(forms.Form):
    """Why the commissioner wants held money back."""

    reason = forms.CharField(
        label="Why?", max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class RefundAnswerForm(forms.Form):
    """Why the freelancer keeps it."""

    answer = forms.CharField(
        label="Why not?", max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class PaymentMethodForm(forms.Form):
    """A method of the sandbox to store."""

    token = forms.ChoiceField(label="Test method")
    is_default = forms.BooleanField(label="Pay with this one by default", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["token"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = sandbox_choices()


class PayoutMethodForm(forms.Form):
    """A bank account: its IBAN, or account and routing number. The service checks the numbers."""

    holder = forms.CharField(label="Account holder", max_length=70)
    iban = forms.CharField(
        label="IBAN",
        max_length=50,
        required=False,
        help_text="Where your bank has no IBAN, leave it empty and fill in the two numbers below.",
    )
    account_number = forms.CharField(label="Account number", max_length=30, required=False)
    routing_number = forms.CharField(
        label="Routing number", max_length=20, required=False, help_text="Nine digits, US banks."
    )

    def details(self) -> BankDetails:
        """The cleaned values as the service takes them."""
        return BankDetails(**self.cleaned_data)


class WithdrawForm(forms.Form):
    """How much, and to which of one's bank accounts."""

    method = forms.ChoiceField(label="To", error_messages={"required": "Choose a bank account."})
    amount = AmountField(label="Amount")

    def __init__(
        self, *args: Any, methods: Sequence[PayoutMethod], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._methods = {method.public_id: method for method in methods}
        self.currency = currency
        field = self.fields["method"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(public_id, method.label) for public_id, method in self._methods.items()]

    def clean_amount(self) -> Money:
        return amount_in(self.cleaned_data["amount"], self.currency)

    def chosen(self) -> PayoutMethod:
        """The bank account that the valid form names."""
        return self._methods[self.cleaned_data["method"]]
