"""Writing invoices by hand: a new one, a draft, sending and cancelling it."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt, found
from gigs import selectors as gig_selectors
from gigs.models import Project
from invoicing import selectors, services
from invoicing.enums import DraftStatus
from invoicing.forms import Paper, ProjectForm
from invoicing.models import InvoiceDraft


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@role_required(Role.FREELANCER)
def draft_new(request: SignedInRequest) -> HttpResponse:
    """Choose the project, write the lines, keep it as a draft."""
    projects = gig_selectors.projects_with_extra(request.user)
    if request.method != "POST":
        asked = ProjectForm(projects, initial={"project": request.GET.get("project", "")})
        return _page(request, Paper(), project_form=asked)
    form, paper = ProjectForm(projects, request.POST), Paper(request.POST)
    if not form.is_valid():
        return _page(request, paper, project_form=form, status=422)
    project = found(Project.objects.for_user(request.user), form.cleaned_data["project"])
    if not paper.is_valid(project.budget.currency.code):
        return _page(request, paper, project_form=form, status=422)
    call = partial(
        services.draft_create,
        project_id=project.pk,
        lines=paper.lines,
        by=request.user,
        at=timezone.now(),
    )
    draft = attempt(request, call, form=form)
    if draft is None:
        return _page(request, paper, project_form=form, status=422)
    messages.success(request, "Kept as a draft. It has no number until you send it.")
    return redirect("invoicing:draft", draft.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def draft_edit(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """A draft of one's own, and its lines to change."""
    draft = _own(request, invoice_id)
    if request.method != "POST":
        return _page(request, Paper.of(draft), draft=draft)
    paper = Paper(request.POST)
    if not paper.is_valid(draft.project.budget.currency.code):
        return _page(request, paper, draft=draft, status=422)
    call = partial(
        services.draft_edit,
        draft_id=draft.pk,
        lines=paper.lines,
        by=request.user,
        at=timezone.now(),
    )
    if attempt(request, call) is None:
        return _page(request, paper, draft=_own(request, invoice_id), status=422)
    messages.success(request, "The draft is kept.")
    return redirect("invoicing:draft", draft.public_id)


@require_POST
@login_required
def draft_send(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Number and send a draft, with the lines as they stand on the screen."""
    draft = _own(request, invoice_id)
    paper = Paper(request.POST)
    if not paper.is_valid(draft.project.budget.currency.code):
        return _page(request, paper, draft=draft, status=422)
    call = partial(
        services.draft_send,
        draft_id=draft.pk,
        lines=paper.lines,
        by=request.user,
        at=timezone.now(),
    )
    if attempt(request, call) is None:
        return _page(request, paper, draft=_own(request, invoice_id), status=422)
    messages.success(request, f"Sent to {draft.project.commissioner.name}.")
    return redirect("invoicing:detail", draft.public_id)


@require_POST
@login_required
def draft_cancel(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Give a draft up."""
    draft = _own(request, invoice_id)
    call = partial(services.draft_cancel, draft_id=draft.pk, by=request.user, at=timezone.now())
    if attempt(request, call) is not None:
        messages.success(request, "The draft is cancelled.")
    return redirect("invoicing:list")


def _own(request: SignedInRequest, invoice_id: str) -> InvoiceDraft:
    return found(selectors.drafts_of(request.user), invoice_id)


def _page(
    request: SignedInRequest,
    paper: Paper,
    *,
    draft: InvoiceDraft | None = None,
    project_form: ProjectForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "paper": paper,
        "draft": draft,
        "project_form": project_form,
        "is_open": draft is None or draft.status == DraftStatus.DRAFT,
    }
    return render(request, "invoicing/draft.html", context, status=status)
