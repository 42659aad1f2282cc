"""Setting the money of milestones aside."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import SignedInRequest
from common.http import attempt, found
from common.money import from_minor
from gigs import policies as gig_policies
from gigs import selectors as gig_selectors
from gigs.selectors import ProjectView
from wallets import services
from wallets.forms import FundForm
from wallets.views.payments import finish, ways_to_pay


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def fund(request: SignedInRequest, project_id: str) -> HttpResponse:
    """Choose milestones, see what they cost together, and set their money aside."""
    project = found(gig_selectors.project_pages(request.user), project_id)
    if not gig_policies.may_fund(request.user, project):
        raise PermissionDenied("Only the project's commissioner can fund it.")
    view = gig_selectors.project_view(project)
    unfunded = gig_selectors.to_fund(view)
    if not unfunded:
        messages.info(request, "There is nothing to fund in this project.")
        return redirect("projects:detail", project.public_id)
    currency = project.budget.currency.code
    totals = services.funding_amounts(project, unfunded, on=timezone.now().date())
    ways = ways_to_pay(request.user, currency) | {
        "unfunded": unfunded,
        "amounts": {pk: from_minor(total, currency) for pk, total in totals.items()},
    }
    if request.method != "POST":
        asked = request.GET.get("milestone")
        names = [one.public_id for one in unfunded if asked in (None, one.public_id)]
        form = FundForm(initial={"milestones": names}, **ways)
        return _page(request, view, form)
    form = FundForm(request.POST, **ways)
    if not form.is_valid():
        return _page(request, view, form)
    payment = attempt(
        request,
        lambda: services.funding_begin(
            project_id=project.pk,
            milestone_ids=form.milestone_ids(),
            method=form.choice(),
            by=request.user,
            at=timezone.now(),
        ),
        form=form,
    )
    return _page(request, view, form) if payment is None else finish(payment)


def _page(request: SignedInRequest, view: ProjectView, form: FundForm) -> HttpResponse:
    context = {"view": view, "project": view.project, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "wallets/project_fund.html", context, status=status)
