"""Asking for held money, and answering."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import SignedInRequest
from common.exceptions import DomainError
from common.formats import money_for_people
from common.http import attempt, found
from gigs import policies, selectors
from gigs import services as gig_services
from gigs.enums import RefundStatus
from gigs.models import Milestone, RefundRequest
from wallets import services
from wallets.forms import RefundAnswerForm, RefundForm
from wallets.services import GiveBackPreview


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def refund(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """What was asked for and what became of it; the commissioner asks here."""
    milestone = _milestone(request, milestone_id)
    if request.method != "POST":
        return _page(request, milestone)
    _only(policies.may_fund(request.user, milestone.project), "Only the commissioner asks.")
    form = RefundForm(request.POST)
    if not form.is_valid():
        return _page(request, milestone, ask_form=form)
    asked = attempt(
        request,
        lambda: gig_services.refund_request(
            milestone_id=milestone.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if asked is None:
        return _page(request, milestone, ask_form=form)
    messages.success(request, f"{milestone.project.freelancer.name} is asked.")
    return redirect("wallets:refund", milestone.public_id)


@require_POST
@login_required
def agree(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Give back all that was asked for."""
    milestone = _milestone(request, milestone_id)
    returned = attempt(
        request,
        lambda: services.refund_agree(
            milestone_id=milestone.pk, by=request.user, at=timezone.now()
        ),
    )
    if returned is not None:
        name = milestone.project.commissioner.name
        messages.success(request, f"{name} has {money_for_people(returned.amount)} back.")
    return redirect("projects:detail", milestone.project.public_id)


@require_POST
@login_required
def decline(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Say no, and why."""
    milestone = _milestone(request, milestone_id)
    _only(policies.may_deliver(request.user, milestone), "Only the freelancer answers.")
    form = RefundAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, milestone, answer_form=form)
    return _done(
        request,
        milestone,
        lambda: gig_services.refund_decline(
            milestone_id=milestone.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        f"{milestone.project.commissioner.name} is told.",
    )


@require_POST
@login_required
def withdraw(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Take one's own request back."""
    milestone = _milestone(request, milestone_id)
    return _done(
        request,
        milestone,
        lambda: gig_services.refund_withdraw(
            milestone_id=milestone.pk, by=request.user, at=timezone.now()
        ),
        "You do not ask for the money back any more.",
    )


def _milestone(request: SignedInRequest, milestone_id: str) -> Milestone:
    return found(selectors.milestone_pages(request.user), milestone_id)


def _only(allowed: bool, words: str) -> None:  # noqa: FBT001 - reads as a sentence at the call
    if not allowed:
        raise PermissionDenied(words)


def _done(
    request: SignedInRequest,
    milestone: Milestone,
    service: Callable[[], RefundRequest],
    words: str,
) -> HttpResponse:
    if attempt(request, service) is not None:
        messages.success(request, words)
    return redirect("wallets:refund", milestone.public_id)


def _page(
    request: SignedInRequest,
    milestone: Milestone,
    *,
    ask_form: Form | None = None,
    answer_form: Form | None = None,
) -> HttpResponse:
    latest = selectors.latest_refund(milestone)
    is_open = latest is not None and latest.status == RefundStatus.OPEN
    is_commissioner = policies.may_fund(request.user, milestone.project)
    context = {
        "milestone": milestone,
        "refund": latest,
        "is_open": is_open,
        "is_commissioner": is_commissioner,
        "can_ask": not is_open and selectors.can_be_refunded(milestone),
        "ask_form": ask_form or RefundForm(),
        "answer_form": answer_form or RefundAnswerForm(),
        "preview": _preview(request, milestone) if is_open and not is_commissioner else None,
        "days": settings.REFUND_DAYS,
    }
    status = 422 if ask_form or answer_form else 200
    return render(request, "wallets/milestone_refund.html", context, status=status)


def _preview(request: SignedInRequest, milestone: Milestone) -> GiveBackPreview | None:
    """What agreeing would do; None when it has been answered in this moment."""
    try:
        return services.refund_agree_preview(
            milestone_id=milestone.pk, by=request.user, at=timezone.now()
        )
    except DomainError:
        return None
