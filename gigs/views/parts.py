"""Approving a part of a milestone's price."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import SignedInRequest
from common.http import attempt, found
from gigs import policies, selectors, services
from gigs.enums import MilestoneStatus
from gigs.forms import PartForm
from gigs.models import Milestone


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def milestone_approve_part(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Accept the work for a part of its price, and say where the rest goes."""
    milestone = found(selectors.milestone_pages(request.user), milestone_id)
    if not policies.may_review(request.user, milestone):
        raise PermissionDenied("Only the project's commissioner can review work.")
    currency = milestone.amount.currency.code
    if request.method != "POST":
        return _page(request, milestone, PartForm(currency=currency))
    form = PartForm(request.POST, currency=currency)
    if not form.is_valid():
        return _page(request, milestone, form, status=422)
    approved = attempt(
        request,
        lambda: services.milestone_approve_part(
            milestone_id=milestone.pk, part=form.part, by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if approved is None:
        return _page(request, milestone, form, status=422)
    messages.success(request, f"A part of “{milestone.title}” is approved. Its invoice follows.")
    return redirect("projects:detail", milestone.project.public_id)


def _page(
    request: SignedInRequest, milestone: Milestone, form: PartForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "milestone": milestone,
        "form": form,
        "is_in_review": milestone.status == MilestoneStatus.IN_REVIEW,
    }
    return render(request, "gigs/milestone_approve_part.html", context, status=status)
