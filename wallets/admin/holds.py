"""The staff door to money that is kept back."""

from functools import partial
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from common.admin import ReadOnlyAdmin, run_service
from common.formats import money_for_people
from common.forms import AmountField, amount_in
from common.http import key_in
from common.money import from_minor
from wallets.enums import AccountKind
from wallets.models import Hold
from wallets.services import HoldTerms, hold_place, hold_release

WALLET = "user:"


class HoldForm(forms.Form):
    """What the user will read about money that is kept back."""

    amount = AmountField(label="Amount")
    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3, "cols": 80}))
    clause = forms.CharField(label="Clause of the terms", max_length=120)
    review_on = forms.DateField(
        label="Look again on", widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args, currency: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self):
        return amount_in(self.cleaned_data["amount"], self.currency)

    def terms(self) -> HoldTerms:
        """The cleaned values as the service takes them."""
        return HoldTerms(**self.cleaned_data)


class ReleaseForm(forms.Form):
    """Why the money may go; the user reads it."""

    note = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3, "cols": 80}))


@admin.action(description="Hold money of one wallet")
def place_hold(model_admin, request, queryset) -> TemplateResponse | None:
    """Keep back a part of what is available in the one wallet chosen."""
    accounts = list(queryset[:2])
    if len(accounts) != 1 or accounts[0].kind != AccountKind.AVAILABLE:
        messages.error(request, "Choose one account of the kind Available.")
        return None
    [account] = accounts
    form = HoldForm(request.POST if "reason" in request.POST else None, currency=account.currency)
    if form.is_valid():
        place = partial(
            hold_place,
            user_id=int(account.owner.removeprefix(WALLET)),
            terms=form.terms(),
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        )
        if run_service(request, place, done=f"Money of {account.owner} is held."):
            return None
        form.add_error(None, ValidationError("Nothing is held."))
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Hold",
        "explanation": "The amount cannot be withdrawn until it is released. The user is told by"
        " mail, and sees reason, clause and date in the wallet.",
        "rows": [f"{account.owner}, {account.currency}"],
        "keys": [account.pk],
        "key": uuid4(),
        "form": form,
        "action": "place_hold",
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": reverse("admin:wallets_account_changelist"),
    }
    return TemplateResponse(request, "admin/reason.html", context)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Money that is kept back. A new hold is an action of the account."""

    list_display = [
        "placed_at",
        "user",
        "amount",
        "reason",
        "review_on",
        "placed_by",
        "released_at",
    ]
    list_filter = [("released_at", admin.EmptyFieldListFilter), "review_on", "currency"]
    list_select_related = ["user", "placed_by"]
    search_fields = ["user__email", "reason"]
    search_help_text = "User's address, reason or hld_… identifier"
    ordering = ["-placed_at", "-pk"]
    actions = ["release"]
    fields = [
        "public_id",
        "user",
        "amount",
        "reason",
        "clause",
        "review_on",
        "placed_at",
        "placed_by",
        "released_at",
        "released_by",
        "release_note",
    ]

    @admin.display(ordering="amount_minor")
    def amount(self, hold: Hold) -> str:
        return money_for_people(from_minor(hold.amount_minor, hold.currency))

    @admin.action(description="Release, with a note")
    def release(self, request, queryset) -> TemplateResponse | None:
        """Ask for the note first, then release each in turn."""
        form = ReleaseForm(request.POST if "note" in request.POST else None)
        holds = list(queryset.select_related("user").order_by("pk"))
        if form.is_valid():
            for hold in holds:
                let_go = partial(
                    hold_release,
                    hold_id=hold.pk,
                    note=form.cleaned_data["note"],
                    by=request.user,
                    at=timezone.now(),
                )
                run_service(request, let_go, done=f"{self.amount(hold)} are released.")
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Release",
            "explanation": "The money can be withdrawn again, and the user reads the note.",
            "rows": [f"{self.amount(hold)}, {hold.user}: {hold.reason}" for hold in holds],
            "keys": [hold.pk for hold in holds],
            "form": form,
            "action": "release",
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:wallets_hold_changelist"),
        }
        return TemplateResponse(request, "admin/reason.html", context)
