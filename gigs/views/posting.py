"""Posting a gig in three steps. What was written waits in the session until it is posted."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt, found
from gigs import policies, selectors, services
from gigs.enums import Category, GigStatus
from gigs.exceptions import GigNotDraft
from gigs.forms import AboutForm, LiveSplit, Plan, live_split, values_of
from gigs.models import Gig
from gigs.services import GigDraft
from gigs.services.gigs import MAX_MILESTONES

DRAFT: Final = "gig_draft"
EDITED: Final = "edited"
ROW_CHOICES: Final = (1, 2, 3, 4, 5, 6, 8, 10)

Values = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
def about(request: SignedInRequest) -> HttpResponse:
    """First step: title, category, skills, description."""
    if request.method != "POST":
        form = AboutForm(initial=_part(request, "about"))
        return _about_page(request, form)
    form = AboutForm(request.POST)
    if not form.is_valid():
        return _about_page(request, form, status=422)
    _keep(request, "about", {name: form[name].value() for name in form.fields})
    return redirect("gigs:post-plan")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
def plan(request: SignedInRequest) -> HttpResponse:
    """Second step: budget and milestones. The extra buttons serve pages without JavaScript."""
    if not _part(request, "about"):
        return redirect("gigs:post")
    if request.method != "POST":
        values = {"currency": request.user.currency, **_part(request, "plan")}
        return _plan_page(request, Plan(initial=values))
    written = Plan(request.POST)
    values = written.values()
    go = request.POST.get("go", "review")
    if go == "review":
        if not written.is_valid():
            return _plan_page(request, written, status=422)
    elif go.isdecimal():
        values["rows"] = _resized(values["rows"], int(go))
    _keep(request, "plan", values)
    pages = {"review": "gigs:post-review", "about": "gigs:post"}
    return redirect(pages.get(go, "gigs:post-plan"))


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def split(request: SignedInRequest) -> HttpResponse:
    """The live split of what is written so far: a fragment; nothing is kept."""
    context = {"live": _live(Plan(request.POST).values())}
    return render(request, "gigs/_live_split.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.COMMISSIONER)
def review(request: SignedInRequest) -> HttpResponse:
    """Third step: look at all of it, and post it or keep it as a draft."""
    about_form = AboutForm(_part(request, "about"))
    written = Plan.of(_part(request, "plan"))
    if not about_form.is_valid():
        return redirect("gigs:post")
    if not written.is_valid():
        return redirect("gigs:post-plan")
    if request.method != "POST":
        return _review_page(request, about_form, written)
    draft = written.draft(about_form.cleaned_data, is_draft=request.POST.get("go") == "draft")
    gig = attempt(request, lambda: _written_gig(request, draft), form=written.budget)
    if gig is None:
        return _review_page(request, about_form, written, status=422)
    del request.session[DRAFT]
    done = "Kept as a draft." if draft.is_draft else "Your gig is open for applications."
    messages.success(request, done)
    return redirect("gigs:detail", gig.public_id)


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def edit(request: SignedInRequest, gig_id: str) -> HttpResponse:
    """Take a draft back into the three steps."""
    gig = found(selectors.gig_pages(request.user), gig_id)
    if not policies.may_manage(request.user, gig):
        raise PermissionDenied("Only the gig's owner can edit it.")
    if gig.status != GigStatus.DRAFT:
        messages.error(request, GigNotDraft.default_message)
        return redirect("gigs:detail", gig.public_id)
    request.session[DRAFT] = {**values_of(gig), EDITED: {"id": gig.public_id}}
    return redirect("gigs:post")


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def discard(request: SignedInRequest) -> HttpResponse:
    """Forget what was written and start again."""
    request.session.pop(DRAFT, None)
    return redirect("gigs:post")


def _written_gig(request: SignedInRequest, draft: GigDraft) -> Gig:
    """A new gig, or the draft that was taken back to be edited."""
    edited = _part(request, EDITED).get("id")
    if edited is None:
        gig, _ = services.gig_post(draft=draft, by=request.user, at=timezone.now())
        return gig
    gig = found(selectors.gig_pages(request.user), edited)
    return services.gig_edit(gig_id=gig.pk, draft=draft, by=request.user, at=timezone.now())


def _part(request: SignedInRequest, name: str) -> Values:
    part: Values = request.session.get(DRAFT, {}).get(name, {})
    return part


def _keep(request: SignedInRequest, name: str, values: Values) -> None:
    request.session[DRAFT] = {**request.session.get(DRAFT, {}), name: values}


def _live(values: Values) -> LiveSplit:
    return live_split(values, rate=selectors.fee_rate_at(timezone.now()))


def _resized(rows: list[Values], count: int) -> list[Values]:
    count = min(max(count, 1), MAX_MILESTONES)
    return rows[:count] + [{} for _ in range(count - len(rows))]


def _is_edit(request: SignedInRequest) -> bool:
    return bool(_part(request, EDITED))


def _about_page(request: SignedInRequest, form: AboutForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "is_edit": _is_edit(request)}
    return render(request, "gigs/gig_post_about.html", context, status=status)


def _plan_page(request: SignedInRequest, written: Plan, *, status: int = 200) -> HttpResponse:
    context = {
        "is_edit": _is_edit(request),
        "plan": written,
        "live": _live(written.values()),
        "row_choices": ROW_CHOICES,
        "count": len(written.kept),
    }
    return render(request, "gigs/gig_post_plan.html", context, status=status)


def _review_page(
    request: SignedInRequest, about_form: AboutForm, written: Plan, *, status: int = 200
) -> HttpResponse:
    live = _live(written.values())
    context = {
        "is_edit": _is_edit(request),
        "about": about_form.cleaned_data,
        "plan": written,
        "live": live,
        "tasks": list(zip(written.tasks, written.prices, strict=True)),
        "due_days": settings.INVOICE_DUE_DAYS,
        "category": Category(about_form.cleaned_data["category"]).label,
    }
    return render(request, "gigs/gig_post_review.html", context, status=status)
