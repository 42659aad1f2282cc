"""Projects and their milestones: the pages, delivering and reviewing."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import SignedInRequest
from common.http import attempt, found, marks, render_page
from gigs import policies, selectors, services
from gigs.enums import MilestoneStatus
from gigs.forms import ApproveForm, ChangesForm, ProjectStatusForm, SubmitForm
from gigs.models import Milestone


@require_safe
@login_required
def project_list(request: SignedInRequest) -> HttpResponse:
    """Projects of which the user is a party, on either side."""
    form = ProjectStatusForm(request.GET)
    page = selectors.projects_of(request.user, status=form.status, **marks(request))
    context = {
        "form": form,
        "status": form.status,
        "page": page,
        "projects": [selectors.project_view(project) for project in page.rows],
    }
    return render(request, "gigs/project_list.html", context)


@require_safe
@login_required
def project_detail(request: SignedInRequest, project_id: str) -> HttpResponse:
    """A project's page; htmx asks for its moving parts while an invoice is being issued."""
    view = selectors.project_view(found(selectors.project_pages(request.user), project_id))
    context = {
        "view": view,
        "project": view.project,
        "is_commissioner": view.project.commissioner_id == request.user.pk,
        "step": selectors.next_step(view, user=request.user),
        "unfunded": selectors.to_fund(view),
        "returnable": selectors.returnable(view),
        "refundable": selectors.refundable(view),
        "asked_back": selectors.asked_back(view),
        "due_days": settings.INVOICE_DUE_DAYS,
        "billable": selectors.to_invoice_by_hand(view, user=request.user),
    }
    return render_page(request, "gigs/project_detail.html", "gigs/_project_live.html", context)


@require_POST
@login_required
def milestone_start(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Say that work has begun."""
    milestone = _milestone(request, milestone_id)
    if attempt(
        request,
        lambda: services.milestone_start(
            milestone_id=milestone.pk, by=request.user, at=timezone.now()
        ),
    ):
        messages.success(request, f"“{milestone.title}” is in progress.")
    return redirect("projects:detail", milestone.project.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def milestone_submit(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Deliver work as the next version."""
    milestone = _milestone(request, milestone_id)
    if not policies.may_deliver(request.user, milestone):
        raise PermissionDenied("Only the project's freelancer can submit work.")
    if request.method != "POST":
        return _submit_page(request, milestone, SubmitForm())
    form = SubmitForm(request.POST)
    if not form.is_valid():
        return _submit_page(request, milestone, form, status=422)
    submitted = attempt(
        request,
        lambda: services.milestone_submit(
            milestone_id=milestone.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if submitted is None:
        return _submit_page(request, milestone, form, status=422)
    messages.success(request, f"{milestone.project.commissioner.name} can review it now.")
    return redirect("projects:detail", milestone.project.public_id)


@require_safe
@login_required
def milestone_review(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """The delivered work, and what approving it would do."""
    return _review_page(request, _reviewed(request, milestone_id))


@require_POST
@login_required
def milestone_approve(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Accept the work, with a bonus or without; the invoice follows."""
    milestone = _reviewed(request, milestone_id)
    form = ApproveForm(request.POST, currency=milestone.amount.currency.code)
    if not form.is_valid():
        return _review_page(request, milestone, approve_form=form, status=422)
    approved = attempt(
        request,
        lambda: services.milestone_approve(
            milestone_id=milestone.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        form=form if form.cleaned_data["bonus"] else None,
    )
    if approved is not None:
        messages.success(request, f"“{milestone.title}” is approved. Its invoice follows.")
    elif form.errors:
        return _review_page(request, milestone, approve_form=form, status=422)
    return redirect("projects:detail", milestone.project.public_id)


@require_POST
@login_required
def milestone_extend_review(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Take seven more days for the review."""
    milestone = _reviewed(request, milestone_id)
    extended = attempt(
        request,
        lambda: services.milestone_extend_review(
            milestone_id=milestone.pk, by=request.user, at=timezone.now()
        ),
    )
    if extended is not None and extended.review_ends_at is not None:
        until = date_format(extended.review_ends_at, "j F Y")
        messages.success(request, f"You have until {until} to review “{milestone.title}”.")
    return redirect("milestones:review", milestone.public_id)


@require_POST
@login_required
def milestone_request_changes(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Hand the work back with a comment."""
    milestone = _reviewed(request, milestone_id)
    form = ChangesForm(request.POST)
    if not form.is_valid():
        return _review_page(request, milestone, changes_form=form, status=422)
    returned = attempt(
        request,
        lambda: services.milestone_request_changes(
            milestone_id=milestone.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if returned is None:
        return _review_page(request, milestone, changes_form=form, status=422)
    messages.success(request, f"{milestone.project.freelancer.name} knows what to change.")
    return redirect("projects:detail", milestone.project.public_id)


def _milestone(request: SignedInRequest, milestone_id: str) -> Milestone:
    return found(selectors.milestone_pages(request.user), milestone_id)


def _reviewed(request: SignedInRequest, milestone_id: str) -> Milestone:
    milestone = _milestone(request, milestone_id)
    if not policies.may_review(request.user, milestone):
        raise PermissionDenied("Only the project's commissioner can review work.")
    return milestone


def _submit_page(
    request: SignedInRequest, milestone: Milestone, form: SubmitForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "milestone": milestone,
        "submissions": list(milestone.submissions.all()),
        "form": form,
        "can_submit": selectors.can_submit(milestone),
    }
    return render(request, "gigs/milestone_submit.html", context, status=status)


def _review_page(
    request: SignedInRequest,
    milestone: Milestone,
    *,
    changes_form: ChangesForm | None = None,
    approve_form: ApproveForm | None = None,
    status: int = 200,
) -> HttpResponse:
    submissions = list(milestone.submissions.all())
    context = {
        "milestone": milestone,
        "latest": next(iter(submissions), None),
        "earlier": submissions[1:],
        "form": changes_form or ChangesForm(),
        "approve_form": approve_form or ApproveForm(currency=milestone.amount.currency.code),
        "is_in_review": milestone.status == MilestoneStatus.IN_REVIEW,
        "clock": selectors.review_clock(milestone, at=timezone.now()),
    }
    return render(request, "gigs/milestone_review.html", context, status=status)
