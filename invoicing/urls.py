"""Addresses of invoices. Paying one is a page of the wallets app."""

from django.urls import path

from invoicing.enums import DocumentKind
from invoicing.views import exports, fees, foreign, manual
from invoicing.views import invoices as views

app_name = "invoicing"
urlpatterns = [
    path("invoices/", views.invoice_list, name="list"),
    path("invoices.csv", views.invoice_csv, name="csv"),
    path("invoices/new/", manual.draft_new, name="new"),
    path("invoices/<inv_id:invoice_id>/draft/", manual.draft_edit, name="draft"),
    path("invoices/<inv_id:invoice_id>/send/", manual.draft_send, name="send"),
    path("invoices/<inv_id:invoice_id>/cancel/", manual.draft_cancel, name="cancel"),
    path("invoices/fees/", fees.fee_list, name="fees"),
    *(
        path(
            f"invoices/fees/<fei_id:invoice_id>/{kind}/",
            fees.fee_file,
            {"kind": kind},
            name=f"fee-{kind}",
        )
        for kind in (DocumentKind.PDF, DocumentKind.UBL, DocumentKind.CII)
    ),
    path("invoices/foreign/", foreign.foreign_list, name="foreign"),
    path("invoices/foreign/<fri_id:invoice_id>/file/", foreign.foreign_file, name="foreign-file"),
    path("invoices/exports/", exports.export_list, name="exports"),
    path("invoices/exports/<exp_id:export_id>/", exports.export_progress, name="export"),
    path("invoices/exports/<exp_id:export_id>/file/", exports.export_file, name="export-file"),
    path("invoices/<inv_id:invoice_id>/", views.invoice_detail, name="detail"),
    *(
        path(
            f"invoices/<inv_id:invoice_id>/{kind}/",
            views.invoice_file,
            {"kind": kind},
            name=kind.value,
        )
        for kind in (DocumentKind.PDF, DocumentKind.UBL, DocumentKind.CII)
    ),
    path("invoices/<inv_id:invoice_id>/object/", views.invoice_object, name="object"),
    path("projects/<prj_id:project_id>/readiness/", views.readiness, name="readiness"),
    path("settings/mandate/", views.mandate, name="mandate"),
    path("settings/mandate/accept/", views.mandate_accept, name="mandate-accept"),
    path("settings/mandate/revoke/", views.mandate_revoke, name="mandate-revoke"),
    path("milestones/<mst_id:milestone_id>/invoice/", views.milestone_invoice, name="milestone"),
    path("invoices/<inv_id:invoice_id>/remind/", views.invoice_remind, name="remind"),
    path("invoices/<inv_id:invoice_id>/report/", views.invoice_report, name="report"),
    path("invoices/<inv_id:invoice_id>/document/", views.invoice_document, name="document"),
]
