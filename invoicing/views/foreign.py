"""Invoices that others made and that are kept for somebody, in the browser."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.permissions import SignedInRequest
from common.http import found, marks
from invoicing import selectors


@require_safe
@login_required
def foreign_list(request: SignedInRequest) -> HttpResponse:
    """Foreign invoices that staff keep for one."""
    page = selectors.foreign_invoices_page(request.user, **marks(request))
    return render(request, "invoicing/foreign_list.html", {"page": page})


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def foreign_file(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """The file as it came, as a download."""
    invoice = found(selectors.foreign_invoices_of(request.user), invoice_id)
    return HttpResponse(
        bytes(invoice.content),
        content_type=invoice.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{invoice.public_id}.{invoice.extension}"'
        },
    )
