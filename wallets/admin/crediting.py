"""The staff door to crediting invoices."""

from functools import partial

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from common.admin import run_service
from common.formats import money_for_people
from common.forms import AmountField, amount_in
from invoicing.admin import InvoiceAdmin
from invoicing.models import Invoice
from wallets.services import invoice_credit


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
        note = invoice_credit(
            invoice_id=invoice.pk,
            amount=amount,
            reason=given["reason"],
            by=request.user,
            at=timezone.now(),
        )
        self.message_user(request, f"{invoice.number} is credited by {note.number}.")

    def _ask_why(self, request, rows, form: CreditReasonForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Credit",
            "explanation": "A credit note is issued at once. What was paid goes back to the"
            " commissioner's credit and off the freelancer's wallet. Above the limit only invoices"
            " that the freelancer objected to.",
            "rows": [
                f"{row.number}: {money_for_people(row.subtotal_left)} left before tax"
                for row in rows
            ],
            "keys": [row.pk for row in rows],
            "form": form,
            "action": "credit",
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:invoicing_invoice_changelist"),
        }
        return TemplateResponse(request, "admin/reason.html", context)
