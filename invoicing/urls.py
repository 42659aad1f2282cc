"""Addresses of invoices. Paying one is a page of the wallets app."""

from django.urls import path

from invoicing import views

app_name = "invoicing"
urlpatterns = [
    path("invoices/", views.invoice_list, name="list"),
    path("invoices/<inv_id:invoice_id>/", views.invoice_detail, name="detail"),
    path("invoices/<inv_id:invoice_id>/pdf/", views.invoice_pdf, name="pdf"),
    path("invoices/<inv_id:invoice_id>/document/", views.invoice_document, name="document"),
]
