"""Agreeing on work beside the milestones."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import SignedInRequest
from common.http import attempt, found, key_in
from gigs import policies, selectors, services
from gigs.forms import ExtraForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_extra(request: SignedInRequest, project_id: str) -> HttpResponse:
    """Add a sum for extra work to what the project has agreed."""
    project = found(selectors.project_pages(request.user), project_id)
    if not policies.may_agree(request.user, project):
        raise PermissionDenied("Only the project's commissioner can agree on extra work.")
    currency = project.budget.currency.code
    form = ExtraForm(request.POST if request.method == "POST" else None, currency=currency)
    if form.is_valid():
        agreed = attempt(
            request,
            lambda: services.extra_agree(
                project_id=project.pk,
                **form.cleaned_data,
                request_key=key_in(request.POST.get("key", "")),
                by=request.user,
                at=timezone.now(),
            ),
            form=form,
        )
        if agreed is not None:
            messages.success(request, f"{project.freelancer.name} can invoice the extra work now.")
            return redirect("projects:detail", project.public_id)
    context = {
        "project": project,
        "form": form,
        "extras": selectors.extras_of(project),
        "key": uuid4(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "gigs/project_extra.html", context, status=status)
