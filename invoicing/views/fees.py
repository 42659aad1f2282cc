"""The platform's own invoices to a freelancer, in the browser."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.permissions import SignedInRequest
from common.http import download, found, marks
from invoicing import selectors
from invoicing.enums import DocumentKind
from invoicing.exceptions import DocumentNotReady, NoElectronicInvoice


@require_safe
@login_required
def fee_list(request: SignedInRequest) -> HttpResponse:
    """What the platform took in fees, a document for each month and currency."""
    page = selectors.fee_invoices_page(request.user, **marks(request))
    return render(request, "invoicing/fee_list.html", {"page": page})


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def fee_file(request: SignedInRequest, invoice_id: str, kind: DocumentKind) -> HttpResponse:
    """One file as a download."""
    invoice = found(selectors.fee_invoices_of(request.user), invoice_id)
    try:
        file = selectors.fee_file_of(invoice, kind)
    except (DocumentNotReady, NoElectronicInvoice) as refusal:
        raise Http404(refusal.message) from refusal
    return download(bytes(file.content), media_type=file.media_type, name=file.file_name)
