"""Gigs: the public list, a gig's page, a commissioner's own gigs, opening and closing."""

from datetime import date

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt, found, marks, render_page
from gigs import policies, selectors, services
from gigs.enums import ApplicationStatus, GigStatus
from gigs.forms import ApplyForm, GigFilterForm, GigStatusForm
from gigs.models import Application, Gig
from gigs.services.applications import REAPPLY_AFTER


@require_safe
def gig_list(request: HttpRequest) -> HttpResponse:
    """Open gigs, for everybody; htmx gets the results, or the next of them, alone."""
    form = GigFilterForm(request.GET)
    is_more = "before" in request.GET
    page = selectors.gigs_open(form.filters(), viewer=request.user, **marks(request))
    query = urlencode({name: request.GET[name] for name in form.fields if request.GET.get(name)})
    context = {"form": form, "page": page, "query": query}
    fragment = "gigs/_gig_cards.html" if is_more else "gigs/_gig_results.html"
    response = render_page(request, "gigs/gig_list.html", fragment, context)
    if is_more:
        return response
    address = reverse("gigs:list")
    return replace_url(response, f"{address}?{query}" if query else address)


@require_safe
def gig_detail(request: HttpRequest, gig_id: str) -> HttpResponse:
    """A gig's page: what it pays, and what the viewer can do about it."""
    gig = found(selectors.gig_pages(request.user), gig_id)
    return render(request, "gigs/gig_detail.html", gig_context(request, gig, form=ApplyForm()))


@require_safe
@login_required
@role_required(Role.COMMISSIONER)
def gig_mine(request: SignedInRequest) -> HttpResponse:
    """A commissioner's own gigs."""
    form = GigStatusForm(request.GET)
    page = selectors.gigs_of(request.user, status=form.status, **marks(request))
    context = {"form": form, "page": page, "status": form.status}
    return render(request, "gigs/gig_mine.html", context)


@require_POST
@login_required
def gig_open(request: SignedInRequest, gig_id: str) -> HttpResponse:
    """Publish a draft."""
    gig = found(selectors.gig_pages(request.user), gig_id)
    if attempt(
        request, lambda: services.gig_open(gig_id=gig.pk, by=request.user, at=timezone.now())
    ):
        messages.success(request, "Your gig is open for applications.")
    return redirect("gigs:detail", gig.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def gig_close(request: SignedInRequest, gig_id: str) -> HttpResponse:
    """Ask whether to close a gig, and close it."""
    gig = found(selectors.gig_pages(request.user), gig_id)
    if not policies.may_manage(request.user, gig):
        raise PermissionDenied("Only the gig's owner can close it.")
    if request.method != "POST":
        return render(request, "gigs/gig_close.html", {"gig": gig})
    if attempt(
        request, lambda: services.gig_close(gig_id=gig.pk, by=request.user, at=timezone.now())
    ):
        messages.success(request, "The gig is closed.")
    return redirect("gigs:detail", gig.public_id)


def gig_context(request: HttpRequest, gig: Gig, *, form: ApplyForm) -> dict[str, object]:
    """What the gig's page needs, whatever the state of the application form in it."""
    viewer = request.user
    milestones = list(gig.planned_milestones.all())
    rate = selectors.fee_rate_at(timezone.now())
    application = selectors.latest_application(gig, viewer=viewer)
    is_owner = viewer.is_authenticated and policies.may_manage(viewer, gig)
    may_try = viewer.is_authenticated and policies.may_apply(viewer) and not is_owner
    return {
        "gig": gig,
        "split": selectors.split_with_fees(
            [(milestone.title, milestone.amount) for milestone in milestones],
            rate=rate,
            method=gig.invoicing_method,
        ),
        "milestones": milestones,
        "form": form,
        "application": application,
        "is_owner": is_owner,
        "can_apply": may_try and gig.status == GigStatus.OPEN and _may_apply_again(application),
        "reapply_on": _reapply_on(application),
        "due_days": settings.INVOICE_DUE_DAYS,
    }


def _reapply_on(application: Application | None) -> date | None:
    """The day from which somebody who was turned down may apply again."""
    if application is None or application.status != ApplicationStatus.REJECTED:
        return None
    if application.decided_at is None:
        return None
    return (application.decided_at + REAPPLY_AFTER).date()


def _may_apply_again(application: Application | None) -> bool:
    if application is None or application.status == ApplicationStatus.WITHDRAWN:
        return True
    day = _reapply_on(application)
    return day is not None and day <= timezone.now().date()
