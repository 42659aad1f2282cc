"""Archives of one's invoices in the browser: asked for, watched, downloaded."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import SignedInRequest
from common.http import attempt, found, marks, render_page
from invoicing import selectors
from invoicing.exceptions import ExportGone, ExportNotReady
from invoicing.forms import ExportForm
from invoicing.services.exports import export_request


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def export_list(request: SignedInRequest) -> HttpResponse:
    """One's archives, and the form to ask for another one."""
    years = selectors.years_of(request.user)
    posted = request.POST if request.method == "POST" else None
    form = ExportForm(posted, initial=request.GET.dict(), years=years)
    if form.is_valid():
        call = partial(export_request, wanted=form.wanted(), by=request.user, at=timezone.now())
        if attempt(request, call, form=form) is not None:
            messages.success(request, "The archive is being made; a mail follows.")
            return redirect("invoicing:exports")
    page = selectors.exports_page(request.user, **marks(request))
    context = {"form": form, "page": page, "has_invoices": bool(years)}
    status = 422 if form.is_bound else 200
    return render(request, "invoicing/export_list.html", context, status=status)


@require_safe
@login_required
def export_progress(request: SignedInRequest, export_id: str) -> HttpResponse:
    """How far one archive is; asked again while it is being made."""
    export = found(selectors.exports_of(request.user), export_id)
    page, row = "invoicing/export_progress.html", "invoicing/_export.html"
    return render_page(request, page, row, {"export": export})


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def export_file(request: SignedInRequest, export_id: str) -> HttpResponseBase:
    """The archive itself, piece by piece; the page of its progress while there is none."""
    export = found(selectors.exports_of(request.user), export_id)
    try:
        pieces = selectors.export_file(export)
    except ExportNotReady as refusal:
        response = render(
            request, "invoicing/export_progress.html", {"export": export}, status=refusal.status
        )
        response["Retry-After"] = str(refusal.retry_after)
        return response
    except ExportGone as refusal:
        raise Http404(refusal.message) from refusal
    return StreamingHttpResponse(
        pieces,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{export.file_name}"',
            "Content-Length": str(export.size),
        },
    )
