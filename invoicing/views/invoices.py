"""The browser door of invoices: lists, an invoice's page, its files, the mandate to issue them."""

from dataclasses import replace
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt, download, found, render_page
from common.spreadsheets import csv_lines, csv_response
from gigs.models import Milestone, Project
from invoicing import policies, selectors, services
from invoicing.documents.model import Language
from invoicing.documents.page import page_of
from invoicing.documents.snapshot import document_of
from invoicing.enums import DocumentKind, Side
from invoicing.exceptions import DocumentNotReady, NoElectronicInvoice
from invoicing.forms import InvoiceFilterForm, ObjectionForm, ReportForm
from invoicing.models import Invoice
from invoicing.selectors import InvoiceFilters
from invoicing.services import tables
from invoicing.services.readiness import project_readiness


@require_safe
@login_required
def invoice_list(request: SignedInRequest) -> HttpResponse:
    """Invoices that one issued or received; a person with both roles chooses the side."""
    side = _side(request.user, request.GET.get("side", ""))
    form = InvoiceFilterForm(request.GET)
    filters = form.filters(side)
    page = selectors.invoices_page(
        request.user,
        filters,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {
        "form": form,
        "page": page,
        "side": side,
        "is_filtered": filters != InvoiceFilters(side=side),
        "outstanding": selectors.outstanding(request.user, side),
        "drafts": selectors.drafts_of(request.user).unsent() if side == Side.SENT else [],
        "today": timezone.now().date(),
    }
    return render(request, "invoicing/invoice_list.html", context)


@require_safe
@login_required
@never_cache
def invoice_csv(request: SignedInRequest) -> HttpResponseBase:
    """What the list shows, as a table for spreadsheets; fee and net are for the seller alone."""
    side = _side(request.user, request.GET.get("side", ""))
    filters = InvoiceFilterForm(request.GET).filters(side)
    table = tables.invoice_table(selectors.invoices_in_order(request.user, filters), side)
    name = f"tranche-invoices-{side}-{timezone.now():%Y-%m-%d}.csv"
    return csv_response(csv_lines(table.columns, table.rows), name=name)


@require_safe
@login_required
def invoice_detail(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """The document, and what each party may know and do about it."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    return _detail_page(request, invoice, ReportForm())


@require_POST
@login_required
def milestone_invoice(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """Issue the invoice of an approved milestone, or show the one that it is on."""
    milestone = found(Milestone.objects.for_user(request.user), milestone_id)
    call = partial(
        services.invoice_issue_for, milestone_id=milestone.pk, by=request.user, at=timezone.now()
    )
    issued = attempt(request, call)
    if issued is None:
        return redirect("projects:detail", milestone.project.public_id)
    invoice_id, is_new = issued
    invoice = selectors.invoices_of(request.user).get(pk=invoice_id)
    if is_new:
        messages.success(request, f"Invoice {invoice.number} is sent.")
    return redirect("invoicing:detail", invoice.public_id)


@require_POST
@login_required
def invoice_remind(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Remind the commissioner by mail."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    if attempt(
        request,
        lambda: services.invoice_remind(invoice_id=invoice.pk, by=request.user, at=timezone.now()),
    ):
        messages.success(request, f"{invoice.buyer.name} is reminded by mail.")
    return redirect("invoicing:detail", invoice.public_id)


@require_POST
@login_required
def invoice_report(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Tell staff that reminders did not help."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _detail_page(request, invoice, form)
    report = attempt(
        request,
        lambda: services.invoice_report(
            invoice_id=invoice.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        form=form,
    )
    if report is None:
        return _detail_page(request, invoice, form)
    messages.success(request, "Staff are told, and write to you.")
    return redirect("invoicing:detail", invoice.public_id)


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def invoice_file(request: SignedInRequest, invoice_id: str, kind: DocumentKind) -> HttpResponse:
    """One file as a download; while it is being made, a page that waits for it."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    try:
        file = selectors.file_of(invoice, kind)
    except DocumentNotReady as refusal:
        return _not_ready(request, invoice, refusal)
    except NoElectronicInvoice as refusal:
        raise Http404(refusal.message) from refusal
    return download(bytes(file.content), media_type=file.media_type, name=file.file_name)


@require_safe
@login_required
def invoice_document(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """The download button, or the wait for it, which asks again."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    context = {"page": selectors.invoice_page(invoice)}
    return render_page(request, "invoicing/document_wait.html", "invoicing/_document.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invoice_object(request: SignedInRequest, invoice_id: str) -> HttpResponse:
    """Object to an invoice that was issued in one's name."""
    invoice = found(selectors.invoices_of(request.user), invoice_id)
    if not policies.is_seller(request.user, invoice):
        raise PermissionDenied("Only the freelancer can object to the invoice.")
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        call = partial(
            services.invoice_object,
            invoice_id=invoice.pk,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
        )
        if attempt(request, call, form=form) is not None:
            messages.success(request, "Your objection is recorded, and the others are told.")
            return redirect("invoicing:detail", invoice.public_id)
    context = {"form": form, "invoice": invoice}
    status = 422 if form.is_bound else 200
    return render(request, "invoicing/invoice_object.html", context, status=status)


@require_safe
@login_required
def readiness(request: SignedInRequest, project_id: str) -> HttpResponse:
    """What the next invoices of a project lack, for the one who can fix it."""
    own = Project.objects.for_user(request.user)
    related = own.select_related("freelancer", "commissioner", "organisation")
    project = found(related, project_id)
    context = {
        "project": project,
        "readiness": project_readiness(project, by=request.user, on=timezone.now().date()),
        "is_freelancer": project.freelancer_id == request.user.pk,
    }
    return render_page(request, "invoicing/readiness.html", "invoicing/_readiness.html", context)


@require_safe
@login_required
@role_required(Role.FREELANCER)
def mandate(request: SignedInRequest) -> HttpResponse:
    """The mandate to issue invoices in one's name: its text, and whether one has accepted it."""
    context = {"page": selectors.mandate_page(request.user)}
    page, notice = "invoicing/mandate.html", "invoicing/_mandate_notice.html"
    return render_page(request, page, notice, context)


@require_POST
@login_required
@role_required(Role.FREELANCER)
def mandate_accept(request: SignedInRequest) -> HttpResponse:
    """Accept the text that was shown."""
    version = request.POST.get("version", "")
    call = partial(services.mandate_accept, version=version, by=request.user, at=timezone.now())
    if attempt(request, call) is not None:
        messages.success(request, "Your mandate is in force: invoices can be issued in your name.")
    return redirect("invoicing:mandate")


@require_POST
@login_required
@role_required(Role.FREELANCER)
def mandate_revoke(request: SignedInRequest) -> HttpResponse:
    """End one's mandate."""
    call = partial(services.mandate_revoke, by=request.user, at=timezone.now())
    if attempt(request, call) is not None:
        messages.success(request, "Your mandate has ended. Issued invoices stay as they are.")
    return redirect("invoicing:mandate")


def _detail_page(request: SignedInRequest, invoice: Invoice, form: ReportForm) -> HttpResponse:
    is_seller = policies.is_seller(request.user, invoice)
    chasing = selectors.chasing_of(invoice) if is_seller else None
    may_pay = policies.may_pay(request.user, invoice)
    at = timezone.now()
    context = {
        "page": selectors.invoice_page(invoice),
        "document": page_of(replace(document_of(invoice), language=Language.ENGLISH)),
        "is_seller": is_seller,
        "may_pay": may_pay,
        "transfer": selectors.transfer_of(invoice) if may_pay else None,
        "chasing": chasing,
        "may_remind": chasing is not None and chasing.may_remind(at=at),
        "report_form": form,
        "today": at.date(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "invoicing/invoice_detail.html", context, status=status)


def _not_ready(
    request: SignedInRequest, invoice: Invoice, refusal: DocumentNotReady
) -> HttpResponse:
    context = {"page": selectors.invoice_page(invoice), "refusal": refusal}
    response = render(request, "invoicing/document_wait.html", context, status=refusal.status)
    response["Retry-After"] = str(refusal.retry_after)
    return response


def _side(user: User, asked: str) -> Side:
    if asked in Side.values:
        return Side(asked)
    return Side.SENT if user.is_freelancer else Side.RECEIVED
