"""Applying, candidates, and the match."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt, found, marks
from gigs import policies, selectors, services
from gigs.forms import ApplicationStatusForm, ApplyForm
from gigs.models import Gig
from gigs.services.applications import REAPPLY_AFTER
from gigs.views.gigs import gig_context

CANDIDATES_PER_PAGE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def apply(request: SignedInRequest, gig_id: str) -> HttpResponse:
    """Apply to a gig; its page has the form."""
    gig = found(selectors.gig_pages(request.user), gig_id)
    if request.method != "POST":
        return redirect("gigs:detail", gig.public_id)
    form = ApplyForm(request.POST)
    application = None
    if form.is_valid():
        application = attempt(
            request,
            lambda: services.application_submit(
                gig_id=gig.pk, **form.cleaned_data, by=request.user, at=timezone.now()
            ),
            form=form,
        )
    if application is None:
        context = gig_context(request, gig, form=form)
        return render(request, "gigs/gig_detail.html", context, status=422)
    messages.success(request, "Your application is with the commissioner.")
    return redirect("gigs:detail", gig.public_id)


@require_safe
@login_required
@role_required(Role.FREELANCER)
def application_list(request: SignedInRequest) -> HttpResponse:
    """A freelancer's own applications."""
    form = ApplicationStatusForm(request.GET)
    page = selectors.applications_of(request.user, status=form.status, **marks(request))
    context = {"form": form, "page": page, "status": form.status}
    return render(request, "gigs/application_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def application_withdraw(request: SignedInRequest, app_id: str) -> HttpResponse:
    """Ask whether to take an application back, and do it."""
    application = found(selectors.application_pages(request.user), app_id)
    if not policies.may_withdraw(request.user, application):
        raise PermissionDenied("Only the applicant can withdraw an application.")
    if request.method != "POST":
        return render(request, "gigs/application_withdraw.html", {"application": application})
    if attempt(
        request,
        lambda: services.application_withdraw(
            application_id=application.pk, by=request.user, at=timezone.now()
        ),
    ):
        messages.success(request, "Your application is withdrawn.")
    return redirect("gigs:detail", application.gig.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def application_reject(request: SignedInRequest, app_id: str) -> HttpResponse:
    """Ask whether to turn an application down, and do it."""
    application = found(selectors.application_pages(request.user), app_id)
    if not policies.may_manage(request.user, application.gig):
        raise PermissionDenied("Only the gig's owner can reject an application.")
    if request.method != "POST":
        context = {"application": application, "reapply_days": REAPPLY_AFTER.days}
        return render(request, "gigs/application_reject.html", context)
    if attempt(
        request,
        lambda: services.application_reject(
            application_id=application.pk, by=request.user, at=timezone.now()
        ),
    ):
        messages.success(request, f"The application of {application.freelancer.name} is rejected.")
    return redirect("gigs:candidates", application.gig.public_id)


@require_safe
@login_required
def candidates(request: SignedInRequest, gig_id: str) -> HttpResponse:
    """Who has applied, the best fit on top, and why."""
    gig = _own_gig(request, gig_id)
    pages = Paginator(selectors.candidates(gig), CANDIDATES_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = [selectors.candidate(gig, row) for row in page.object_list]
    return render(
        request, "gigs/candidate_list.html", {"gig": gig, "page": page, "candidates": rows}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def match(request: SignedInRequest, gig_id: str) -> HttpResponse:
    """Ask whether to hire an applicant, and make the project."""
    gig = _own_gig(request, gig_id)
    asked = request.POST if request.method == "POST" else request.GET
    application = found(selectors.applications_to(gig), asked.get("application", ""))
    if request.method != "POST":
        return render(request, "gigs/gig_match.html", {"gig": gig, "application": application})
    project = attempt(
        request,
        lambda: services.gig_match(
            gig_id=gig.pk, application_id=application.pk, by=request.user, at=timezone.now()
        ),
    )
    if project is None:
        return redirect("gigs:candidates", gig.public_id)
    messages.success(request, f"{application.freelancer.name} is hired. The terms are frozen.")
    return redirect("projects:detail", project.public_id)


def _own_gig(request: SignedInRequest, gig_id: str) -> Gig:
    gig = found(selectors.gig_pages(request.user), gig_id)
    if not policies.may_manage(request.user, gig):
        raise PermissionDenied("Only the gig's owner sees its candidates.")
    return gig
