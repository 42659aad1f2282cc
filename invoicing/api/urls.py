from django.urls import path

from invoicing.api import chasing, exports, fees, foreign, manual, views

urlpatterns = [
    path("invoices/", manual.InvoicesAndDraftView.as_view()),
    path("invoices/drafts/", manual.DraftsView.as_view()),
    path("invoices/<inv_id:invoice_id>/draft/", manual.DraftView.as_view()),
    path("invoices/<inv_id:invoice_id>/send/", manual.DraftSendView.as_view()),
    path("invoices/<inv_id:invoice_id>/cancel/", manual.DraftCancelView.as_view()),
    path("invoices/<inv_id:invoice_id>/", views.InvoiceView.as_view()),
    path("invoices/<inv_id:invoice_id>/pdf/", views.InvoicePdfView.as_view()),
    path("invoices/<inv_id:invoice_id>/ubl/", views.InvoiceUblView.as_view()),
    path("invoices/<inv_id:invoice_id>/cii/", views.InvoiceCiiView.as_view()),
    path("invoices/<inv_id:invoice_id>/object/", views.InvoiceObjectView.as_view()),
    path("invoice-exports/", exports.ExportsView.as_view()),
    path("invoice-exports/<exp_id:export_id>/", exports.ExportView.as_view()),
    path("invoice-exports/<exp_id:export_id>/download/", exports.ExportFileView.as_view()),
    path("fee-invoices/", fees.FeeInvoicesView.as_view()),
    path("fee-invoices/<fei_id:invoice_id>/", fees.FeeInvoiceView.as_view()),
    path("fee-invoices/<fei_id:invoice_id>/pdf/", fees.FeePdfView.as_view()),
    path("fee-invoices/<fei_id:invoice_id>/ubl/", fees.FeeUblView.as_view()),
    path("fee-invoices/<fei_id:invoice_id>/cii/", fees.FeeCiiView.as_view()),
    path("foreign-invoices/", foreign.ForeignInvoicesView.as_view()),
    path("foreign-invoices/<fri_id:invoice_id>/", foreign.ForeignInvoiceView.as_view()),
    path("foreign-invoices/<fri_id:invoice_id>/file/", foreign.ForeignFileView.as_view()),
    path("projects/<prj_id:project_id>/readiness/", views.ReadinessView.as_view()),
    path("me/mandate/", views.MandateView.as_view()),
    path("invoices/<inv_id:invoice_id>/remind/", chasing.InvoiceRemindView.as_view()),
    path("invoices/<inv_id:invoice_id>/report/", chasing.InvoiceReportView.as_view()),
    path("milestones/<mst_id:milestone_id>/invoice/", views.MilestoneInvoiceView.as_view()),
]
