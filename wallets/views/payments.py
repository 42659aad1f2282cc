"""Paying invoices, payments, and the methods to pay with."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt, found, has_seen, pace, render_page
from common.outage import through_outage
from invoicing import selectors as invoice_selectors
from invoicing.models import Invoice
from wallets import selectors, services
from wallets.enums import PaymentStatus, Provider
from wallets.exceptions import PaymentDeclined
from wallets.forms import PayForm, PaymentMethodForm, sandbox_choices
from wallets.models import Payment
from wallets.models.payments import IN_FLIGHT, PAYING
from wallets.views.previews import working_of


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pay(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Show exactly what paying an invoice does, and pay it."""
    invoice = found(invoice_selectors.invoices_of(request.user), invoice_id)
    ways = ways_to_pay(request.user, invoice.total.currency.code)
    if request.method != "POST":
        return _pay_page(request, invoice, PayForm(**ways))
    form = PayForm(request.POST, **ways)
    if not form.is_valid():
        return _pay_page(request, invoice, form)
    payment = attempt(
        request,
        lambda: services.payment_begin(
            invoice_id=invoice.pk, method=form.choice(), by=request.user, at=timezone.now()
        ),
    )
    if payment is None:
        return redirect("invoicing:detail", invoice.public_id)
    return finish(payment)


def ways_to_pay(user: User, currency: str) -> dict[str, Any]:
    """What the user can pay with in a currency, as forms take it."""
    return {
        "methods": list(selectors.payment_methods_of(user)),
        "credit": selectors.credit_balance(user.pk, currency),
    }


def finish(payment: Payment) -> HttpResponse:
    """Ask the provider unless the payment has ended, and lead to what became of it."""
    if payment.status in IN_FLIGHT:
        answer = through_outage(lambda: services.payment_ask(payment))
        through_outage(
            lambda: services.payment_conclude(
                payment_id=payment.pk, answer=answer, at=timezone.now()
            )
        )
    return redirect("wallets:payment", payment.public_id)


@require_safe
@login_required
def payment(request: SignedInRequest, payment_id: str) -> HttpResponse:
    """What became of a payment; it asks again while nobody knows."""
    made = found(selectors.payments_of(request.user), payment_id)
    has_failed, is_waiting = made.status == PaymentStatus.FAILED, made.status in IN_FLIGHT
    every = pace(made.created_at, at=timezone.now())
    seen = f"{made.status}-{every}"
    if is_waiting and has_seen(request, seen):
        return HttpResponse(status=204)
    context = {
        "payment": made,
        "invoice": made.invoice,
        "project": made.project or (made.invoice and made.invoice.project),
        "fundings": selectors.fundings_of(made),
        "is_paying": made.outcome in PAYING,
        "is_undone": selectors.is_undone(made),
        "is_waiting": is_waiting,
        "every": every,
        "seen": seen,
        "reason": made.failure_code.replace("_", " "),
        "refusal": PaymentDeclined.default_message if has_failed else "",
    }
    return render_page(request, "wallets/payment_detail.html", "wallets/_payment.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
def payment_methods(request: SignedInRequest) -> HttpResponse:
    """Stored methods, and the form to store another one."""
    if request.method != "POST":
        return _methods_page(request, PaymentMethodForm())
    form = PaymentMethodForm(request.POST)
    if not form.is_valid():
        return _methods_page(request, form)
    stored = attempt(
        request,
        lambda: services.payment_method_add(
            provider=Provider.SANDBOX, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if stored is None:
        return _methods_page(request, form)
    messages.success(request, f"{stored.label} is stored.")
    return redirect("wallets:payment-methods")


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def payment_method_remove(request: SignedInRequest, method_id: str) -> HttpResponse:
    """Forget a method."""
    method = found(selectors.payment_methods_of(request.user), method_id)
    if attempt(
        request,
        lambda: services.payment_method_remove(
            method_id=method.pk, by=request.user, at=timezone.now()
        ),
    ):
        messages.success(request, f"{method.label} is removed.")
    return redirect("wallets:payment-methods")


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def payment_method_make_default(request: SignedInRequest, method_id: str) -> HttpResponse:
    """Pay with a method by default."""
    method = found(selectors.payment_methods_of(request.user), method_id)
    if attempt(
        request,
        lambda: services.payment_method_make_default(
            method_id=method.pk, by=request.user, at=timezone.now()
        ),
    ):
        messages.success(request, f"{method.label} is the default now.")
    return redirect("wallets:payment-methods")


def _pay_page(request: SignedInRequest, invoice: Invoice, form: PayForm) -> HttpResponse:
    preview = attempt(
        request,
        lambda: services.payment_preview(invoice_id=invoice.pk, by=request.user, at=timezone.now()),
    )
    if preview is None:
        return redirect("invoicing:detail", invoice.public_id)
    context = {
        "invoice": invoice,
        "form": form,
        "preview": preview,
        "transfer": invoice_selectors.transfer_of(invoice),
        "working": working_of(preview),
    }
    return render(
        request, "wallets/invoice_pay.html", context, status=422 if form.is_bound else 200
    )


def _methods_page(request: SignedInRequest, form: PaymentMethodForm) -> HttpResponse:
    context = {
        "form": form,
        "methods": list(selectors.payment_methods_of(request.user)),
        "can_add": bool(sandbox_choices()),
    }
    return render(
        request, "wallets/payment_method_list.html", context, status=422 if form.is_bound else 200
    )
