"""Giving held money back: the freelancer's page, and what it would do."""

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
from common.formats import money_for_people
from common.forms import first_error
from common.http import attempt, found, key_in, render_page
from gigs import policies, selectors
from gigs.models import Milestone
from wallets import services
from wallets.forms import GiveBackForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def give_back(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Say how much goes back, and give it back."""
    milestone = _own(request, milestone_id)
    currency = milestone.amount.currency.code
    if request.method != "POST":
        return _page(request, milestone, GiveBackForm(currency=currency))
    form = GiveBackForm(request.POST, currency=currency)
    if not form.is_valid():
        return _page(request, milestone, form)
    returned = attempt(
        request,
        lambda: services.funds_give_back(
            milestone_id=milestone.pk,
            amount=form.cleaned_data["part"],
            request_key=key_in(request.POST.get("key", "")),
            by=request.user,
            at=timezone.now(),
        ),
        form=form,
    )
    if returned is None:
        return _page(request, milestone, form)
    name = milestone.project.commissioner.name
    messages.success(request, f"{name} has {money_for_people(returned.amount)} back.")
    return redirect("projects:detail", milestone.project.public_id)


@require_safe
@login_required
@never_cache
def preview(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """What giving money back would do, for the milestone's freelancer."""
    milestone = _own(request, milestone_id)
    context: dict[str, object] = {"milestone": milestone}
    form = GiveBackForm(request.GET, currency=milestone.amount.currency.code)
    if not form.is_valid():
        context["refusal"] = first_error(form)
    else:
        try:
            context["preview"] = services.give_back_preview(
                milestone_id=milestone.pk,
                amount=form.cleaned_data["part"],
                by=request.user,
                at=timezone.now(),
            )
        except DomainError as refusal:
            context["refusal"] = refusal.message
    return render_page(
        request, "wallets/give_back_preview.html", "wallets/_give_back_preview.html", context
    )


def _own(request: SignedInRequest, milestone_id: str) -> Milestone:
    milestone = found(selectors.milestone_pages(request.user), milestone_id)
    if not policies.may_deliver(request.user, milestone):
        raise PermissionDenied("Only the project's freelancer can give money back.")
    return milestone


def _page(request: SignedInRequest, milestone: Milestone, form: GiveBackForm) -> HttpResponse:
    context = {
        "milestone": milestone,
        "form": form,
        "can_give_back": selectors.can_give_back(milestone),
        "key": uuid4(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "wallets/milestone_give_back.html", context, status=status)
