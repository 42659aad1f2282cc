"""Credit that goes back to the account that a bank transfer came from."""

from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required, step_up_required
from common.http import attempt, found, key_in
from common.money import amount_text
from wallets import selectors, services
from wallets.forms import TakeBackForm
from wallets.models import Payment


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
@never_cache
def transfer_back(request: SignedInRequest, payment_id: str) -> HttpResponse:
    """Ask for credit to go back by bank transfer, after the password was given again."""
    return _transfer_back(request, found(selectors.payments_of(request.user), payment_id))


@step_up_required
def _transfer_back(request: SignedInRequest, payment: Payment) -> HttpResponse:
    if request.method != "POST":
        source = selectors.credit_source(request.user, payment.pk)
        initial = {"amount": amount_text(source.amount)} if source else {}
        return _page(request, payment, TakeBackForm(currency=payment.currency, initial=initial))
    form = TakeBackForm(request.POST, currency=payment.currency)
    if not form.is_valid():
        return _page(request, payment, form)
    made = attempt(
        request,
        lambda: services.transfer_back_request(
            payment_id=payment.pk,
            amount=form.cleaned_data["amount"],
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        ),
        form=form,
    )
    if made is None:
        return _page(request, payment, form)
    return redirect("wallets:withdrawal", made.public_id)


def _page(request: SignedInRequest, payment: Payment, form: TakeBackForm) -> HttpResponse:
    source = selectors.credit_source(request.user, payment.pk)
    context = {
        "payment": payment,
        "source": source if source and source.is_by_transfer else None,
        "form": form,
        "key": uuid4(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "wallets/transfer_back.html", context, status=status)
