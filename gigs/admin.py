"""The staff door to gigs, applications, projects and milestones."""

from functools import partial

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from accounts.permissions import SignedInRequest
from common.admin import ReadOnlyAdmin, ReadOnlyInline, run_service
from common.formats import money_for_people, percent_for_people
from common.money import from_minor
from gigs import selectors, services
from gigs.forms import FeePolicyForm
from gigs.models import (
    Amendment,
    Application,
    Extra,
    FeePolicy,
    Gig,
    Milestone,
    PlannedMilestone,
    Project,
    RefundRequest,
    Submission,
)


class AmountColumn:
    """The price of a milestone as people read it."""

    @admin.display(description="amount", ordering="amount")
    def price(self, row: Milestone | PlannedMilestone) -> str:
        return money_for_people(row.amount)


class BudgetColumn:
    """The budget as people read it."""

    @admin.display(description="budget", ordering="budget")
    def price(self, row: Gig | Project) -> str:
        return money_for_people(row.budget)


class PlannedMilestoneInline(AmountColumn, ReadOnlyInline):
    model = PlannedMilestone
    fields = ["position", "title", "due_on", "price"]
    readonly_fields = ["price"]
    ordering = ["position"]
    show_change_link = False


class MilestoneInline(AmountColumn, ReadOnlyInline):
    model = Milestone
    fields = ["position", "title", "status", "price", "due_on", "version"]
    readonly_fields = ["price"]
    ordering = ["position"]


class AmendmentInline(ReadOnlyInline):
    model = Amendment
    fields = ["number", "before", "after", "reason", "by", "created_at"]
    ordering = ["number"]
    show_change_link = False


class ExtraInline(ReadOnlyInline):
    model = Extra
    fields = ["sum", "reason", "by", "created_at"]
    readonly_fields = ["sum"]
    ordering = ["pk"]
    show_change_link = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("project")

    @admin.display(description="amount")
    def sum(self, extra: Extra) -> str:
        return money_for_people(extra.amount)


class SubmissionInline(ReadOnlyInline):
    model = Submission
    fields = ["version", "message", "links", "created_at", "change_request"]
    ordering = ["-version"]


class RefundRequestInline(ReadOnlyInline):
    model = RefundRequest
    fields = ["number", "status", "reason", "asked_at", "ends_at", "answer", "ended_at", "ended_by"]
    ordering = ["-number"]


@admin.register(Gig)
class GigAdmin(BudgetColumn, ReadOnlyAdmin):
    """Offers. Staff can take one off the market."""

    list_display = [
        "title",
        "commissioner",
        "status",
        "category",
        "price",
        "applicants",
        "posted_at",
    ]
    list_filter = [
        "status",
        "category",
        "currency",
        "payment_mode",
        "is_auto_pay",
        "is_self_billed",
    ]
    list_select_related = ["commissioner"]
    search_fields = ["title", "commissioner__email", "commissioner__name", "organisation__name"]
    search_help_text = "Title, commissioner or gig_… identifier"
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    inlines = [PlannedMilestoneInline]
    actions = ["close"]
    fieldsets = [
        (None, {"fields": ["public_id", "title", "description", "category", "skills"]}),
        ("Parties", {"fields": ["commissioner", "organisation"]}),
        (
            "Terms",
            {
                "fields": [
                    "price",
                    "invoicing_method",
                    "payment_mode",
                    "is_auto_pay",
                    "is_self_billed",
                ]
            },
        ),
        ("State", {"fields": ["status", "created_at", "posted_at", "closed_at"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(applicant_count=Count("applications"))

    @admin.display(description="applications", ordering="applicant_count")
    def applicants(self, gig):
        return gig.applicant_count

    @admin.action(description="Close: no more applications")
    def close(self, request: SignedInRequest, queryset: QuerySet[Gig]) -> None:
        for gig in queryset.order_by("pk"):
            close = partial(services.gig_close, gig_id=gig.pk, by=request.user, at=timezone.now())
            run_service(request, close, done=f"“{gig.title}” is closed.")


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """Who applied to what, and the answer."""

    list_display = ["gig", "freelancer", "status", "created_at", "decided_at"]
    list_filter = ["status"]
    list_select_related = ["gig", "freelancer"]
    search_fields = ["gig__title", "freelancer__email", "freelancer__name"]
    search_help_text = "Gig, freelancer or app_… identifier"
    ordering = ["-created_at", "-pk"]
    fields = [
        "public_id",
        "gig",
        "freelancer",
        "pitch",
        "links",
        "status",
        "created_at",
        "decided_at",
    ]


@admin.register(Project)
class ProjectAdmin(BudgetColumn, ReadOnlyAdmin):
    """Contracts with their frozen terms."""

    list_display = [
        "title",
        "commissioner",
        "freelancer",
        "status",
        "price",
        "invoiced",
        "started_at",
    ]
    list_filter = ["status", "currency", "payment_mode", "is_auto_pay", "is_self_billed"]
    list_select_related = ["commissioner", "freelancer"]
    search_fields = [
        "title",
        "commissioner__email",
        "commissioner__name",
        "freelancer__email",
        "freelancer__name",
    ]
    search_help_text = "Title, a party or prj_… identifier"
    date_hierarchy = "started_at"
    ordering = ["-started_at", "-pk"]
    inlines = [MilestoneInline, ExtraInline]
    fieldsets = [
        (None, {"fields": ["public_id", "title", "gig", "application"]}),
        ("Parties", {"fields": ["commissioner", "organisation", "freelancer"]}),
        (
            "Terms",
            {
                "fields": [
                    "price",
                    "fee",
                    "invoicing_method",
                    "upfront_rate",
                    "payment_mode",
                    "is_auto_pay",
                    "is_self_billed",
                    "review_days",
                    "clearing_days",
                ]
            },
        ),
        ("Invoiced so far", {"fields": ["agreed", "invoiced", "fees"]}),
        ("State", {"fields": ["status", "started_at", "completed_at"]}),
    ]

    @admin.display(description="fee rate")
    def fee(self, project: Project) -> str:
        return percent_for_people(project.fee_rate)

    @admin.display(description="agreed with bonuses")
    def agreed(self, project: Project) -> str:
        return self._in_currency(project.agreed_minor, project)

    @admin.display(ordering="invoiced_minor")
    def invoiced(self, project: Project) -> str:
        return self._in_currency(project.invoiced_minor, project)

    @admin.display(ordering="fees_minor")
    def fees(self, project: Project) -> str:
        return self._in_currency(project.fees_minor, project)

    def _in_currency(self, minor: int, project: Project) -> str:
        return money_for_people(from_minor(minor, project.budget.currency.code))


@admin.register(Milestone)
class MilestoneAdmin(AmountColumn, ReadOnlyAdmin):
    """Tasks and their deliveries; an approved one without an invoice is stuck work."""

    list_display = [
        "title",
        "project",
        "position",
        "status",
        "price",
        "due_on",
        "review_ends_at",
        "invoice_number",
    ]
    list_filter = ["status", "currency"]
    list_select_related = ["project"]
    search_fields = ["title", "project__title", "project__freelancer__email", "invoices__number"]
    search_help_text = "Title, project, freelancer, invoice number or mst_… identifier"
    ordering = ["-pk"]
    inlines = [SubmissionInline, AmendmentInline, RefundRequestInline]
    fieldsets = [
        (None, {"fields": ["public_id", "project", "position", "title", "description"]}),
        ("Terms", {"fields": ["price", "bonus_given", "due_on", "criteria"]}),
        (
            "State",
            {
                "fields": [
                    "status",
                    "version",
                    "submitted_at",
                    "review_ends_at",
                    "review_extended_at",
                    "approved_at",
                    "approved_by",
                    "settled_at",
                    "cancelled_at",
                    "invoice_number",
                ]
            },
        ),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("invoices", "project__invoices")

    @admin.display(description="bonus")
    def bonus_given(self, milestone: Milestone) -> str:
        return money_for_people(milestone.bonus)

    @admin.display(description="invoice", empty_value="none")
    def invoice_number(self, milestone: Milestone) -> str | None:
        invoice = selectors.invoice_of(milestone)
        return invoice.number if invoice else None


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """Deliveries of work."""

    list_display = ["milestone", "version", "created_at", "changes_requested_at"]
    list_select_related = ["milestone"]
    search_fields = ["milestone__title", "milestone__project__title"]
    search_help_text = "Milestone, project or sub_… identifier"
    ordering = ["-created_at", "-pk"]
    fields = [
        "public_id",
        "milestone",
        "version",
        "message",
        "links",
        "created_at",
        "change_request",
        "changes_requested_at",
    ]


@admin.register(RefundRequest)
class RefundRequestAdmin(ReadOnlyAdmin):
    """Requests for held money, and how each ended."""

    list_display = ["milestone", "number", "status", "asked_at", "ends_at", "ended_at", "ended_by"]
    list_filter = ["status"]
    list_select_related = ["milestone", "ended_by"]
    search_fields = ["milestone__title", "milestone__project__title", "asked_by__email"]
    search_help_text = "Milestone, project or commissioner's address"
    ordering = ["-asked_at", "-pk"]
    fields = [
        "milestone",
        "number",
        "status",
        "reason",
        "asked_by",
        "asked_at",
        "ends_at",
        "answer",
        "ended_at",
        "ended_by",
    ]


@admin.register(FeePolicy)
class FeePolicyAdmin(ReadOnlyAdmin):
    """Fee rates by date. Projects keep the rate with which they started."""

    list_display = ["valid_from", "percentage"]
    ordering = ["-valid_from"]
    fields = ["valid_from", "percentage"]

    def get_urls(self):
        view = self.page(self.announce)
        return [path("announce/", view, name="gigs_feepolicy_announce"), *super().get_urls()]

    def announce(self, request: SignedInRequest) -> HttpResponse:
        """Ask for a new rate, its first moment and the reason, and announce it."""
        form = FeePolicyForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            act = partial(
                services.fee_policy_announce,
                change=form.change(),
                by=request.user,
                at=timezone.now(),
            )
            if run_service(request, act, done="The new rate is announced."):
                return redirect("admin:gigs_feepolicy_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Announce a fee rate",
            "explanation": "Projects that start from that moment on get this rate. Those that have"
            " started keep theirs.",
            "form": form,
            "back": reverse("admin:gigs_feepolicy_changelist"),
        }
        return TemplateResponse(request, "admin/reason.html", context)

    @admin.display(description="rate", ordering="rate")
    def percentage(self, policy: FeePolicy) -> str:
        return percent_for_people(policy.rate)
