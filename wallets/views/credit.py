"""A commissioner's credit: what there is, topping it up, and taking it back."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.formats import money_for_people
from common.http import attempt, found, key_in
from common.money import amount_text
from wallets import selectors, services
from wallets.enums import OPEN_TAKE_BACKS, AccountKind, TakeBackStatus
from wallets.exceptions import TakeBackRefused
from wallets.forms import TakeBackForm, TopUpForm
from wallets.models import Payment, TakeBack
from wallets.selectors import CreditSource
from wallets.views.payments import finish
from wallets.views.wallet import place_in

SHOWN = 25


@require_safe
@login_required
@role_required(Role.COMMISSIONER)
def credit(request: SignedInRequest) -> HttpResponse:
    """Credit in one currency, its statement, and what of it can go back where it came from."""
    user, asked = request.user, request.GET.get("currency", "")
    balances, sources = selectors.credit_of_user(user)
    currencies = [balance.currency for balance in balances]
    wished = [one for one in (asked, user.currency) if one in currencies]
    chosen = next(iter(wished), currencies[0])
    taken = selectors.take_backs_of(user.pk).filter(payment__currency=chosen)
    context = {
        "balance": next(row for row in balances if row.currency == chosen),
        "currencies": currencies,
        "currency": chosen,
        "sources": [source for source in sources if source.currency == chosen],
        "take_backs": list(taken.order_by("-requested_at", "-pk")[:SHOWN]),
        "transfers_back": list(
            selectors.transfers_back_of(user)
            .filter(currency=chosen)
            .order_by("-requested_at", "-pk")[:SHOWN]
        ),
        "statement": selectors.statement(
            user.pk,
            currency=chosen,
            before=place_in(request.GET.get("before", "")),
            kind=AccountKind.CREDIT,
        ),
    }
    return render(request, "wallets/credit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
def top_up(request: SignedInRequest) -> HttpResponse:
    """Add to one's credit with a payment method."""
    methods = list(selectors.payment_methods_of(request.user))
    if request.method != "POST":
        currency = request.GET.get("currency") or request.user.currency
        return _top_up_page(request, TopUpForm(methods=methods, initial={"currency": currency}))
    form = TopUpForm(request.POST, methods=methods)
    if not form.is_valid():
        return _top_up_page(request, form)
    payment = attempt(
        request,
        lambda: services.credit_top_up_begin(
            amount=form.cleaned_data["money"],
            method=form.choice(),
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        ),
        form=form,
    )
    return _top_up_page(request, form) if payment is None else finish(payment)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
def take_back(request: SignedInRequest, payment_id: str) -> HttpResponse:
    """Take credit back to the method of the payment that brought it."""
    payment = found(selectors.payments_of(request.user), payment_id)
    source = selectors.credit_source(request.user, payment.pk)
    if source and source.is_by_transfer:
        return redirect("wallets:transfer-back", payment.public_id)
    if request.method != "POST":
        initial = {"amount": amount_text(source.amount)} if source else {}
        form = TakeBackForm(currency=payment.currency, initial=initial)
        return _take_back_page(request, payment, source, form)
    form = TakeBackForm(request.POST, currency=payment.currency)
    if not form.is_valid():
        return _take_back_page(request, payment, source, form)
    taken = attempt(
        request,
        lambda: services.take_back_begin(
            payment_id=payment.pk,
            amount=form.cleaned_data["amount"],
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        ),
        form=form,
    )
    if taken is None:
        return _take_back_page(request, payment, source, form)
    _finish(request, taken)
    return redirect("wallets:credit")


def _finish(request: SignedInRequest, taken: TakeBack) -> None:
    """Ask the provider unless it has ended, and say what became of it."""
    if taken.status in OPEN_TAKE_BACKS:
        answer = services.take_back_ask(taken)
        taken = services.take_back_conclude(take_back_id=taken.pk, answer=answer, at=timezone.now())
    if taken.status == TakeBackStatus.SUCCEEDED:
        amount = money_for_people(taken.amount)
        messages.success(request, f"{amount} are on their way to {taken.payment.label}.")
    elif taken.status == TakeBackStatus.FAILED:
        messages.error(request, TakeBackRefused.default_message)
    else:
        messages.info(request, "The provider has not answered yet. We keep asking.")


def _top_up_page(request: SignedInRequest, form: TopUpForm) -> HttpResponse:
    context = {"form": form, "key": uuid4()}
    return render(request, "wallets/top_up.html", context, status=422 if form.is_bound else 200)


def _take_back_page(
    request: SignedInRequest, payment: Payment, source: CreditSource | None, form: TakeBackForm
) -> HttpResponse:
    context = {"payment": payment, "source": source, "form": form, "key": uuid4()}
    return render(request, "wallets/take_back.html", context, status=422 if form.is_bound else 200)
