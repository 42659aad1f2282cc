"""The browser door of invoices: lists, an invoice's page, its files."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import SignedInRequest
from common.http import found, render_page
from invoicing import policies, selectors
from invoicing.documents.model import Language
from invoicing.documents.page import page_of
from invoicing.documents.snapshot import document_of
from invoicing.enums import DocumentKind, Side
from invoicing.exceptions import DocumentNotReady, NoElectronicInvoice
from invoicing.forms import InvoiceFilterForm
from invoicing.models import Invoice


@require_safe
@login_required
def invoice_list(request: SignedInRequest) -> HttpResponse:
    """Invoices that one issued or received; a person with both roles chooses the side."""
    side = _side(request.user, request.GET.get("side", ""))
    form = InvoiceFilterForm(request.GET)
    filters = form.filters(side)
    page = selectors.invoices_page(
        request.user,
        filters,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {
        "form": form,
        "page": page,
        "side": side,
        "is_filtered": bool(filters.status or filters.number),
        "outstanding": selectors.outstanding(request.user, side),
        "today": timezone.now().date(),
    }
    return render(request, "invoicing/invoice_list.html", context)


@require_safe
@login_required
def invoice_detail(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """The document, and what each party may know and do about it."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    context = {
        "page": selectors.invoice_page(invoice),
        "document": page_of(replace(document_of(invoice), language=Language.ENGLISH)),
        "is_seller": invoice.seller_id == request.user.pk,
        "may_pay": policies.may_pay(request.user, invoice),
        "today": timezone.now().date(),
    }
    return render(request, "invoicing/invoice_detail.html", context)


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def invoice_file(request: SignedInRequest, invoice_id: str, kind: DocumentKind) -> HttpResponse:
    """One file as a download; while it is being made, a page that waits for it."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    try:
        file = selectors.file_of(invoice, kind)
    except DocumentNotReady as refusal:
        return _not_ready(request, invoice, refusal)
    except NoElectronicInvoice as refusal:
        raise Http404(refusal.message) from refusal
    return HttpResponse(
        bytes(file.content),
        content_type=file.media_type,
        headers={"Content-Disposition": f'attachment; filename="{file.file_name}"'},
    )


@require_safe
@login_required
def invoice_document(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """The download button, or the wait for it, which asks again."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    context = {"page": selectors.invoice_page(invoice)}
    return render_page(request, "invoicing/document_wait.html", "invoicing/_document.html", context)


def _not_ready(
    request: SignedInRequest, invoice: Invoice, refusal: DocumentNotReady
) -> HttpResponse:
    context = {"page": selectors.invoice_page(invoice), "refusal": refusal}
    response = render(request, "invoicing/document_wait.html", context, status=refusal.status)
    response["Retry-After"] = str(refusal.retry_after)
    return response


def _side(user: User, asked: str) -> Side:
    if asked in Side.values:
        return Side(asked)
    return Side.SENT if user.is_freelancer else Side.RECEIVED
