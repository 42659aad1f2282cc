"""The bank accounts that a freelancer withdraws to."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required, step_up_required
from common.http import attempt, found
from wallets import selectors, services
from wallets.forms import PayoutMethodForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.FREELANCER)
@step_up_required
def payout_methods(request: SignedInRequest) -> HttpResponse:
    """Bank accounts, and the form to add one, which asks for the password again."""
    if request.method != "POST":
        return _page(request, PayoutMethodForm(initial={"holder": request.user.legal_name}))
    form = PayoutMethodForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    added = attempt(
        request,
        lambda: services.payout_method_add(
            details=form.details(), by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if added is None:
        return _page(request, form)
    messages.success(request, f"{added.label} is added.")
    return redirect("wallets:payout-methods")


@require_POST
@login_required
@role_required(Role.FREELANCER)
def payout_method_remove(request: SignedInRequest, method_id: str) -> HttpResponse:
    """Withdraw nothing more to an account."""
    method = found(selectors.payout_methods_of(request.user), method_id)
    if attempt(
        request,
        lambda: services.payout_method_remove(
            method_id=method.pk, by=request.user, at=timezone.now()
        ),
    ):
        messages.success(request, f"{method.label} is removed.")
    return redirect("wallets:payout-methods")


def _page(request: SignedInRequest, form: PayoutMethodForm) -> HttpResponse:
    context = {
        "form": form,
        "methods": list(selectors.payout_methods_of(request.user)),
        "now": timezone.now(),
    }
    return render(
        request, "wallets/payout_method_list.html", context, status=422 if form.is_bound else 200
    )
