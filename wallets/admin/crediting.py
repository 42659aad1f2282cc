"""The staff door to crediting invoices."""

from functools import partial
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from common.admin import ReadOnlyAdmin, run_service
from common.formats import money_for_people
from common.forms import AmountField, amount_in
from common.http import key_in
from common.money import from_minor
from invoicing.admin import InvoiceAdmin
from invoicing.models import Invoice
from wallets.admin.payouts import ReasonForm
from wallets.enums import CreditRequestStatus
from wallets.models import CreditRequest
from wallets.services import credit_request_confirm, credit_request_drop, staff_credit


class CreditReasonForm(forms.Form):
    """How much, before tax, and why; the reason stands on the note."""

    amount = AmountField(required=False, help_text="Before tax; empty for all that is left.")
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 80}))


admin.site.unregister(Invoice)


@admin.register(Invoice)
class CreditableInvoiceAdmin(InvoiceAdmin):
    """Invoices, with the one thing that staff can do about them."""

    actions = ["credit"]

    @admin.action(description="Credit, with a reason")
    def credit(self, request, queryset):
        form = CreditReasonForm(request.POST if "reason" in request.POST else None)
        rows = list(queryset.order_by("pk"))
        if not form.is_valid():
            return self._ask_why(request, rows, form)
        for row in rows:
            run_service(request, partial(self._credit, request, row, form.cleaned_data))
        return None

    def _credit(self, request, invoice: Invoice, given: dict[str, str]) -> None:
        try:
            text = given["amount"]
            amount = amount_in(text, invoice.total.currency.code) if text else None
        except forms.ValidationError as error:
            self.message_user(request, f"{invoice.number}: {error.messages[0]}", level="ERROR")
            return
        made = staff_credit(
            invoice_id=invoice.pk,
            amount=amount,
            reason=given["reason"],
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        )
        if isinstance(made, CreditRequest) and made.status == CreditRequestStatus.PROPOSED:
            words = f"{invoice.number}: this is above the limit and waits for a second person."
            self.message_user(request, words, level="WARNING")
        elif isinstance(made, CreditRequest):
            words = f"{invoice.number}: this form was sent before; its request is {made.status}."
            self.message_user(request, words, level="WARNING")
        else:
            self.message_user(request, f"{invoice.number} is credited by {made.number}.")

    def _ask_why(self, request, rows, form: CreditReasonForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Credit",
            "explanation": "A credit note is issued at once. What was paid goes back to the"
            " commissioner's credit and off the freelancer's wallet. Above the limit it is"
            " proposed to a second person, unless the freelancer objected to the invoice.",
            "rows": [
                f"{row.number}: {money_for_people(row.subtotal_left)} left before tax"
                for row in rows
            ],
            "keys": [row.pk for row in rows],
            "key": uuid4(),
            "form": form,
            "action": "credit",
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:invoicing_invoice_changelist"),
        }
        return TemplateResponse(request, "admin/reason.html", context)


@admin.register(CreditRequest)
class CreditRequestAdmin(ReadOnlyAdmin):
    """What staff want to credit above the limit; another of them agrees, or lets it go."""

    list_display = ["proposed_at", "invoice", "amount", "status", "proposed_by", "decided_by"]
    list_filter = ["status", "invoice__currency"]
    list_select_related = ["invoice", "proposed_by", "decided_by"]
    search_fields = ["invoice__number", "proposed_by__email", "reason"]
    search_help_text = "Invoice, who proposed it, or crq_… identifier"
    date_hierarchy = "proposed_at"
    ordering = ["-proposed_at", "-pk"]
    actions = ["confirm", "drop"]
    fields = [
        "public_id",
        "invoice",
        "amount",
        "reason",
        "status",
        "proposed_at",
        "proposed_by",
        "decided_at",
        "decided_by",
        "note",
    ]

    @admin.display(description="amount before tax", ordering="amount_minor")
    def amount(self, row: CreditRequest) -> str:
        return money_for_people(from_minor(row.amount_minor, row.invoice.total.currency.code))

    @admin.action(description="Agree, as the second person")
    def confirm(self, request, queryset):
        words = "The credit note is issued at once, and its money moves. Your word is kept in the audit log."
        return self._decide(request, queryset, "confirm", "Agree", words, credit_request_confirm)

    @admin.action(description="Let it go, with a reason")
    def drop(self, request, queryset):
        words = "Nothing is credited. The reason is kept in the audit log."
        return self._decide(request, queryset, "drop", "Let it go", words, credit_request_drop)

    def _decide(self, request, queryset, action, title, explanation, service):
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        rows = list(queryset.select_related("invoice").order_by("pk"))
        if form.is_valid():
            for row in rows:
                decide = partial(
                    service,
                    request_id=row.pk,
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    at=timezone.now(),
                )
                run_service(request, decide, done=f"{title}: {row.invoice.number}.")
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "explanation": explanation,
            "rows": [f"{row.invoice.number}: {self.amount(row)}, {row.reason}" for row in rows],
            "keys": [row.pk for row in rows],
            "form": form,
            "action": action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:wallets_creditrequest_changelist"),
        }
        return TemplateResponse(request, "admin/reason.html", context)
