"""The staff door to money that leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from common.admin import ReadOnlyAdmin, run_service
from common.formats import money_for_people
from common.money import from_minor
from wallets.admin.batches import export_batch
from wallets.models import PayoutMethod, ProviderEvent, Withdrawal
from wallets.services import (
    quiet_after,
    withdrawal_approve,
    withdrawal_confirm,
    withdrawal_freeze,
    withdrawal_reject,
    withdrawal_resolve,
    withdrawal_unfreeze,
)


@admin.register(PayoutMethod)
class PayoutMethodAdmin(ReadOnlyAdmin):
    """Bank accounts by their label; what is sealed is shown to nobody."""

    list_display = ["label", "user", "holder", "kind", "created_at", "usable_at", "removed_at"]
    list_filter = ["kind", ("removed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["label", "holder", "user__email"]
    search_help_text = "Label, holder, owner's address or pom_… identifier"
    ordering = ["-created_at", "-pk"]
    fields = [
        "public_id",
        "user",
        "kind",
        "holder",
        "label",
        "created_at",
        "usable_at",
        "removed_at",
    ]


class ReasonForm(forms.Form):
    """Why staff do it; kept in the audit log, and shown to the user where money comes back."""

    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3, "cols": 80}))


@dataclass(frozen=True, slots=True)
class Deed:
    """One action of staff: its name and button, what it means, and the service behind it.

    `{quiet}` stands for the seconds after a freeze in which the provider may still be asked.
    """

    action: str
    title: str
    explanation: str
    done: str
    service: Callable[..., Withdrawal]


APPROVE = Deed(
    "approve",
    "Approve",
    "The money leaves as soon as the next worker is free. The note is kept in the audit log.",
    "is approved",
    lambda reason, **others: withdrawal_approve(note=reason, **others),
)
REJECT = Deed(
    "reject",
    "Reject",
    "The money is in the wallet, or credit, again, and the user reads the reason.",
    "is rejected",
    withdrawal_reject,
)
FREEZE = Deed(
    "freeze",
    "Freeze",
    "No job touches it any more, so that you can find out what became of it. After {quiet} seconds,"
    " when nobody asks the provider any more, look into its book or at the bank's statement, and"
    " then resolve it.",
    "is frozen",
    withdrawal_freeze,
)
UNFREEZE = Deed(
    "unfreeze",
    "Let it go on",
    "The provider is asked again, with the same key, so that nothing is paid twice. What does not"
    " fit freezes it again.",
    "goes on",
    withdrawal_unfreeze,
)
CONFIRM_PAID = Deed(
    "confirm_paid",
    "Confirm as paid",
    "Only after a look of your own: exactly the net amount left, as your colleague said.",
    "is paid",
    partial(withdrawal_confirm, is_paid=True),
)
CONFIRM_RETURNED = Deed(
    "confirm_returned",
    "Confirm as returned",
    "Only after a look of your own: nothing left, or it came back, as your colleague said.",
    "is returned",
    partial(withdrawal_confirm, is_paid=False),
)
RESOLVE_PAID = Deed(
    "resolve_paid",
    "Resolve as paid",
    "Only after a look at the provider's or the bank's own statement: exactly the net amount left."
    " Above the limit a second person confirms it.",
    "is resolved as paid",
    partial(withdrawal_resolve, is_paid=True),
)
RESOLVE_RETURNED = Deed(
    "resolve_returned",
    "Resolve as returned",
    "Only after a look at the provider's or the bank's own statement: nothing left, or it came back."
    " The user reads the reason. Above the limit a second person confirms it.",
    "is resolved as returned",
    partial(withdrawal_resolve, is_paid=False),
)


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    """Money on its way out. Staff decide about other people's, with a reason."""

    list_display = [
        "requested_at",
        "user",
        "amount",
        "net",
        "status",
        "frozen_at",
        "resolution",
        "rail",
        "source",
        "method",
        "approved_by",
        "ended_at",
    ]
    list_filter = [
        "status",
        ("frozen_at", admin.EmptyFieldListFilter),
        "rail",
        ("payment", admin.EmptyFieldListFilter),
        "currency",
    ]
    list_select_related = ["user", "method", "approved_by"]
    search_fields = ["user__email", "=provider_reference"]
    search_help_text = "User's address, the provider's reference or wd_… identifier"
    date_hierarchy = "requested_at"
    ordering = ["-requested_at", "-pk"]
    actions = [
        "approve",
        "reject",
        export_batch,
        "freeze",
        "unfreeze",
        "resolve_paid",
        "resolve_returned",
        "confirm_paid",
        "confirm_returned",
    ]
    fields = [
        "public_id",
        "user",
        "source",
        "payment",
        "method",
        "rail",
        "batch",
        "amount",
        "fee",
        "net",
        "status",
        "reason",
        "frozen_at",
        "frozen_because",
        "resolution",
        "resolution_reason",
        "resolved_at",
        "resolved_by",
        "confirmed_by",
        "requested_at",
        "approved_at",
        "approved_by",
        "sent_at",
        "paid_at",
        "ended_at",
        "provider_reference",
    ]

    @admin.display(ordering="amount_minor")
    def amount(self, withdrawal: Withdrawal) -> str:
        return money_for_people(from_minor(withdrawal.amount_minor, withdrawal.currency))

    @admin.display(description="from")
    def source(self, withdrawal: Withdrawal) -> str:
        return "Wallet" if withdrawal.payment_id is None else "Credit, by transfer back"

    @admin.display
    def fee(self, withdrawal: Withdrawal) -> str:
        return money_for_people(from_minor(withdrawal.fee_minor, withdrawal.currency))

    @admin.display
    def net(self, withdrawal: Withdrawal) -> str:
        return money_for_people(from_minor(withdrawal.net_minor, withdrawal.currency))

    @admin.action(description="Approve")
    def approve(self, request, queryset):
        return self._do(request, queryset, APPROVE)

    @admin.action(description="Reject, with a reason")
    def reject(self, request, queryset):
        return self._do(request, queryset, REJECT)

    @admin.action(description="Freeze, to find out what became of it")
    def freeze(self, request, queryset):
        return self._do(request, queryset, FREEZE)

    @admin.action(description="Unfreeze: let it go on")
    def unfreeze(self, request, queryset):
        return self._do(request, queryset, UNFREEZE)

    @admin.action(description="Confirm a colleague: it was paid")
    def confirm_paid(self, request, queryset):
        return self._do(request, queryset, CONFIRM_PAID)

    @admin.action(description="Confirm a colleague: it came back")
    def confirm_returned(self, request, queryset):
        return self._do(request, queryset, CONFIRM_RETURNED)

    @admin.action(description="Resolve by hand: it was paid")
    def resolve_paid(self, request, queryset):
        return self._do(request, queryset, RESOLVE_PAID)

    @admin.action(description="Resolve by hand: it came back")
    def resolve_returned(self, request, queryset):
        return self._do(request, queryset, RESOLVE_RETURNED)

    def _do(self, request, queryset, deed: Deed) -> TemplateResponse | None:
        """Ask for the reason first, then call the service for each row in turn."""
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        rows = list(queryset.select_related("user", "method", "resolved_by").order_by("pk"))
        if not form.is_valid():
            return self._ask_why(request, rows, deed, form)
        for row in rows:
            act = partial(
                deed.service,
                withdrawal_id=row.pk,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
            run_service(request, act, done=f"{self.amount(row)} of {row.user.name} {deed.done}.")
        return None

    def _ask_why(self, request, rows, deed: Deed, form: ReasonForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": deed.title,
            "explanation": deed.explanation.format(quiet=ceil(quiet_after().total_seconds())),
            "rows": [_about(row) for row in rows],
            "keys": [row.pk for row in rows],
            "form": form,
            "action": deed.action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:wallets_withdrawal_changelist"),
        }
        return TemplateResponse(request, "admin/reason.html", context)


def _about(withdrawal: Withdrawal) -> str:
    amount = money_for_people(from_minor(withdrawal.amount_minor, withdrawal.currency))
    words = f"{amount}, {withdrawal.user}, {withdrawal.method.label}"
    if withdrawal.payment_id is not None:
        words += ", credit that goes back"
    if withdrawal.frozen_at is None or not withdrawal.resolution:
        return words
    said = f"{withdrawal.get_resolution_display()}, says {withdrawal.resolved_by}"
    return f"{words}. {said}: {withdrawal.resolution_reason}"


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    """What providers told us, as it arrived."""

    list_display = ["received_at", "provider", "kind", "event_id"]
    list_filter = ["provider", "kind"]
    search_fields = ["=event_id"]
    search_help_text = "The provider's identifier of the event"
    ordering = ["-received_at", "-pk"]
    fields = ["provider", "event_id", "kind", "received_at", "body"]
