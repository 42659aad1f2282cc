"""Crediting an invoice: the freelancer's page, and what it would do."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import SignedInRequest
from common.exceptions import DomainError
from common.forms import first_error
from common.http import attempt, found, key_in, render_page
from invoicing import policies, selectors
from invoicing.models import Invoice
from wallets import services
from wallets.forms import CreditForm
from wallets.selectors import wallet_covers

ASKED = "A preview needs no reason."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def credit(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Say how much is credited and why, and credit it."""
    invoice = _own(request, invoice_id)
    currency = invoice.total.currency.code
    if request.method != "POST":
        return _page(request, invoice, CreditForm(currency=currency))
    form = CreditForm(request.POST, currency=currency)
    if not form.is_valid():
        return _page(request, invoice, form)
    note = attempt(
        request,
        lambda: services.invoice_credit(
            invoice_id=invoice.pk,
            amount=form.cleaned_data["part"],
            reason=form.cleaned_data["reason"],
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        ),
        form=form,
    )
    if note is None:
        return _page(request, invoice, form)
    messages.success(request, f"{invoice.number} is credited by {note.number}.")
    return redirect("invoicing:detail", note.public_id)


@require_safe
@login_required
@never_cache
def preview(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """What crediting the invoice would do, for its freelancer."""
    invoice = _own(request, invoice_id)
    context: dict[str, object] = {"invoice": invoice}
    asked = {**request.GET.dict(), "reason": ASKED}
    form = CreditForm(asked, currency=invoice.total.currency.code)
    if not form.is_valid():
        context["refusal"] = first_error(form)
    else:
        try:
            context["preview"] = services.note_preview(
                invoice_id=invoice.pk,
                amount=form.cleaned_data["part"],
                reason=ASKED,
                by=request.user,
                at=timezone.now(),
            )
        except DomainError as refusal:
            context["refusal"] = refusal.message
    return render_page(request, "wallets/note_preview.html", "wallets/_note_preview.html", context)


def _own(request: SignedInRequest, invoice_id: str) -> Invoice:
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    if not policies.is_seller(request.user, invoice):
        raise PermissionDenied("Only the invoice's freelancer can credit it.")
    return invoice


def _page(request: SignedInRequest, invoice: Invoice, form: CreditForm) -> HttpResponse:
    context = {
        "invoice": invoice,
        "form": form,
        "can_credit": selectors.can_credit(invoice),
        "covered": wallet_covers(invoice.seller_id, invoice.total.currency.code),
        "key": uuid4(),
        "objection": selectors.objection_of(invoice),
    }
    status = 422 if form.is_bound else 200
    return render(request, "wallets/invoice_credit.html", context, status=status)
