"""The staff door to invoices that others made: importing them, and what they say."""

from collections.abc import Sequence
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from accounts.permissions import SignedInRequest
from common.admin import ReadOnlyAdmin, table
from common.exceptions import DomainError, FieldError
from common.formats import money_for_people
from common.http import download
from invoicing.enums import Side
from invoicing.exceptions import ForeignIncomplete
from invoicing.forms import ForeignForm
from invoicing.models import ForeignInvoice
from invoicing.services.foreign import ForeignFile, foreign_invoice_import


class ForeignInvoiceForm(ForeignForm):
    """The same for somebody else's records."""

    email = forms.EmailField(label="Address of its user")
    field_order = ["file", "email", "side", "accepts_findings"]

    def clean_email(self):
        address = self.cleaned_data["email"].strip().lower()
        owner = User.objects.filter(email=address).first()
        if owner is None:
            raise forms.ValidationError("Nobody has this address.")
        self.cleaned_data["owner"] = owner
        return address


@admin.register(ForeignInvoice)
class ForeignInvoiceAdmin(ReadOnlyAdmin):
    """Invoices that others made, as they came. No money moves with them."""

    list_display = ["number", "user", "side", "seller_name", "buyer_name", "sum", "issued_on"]
    list_filter = ["side", "format", "currency"]
    list_select_related = ["user"]
    search_fields = ["number", "user__email", "seller_name", "buyer_name", "=digest"]
    search_help_text = "Number, name, address of the user, SHA-256 or fri_… identifier"
    ordering = ["-imported_at", "-pk"]
    fields = [
        "public_id",
        "number",
        "type_code",
        "user",
        "side",
        "seller_name",
        "buyer_name",
        "sum",
        "issued_on",
        "format",
        "file",
        "digest",
        "broken",
        "terms",
        "imported_by",
        "imported_at",
    ]

    def get_urls(self):
        take_in = self.page(self.take_in)
        download = self.page(self.download)
        own = [
            path("import/", take_in, name="invoicing_foreigninvoice_import"),
            path("<int:invoice_id>/file/", download, name="invoicing_foreigninvoice_file"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description="total", ordering="total")
    def sum(self, invoice: ForeignInvoice) -> str:
        return money_for_people(invoice.total)

    @admin.display
    def file(self, invoice: ForeignInvoice) -> SafeString:
        address = reverse("admin:invoicing_foreigninvoice_file", args=[invoice.pk])
        return format_html('<a href="{}">{}</a>', address, invoice.file_name)

    @admin.display(description="rules that it breaks")
    def broken(self, invoice: ForeignInvoice) -> str | SafeString:
        rows: list[tuple[object, ...]] = [
            (found["rule"], found["message"]) for found in invoice.findings
        ]
        return table(["Rule", "What is wrong"], rows) if rows else "none"

    def download(self, request: HttpRequest, invoice_id: int) -> HttpResponse:
        """The file as it came."""
        invoice = get_object_or_404(ForeignInvoice, pk=invoice_id)
        answer = download(
            bytes(invoice.content), media_type=invoice.media_type, name=invoice.download_name
        )
        answer["Cache-Control"] = "private, no-store"
        return answer

    def take_in(self, request: SignedInRequest) -> HttpResponse:
        """Ask for a file, and keep it; the rules that it breaks are listed."""
        is_asked = request.method == "POST"
        form = ForeignInvoiceForm(*((request.POST, request.FILES) if is_asked else ()))
        findings: Sequence[FieldError] = ()
        if form.is_valid():
            given = form.cleaned_data
            file = given["file"]
            foreign = ForeignFile(file.name, file.read(), given["owner"], Side(given["side"]))
            take = partial(
                foreign_invoice_import,
                file=foreign,
                accepts_findings=given["accepts_findings"],
                by=request.user,
                at=timezone.now(),
            )
            try:
                invoice = take()
            except ForeignIncomplete as refusal:
                findings = refusal.errors
            except DomainError as refusal:
                messages.error(request, refusal.message)
            else:
                self.message_user(request, f"{invoice.number} is kept.")
                return redirect("admin:invoicing_foreigninvoice_change", invoice.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import a foreign invoice",
            "form": form,
            "findings": findings,
            "back": reverse("admin:invoicing_foreigninvoice_changelist"),
        }
        return TemplateResponse(request, "admin/invoicing/foreigninvoice/import.html", context)
