"""Invoices that others made and that are kept for somebody, in the browser."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import SignedInRequest
from common.exceptions import DomainError, FieldError
from common.http import download, found, marks
from invoicing import selectors
from invoicing.enums import Side
from invoicing.forms import ForeignForm
from invoicing.models import ForeignInvoice
from invoicing.services.foreign import ForeignFile, foreign_invoice_import


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def foreign_list(request: SignedInRequest) -> HttpResponse:
    """Invoices of others that are kept for one, and a form to keep another."""
    if request.method != "POST":
        return _page(request, ForeignForm())
    form = ForeignForm(request.POST, request.FILES)
    broken: Sequence[FieldError] = ()
    if form.is_valid():
        try:
            invoice = _kept(request, form)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            broken = refusal.errors
        else:
            messages.success(request, f"{invoice.number} is kept.")
            return redirect("invoicing:foreign")
    return _page(request, form, broken)


def _kept(request: SignedInRequest, form: ForeignForm) -> ForeignInvoice:
    given = form.cleaned_data
    file = given["file"]
    return foreign_invoice_import(
        file=ForeignFile(file.name, file.read(), request.user, Side(given["side"])),
        accepts_findings=given["accepts_findings"],
        by=request.user,
        at=timezone.now(),
    )


def _page(
    request: SignedInRequest, form: ForeignForm, broken: Sequence[FieldError] = ()
) -> HttpResponse:
    page = selectors.foreign_invoices_page(request.user, **marks(request))
    context = {"page": page, "form": form, "broken": broken}
    status = 422 if form.is_bound else 200
    return render(request, "invoicing/foreign_list.html", context, status=status)


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def foreign_file(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """The file as it came, as a download."""
    invoice = found(selectors.foreign_invoices_of(request.user), invoice_id)
    return download(
        bytes(invoice.content), media_type=invoice.media_type, name=invoice.download_name
    )
