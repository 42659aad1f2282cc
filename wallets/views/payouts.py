"""Withdrawing, and the bank accounts that a freelancer withdraws to."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required, step_up_required
from common.http import attempt, found, has_seen, key_in, marks, pace, render_page
from common.money import from_minor
from wallets import selectors, services
from wallets.enums import OPEN_WITHDRAWALS
from wallets.forms import PayoutMethodForm, WithdrawForm
from wallets.models import Withdrawal
from wallets.policies import payout_terms


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


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.FREELANCER)
@step_up_required
@never_cache
def withdraw(request: SignedInRequest) -> HttpResponse:
    """Choose account and amount, see what arrives, then confirm with a post.

    The address holds the choice, so that looking changes nothing. The form's key makes a second
    click the same withdrawal.
    """
    given = request.POST if request.method == "POST" else request.GET
    currency = selectors.wallet_currency(
        request.user.pk, asked=given.get("currency", ""), preferred=request.user.currency
    )
    methods = list(selectors.payout_methods_of(request.user))
    form = WithdrawForm(given if "amount" in given else None, methods=methods, currency=currency)
    if request.method == "POST" and form.is_valid():
        made = attempt(request, lambda: _request(request, form), form=form)
        if made is not None:
            return redirect("wallets:withdrawal", made.public_id)
    return _withdraw_page(request, form)


@require_safe
@login_required
@role_required(Role.FREELANCER)
def withdrawals(request: SignedInRequest) -> HttpResponse:
    """All withdrawals, newest first."""
    page = selectors.withdrawals_page(request.user, **marks(request))
    return render(request, "wallets/withdrawal_list.html", {"page": page})


@require_safe
@login_required
def withdrawal(request: SignedInRequest, withdrawal_id: str) -> HttpResponse:
    """What became of a withdrawal, or of a transfer back; it looks again while nobody knows."""
    made = found(selectors.withdrawals_of(request.user), withdrawal_id)
    is_waiting = made.status in OPEN_WITHDRAWALS
    every = pace(made.requested_at, at=timezone.now())
    seen = f"{made.status}-{'frozen' if made.frozen_at else 'moving'}-{every}"
    if is_waiting and has_seen(request, seen):
        return HttpResponse(status=204)
    context = {"withdrawal": made, "is_waiting": is_waiting, "every": every, "seen": seen}
    return render_page(
        request, "wallets/withdrawal_detail.html", "wallets/_withdrawal.html", context
    )


@require_POST
@login_required
def withdrawal_cancel(request: SignedInRequest, withdrawal_id: str) -> HttpResponse:
    """Take back a withdrawal that is not on its way yet."""
    own = found(selectors.withdrawals_of(request.user), withdrawal_id)
    if attempt(
        request,
        lambda: services.withdrawal_cancel(
            withdrawal_id=own.pk, by=request.user, at=timezone.now()
        ),
    ):
        back = "your credit" if own.payment_id else "in your wallet"
        messages.success(request, f"It is cancelled; the money is {back} again.")
    return redirect("wallets:withdrawal", own.public_id)


def _request(request: SignedInRequest, form: WithdrawForm) -> Withdrawal:
    return services.withdrawal_request(
        method_id=form.chosen().pk,
        amount=form.cleaned_data["amount"],
        by=request.user,
        at=timezone.now(),
        request_key=key_in(request.POST.get("key", "")),
    )


def _withdraw_page(request: SignedInRequest, form: WithdrawForm) -> HttpResponse:
    preview = None
    if form.is_bound and form.is_valid():
        preview = attempt(
            request,
            lambda: services.withdrawal_preview(
                method_id=form.chosen().pk,
                amount=form.cleaned_data["amount"],
                by=request.user,
                at=timezone.now(),
            ),
            form=form,
        )
    terms = payout_terms(form.currency)
    balances = selectors.wallet_balances(request.user.pk)
    context = {
        "form": form,
        "currency": form.currency,
        "currencies": [row.currency for row in balances],
        "balance": next((row for row in balances if row.currency == form.currency), None),
        "minimum": from_minor(terms.minimum, form.currency),
        "fee": from_minor(terms.fee, form.currency),
        "preview": preview,
        "key": uuid4(),
    }
    return render(request, "wallets/withdraw.html", context, status=422 if form.errors else 200)
