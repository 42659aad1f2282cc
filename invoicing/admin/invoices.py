"""The staff door to invoices, their documents and number series. Nothing here can be changed."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html_join

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from common.formats import money_for_people, percent_for_people
from invoicing.enums import DocumentKind
from invoicing.models import (
    FeeInvoice,
    Invoice,
    InvoiceDraft,
    InvoiceExport,
    InvoiceLine,
    InvoiceObjection,
    InvoiceReminder,
    InvoiceReport,
    InvoiceSeries,
    InvoiceTax,
    Issuer,
    IssuingMandate,
)


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = [
        "position",
        "description",
        "quantity",
        "unit",
        "price",
        "sum",
        "tax_category",
        "tax_rate",
    ]
    readonly_fields = ["price", "sum"]
    ordering = ["position"]
    show_change_link = False

    @admin.display(description="unit price")
    def price(self, line: InvoiceLine) -> str:
        return money_for_people(line.unit_price)

    @admin.display(description="amount")
    def sum(self, line: InvoiceLine) -> str:
        return money_for_people(line.amount)


class InvoiceTaxInline(ReadOnlyInline):
    model = InvoiceTax
    fields = ["category", "rate", "name", "on", "sum", "legend", "vatex_code", "rule"]
    readonly_fields = ["on", "sum"]
    ordering = ["pk"]
    show_change_link = False

    @admin.display(description="basis")
    def on(self, tax: InvoiceTax) -> str:
        return money_for_people(tax.basis)

    @admin.display(description="amount")
    def sum(self, tax: InvoiceTax) -> str:
        return money_for_people(tax.amount)


class InvoiceReminderInline(ReadOnlyInline):
    model = InvoiceReminder
    fields = ["position", "sent_by", "sent_at"]
    ordering = ["position"]
    show_change_link = False


class DocumentAdmin(ReadOnlyAdmin):
    """What has files, made once and kept by kind: they are listed and can be downloaded."""

    def get_urls(self):
        own = [
            path(
                f"<int:invoice_id>/{kind}/",
                self.page(self.download),
                {"kind": kind},
                name=f"invoicing_{self.opts.model_name}_{kind}",
            )
            for kind in DocumentKind
        ]
        return [*own, *super().get_urls()]

    def download(self, request: HttpRequest, invoice_id: int, kind: DocumentKind) -> HttpResponse:
        """One of the files, or the data that they were made of."""
        invoice = self.model._default_manager.filter(pk=invoice_id).first()
        if invoice is None:
            raise Http404
        file = invoice.documents.select_related("invoice").filter(kind=kind).first()
        if file is None:
            raise Http404
        return HttpResponse(
            bytes(file.content),
            content_type=file.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{file.file_name}"',
                "Cache-Control": "private, no-store",
            },
        )

    @admin.display
    def files(self, invoice: Invoice | FeeInvoice) -> str:
        made = invoice.documents.select_related("invoice").defer("content").order_by("pk")
        listed = format_html_join(
            "",
            '<div><a href="{}">{}</a>, SHA-256 {}</div>',
            (
                (
                    reverse(
                        f"admin:invoicing_{self.opts.model_name}_{file.kind}", args=[invoice.pk]
                    ),
                    file.file_name,
                    file.digest,
                )
                for file in made
            ),
        )
        return listed or "being made"


@admin.register(Invoice)
class InvoiceAdmin(DocumentAdmin):
    """Issued documents with their frozen parties, figures and files."""

    list_display = [
        "number",
        "kind",
        "status",
        "seller",
        "buyer",
        "total_amount",
        "fee_amount",
        "issued_on",
        "due_on",
        "paid_at",
    ]
    list_filter = [
        "kind",
        "status",
        "project__payment_mode",
        "project__is_self_billed",
        "currency",
        "issued_on",
    ]
    list_select_related = ["seller", "buyer"]
    search_fields = ["number", "seller__email", "buyer__email", "project__title"]
    search_help_text = "Number, a party's address, project or inv_… identifier"
    date_hierarchy = "issued_on"
    ordering = ["-issued_at", "-pk"]
    inlines = [InvoiceLineInline, InvoiceTaxInline, InvoiceReminderInline]
    fieldsets = [
        (None, {"fields": ["public_id", "number", "kind", "self_billed", "files"]}),
        ("Work", {"fields": ["project", "milestone", "credits"]}),
        ("Parties as frozen", {"fields": ["seller", "seller_copy", "buyer", "buyer_copy"]}),
        (
            "Figures",
            {
                "fields": [
                    "subtotal_amount",
                    "tax_amount",
                    "total_amount",
                    "rate",
                    "fee_amount",
                    "net_amount",
                    "credited_amount",
                    "part_paid_display",
                    "due_amount",
                ]
            },
        ),
        (
            "State",
            {
                "fields": [
                    "status",
                    "reason",
                    "issued_at",
                    "issued_on",
                    "due_on",
                    "paid_at",
                    "notes",
                ]
            },
        ),
    ]

    @admin.display(description="self-billed", boolean=True)
    def self_billed(self, invoice: Invoice) -> bool:
        return invoice.project.is_self_billed

    @admin.display(description="fee rate")
    def rate(self, invoice: Invoice) -> str:
        return percent_for_people(invoice.fee_rate)

    @admin.display(description="subtotal")
    def subtotal_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.subtotal)

    @admin.display(description="tax")
    def tax_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.tax)

    @admin.display(description="total", ordering="total")
    def total_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.total)

    @admin.display(description="fee", ordering="fee")
    def fee_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.fee)

    @admin.display(description="credited with tax")
    def credited_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.credited_total)

    @admin.display(description="paid in part")
    def part_paid_display(self, invoice: Invoice) -> str:
        return money_for_people(invoice.part_paid_amount)

    @admin.display(description="due")
    def due_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.due)

    @admin.display(description="credit notes", empty_value="none")
    def notes(self, invoice: Invoice) -> str:
        return ", ".join(invoice.credit_notes.order_by("pk").values_list("number", flat=True))

    @admin.display(description="net to the freelancer")
    def net_amount(self, invoice: Invoice) -> str:
        return money_for_people(invoice.net)


@admin.register(InvoiceDraft)
class InvoiceDraftAdmin(ReadOnlyAdmin):
    """Invoices by hand before they are sent."""

    list_display = ["public_id", "seller", "project", "status", "sum", "created_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["seller", "project"]
    search_fields = ["seller__email", "project__title", "invoice__number"]
    ordering = ["-created_at", "-pk"]
    fields = ["public_id", "seller", "project", "status", "sum", "stored_lines", "created_at"]

    @admin.display(description="subtotal", ordering="subtotal_minor")
    def sum(self, draft: InvoiceDraft) -> str:
        return money_for_people(draft.subtotal)


@admin.register(InvoiceReport)
class InvoiceReportAdmin(ReadOnlyAdmin):
    """What freelancers say about invoices that reminders did not help."""

    list_display = ["invoice_number", "state", "reported_by", "commissioner", "reported_at"]
    list_filter = ["invoice__status", "reported_at"]
    list_select_related = ["invoice__buyer", "reported_by"]
    search_fields = ["invoice__number", "reported_by__email", "invoice__buyer__email"]
    ordering = ["-reported_at", "-pk"]
    fields = ["invoice", "state", "reported_by", "commissioner", "reported_at", "message"]

    @admin.display(description="invoice", ordering="invoice__number")
    def invoice_number(self, report: InvoiceReport) -> str:
        return report.invoice.number

    @admin.display(description="status", ordering="invoice__status")
    def state(self, report: InvoiceReport) -> str:
        return report.invoice.get_status_display()

    @admin.display
    def commissioner(self, report: InvoiceReport) -> str:
        return str(report.invoice.buyer)


@admin.register(Issuer)
class IssuerAdmin(ReadOnlyAdmin):
    """Freelancers with the code that stands before their invoice numbers."""

    list_display = ["code", "user"]
    list_select_related = ["user"]
    search_fields = ["code", "user__email", "user__name"]
    search_help_text = "Code, freelancer or iss_… identifier"
    ordering = ["code"]
    fields = ["public_id", "code", "user"]


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ReadOnlyAdmin):
    """The gapless counters: one for each issuer, family of kinds and year."""

    list_display = ["issuer_code", "family", "year", "last_number"]
    list_filter = ["family", "year"]
    list_select_related = ["issuer"]
    search_fields = ["issuer__code"]
    ordering = ["issuer__code", "-year", "family"]
    fields = ["issuer", "family", "year", "prefix", "digits", "last_number"]

    @admin.display(description="issuer", ordering="issuer__code")
    def issuer_code(self, series: InvoiceSeries) -> str:
        return series.issuer.code


@admin.register(InvoiceObjection)
class InvoiceObjectionAdmin(ReadOnlyAdmin):
    """What freelancers say against invoices that were issued in their name."""

    list_display = ["invoice_number", "by", "reason", "created_at"]
    list_select_related = ["invoice", "by"]
    search_fields = ["invoice__number", "by__email", "reason"]
    ordering = ["-created_at", "-pk"]
    fields = ["invoice", "by", "reason", "created_at"]

    @admin.display(description="invoice", ordering="invoice__number")
    def invoice_number(self, objection: InvoiceObjection) -> str:
        return objection.invoice.number


@admin.register(IssuingMandate)
class IssuingMandateAdmin(ReadOnlyAdmin):
    """Who lets invoices be issued in their name: which text, when, from where, until when."""

    list_display = ["user", "version", "legal_name", "vat_id", "accepted_at", "revoked_at"]
    list_filter = ["version", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["user__email", "legal_name", "vat_id"]
    search_help_text = "Address, legal name, VAT number or mnd_… identifier"
    ordering = ["-accepted_at", "-pk"]


@admin.register(InvoiceExport)
class InvoiceExportAdmin(ReadOnlyAdmin):
    """Archives that people asked for. Their bytes are their owners' alone."""

    list_display = ["file_name", "owner", "status", "done", "expected", "size", "requested_at"]
    list_filter = ["status", "kind"]
    list_select_related = ["owner"]
    search_fields = ["owner__email", "owner__name"]
    search_help_text = "Address, name or exp_… identifier"
    ordering = ["-requested_at", "-pk"]
    fields = [
        "public_id",
        "owner",
        "kind",
        "side",
        "year",
        "issued_from",
        "issued_until",
        "invoice_status",
        "status",
        "reason",
        "done",
        "expected",
        "size",
        "digest",
        "requested_at",
        "ended_at",
        "expires_at",
    ]


@admin.register(FeeInvoice)
class FeeInvoiceAdmin(DocumentAdmin):
    """The platform's own invoices for its fees, and what it gave back."""

    list_display = ["number", "kind", "freelancer", "month", "sum", "tax_in_it", "issued_on"]
    list_filter = ["kind", "currency", "month"]
    list_select_related = ["freelancer"]
    search_fields = ["number", "freelancer__email", "freelancer__name"]
    search_help_text = "Number, freelancer or fei_… identifier"
    ordering = ["-issued_at", "-pk"]
    fields = [
        "public_id",
        "number",
        "kind",
        "freelancer",
        "month",
        "sum",
        "tax_in_it",
        "tax_rule",
        "files",
        "issued_at",
        "issued_on",
    ]

    @admin.display(description="total", ordering="total_minor")
    def sum(self, invoice: FeeInvoice) -> str:
        return money_for_people(invoice.total)

    @admin.display(description="tax in it", ordering="tax_minor")
    def tax_in_it(self, invoice: FeeInvoice) -> str:
        return money_for_people(invoice.tax)
