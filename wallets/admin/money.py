"""The staff door to money, for reading only, and to stuck work, with its two ways out."""

import json
from functools import partial

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from accounts.models import User
from accounts.permissions import SignedInRequest
from accounts.services.mail import TOPIC as MAIL
from accounts.services.stuck_work import stuck_job_resolve, stuck_job_retry
from common.admin import ReadOnlyAdmin, StateFilter, run_service, table
from common.formats import money_for_people
from common.money import from_minor
from outbox.models import Heartbeat, Job
from wallets.admin.holds import place_hold
from wallets.models import Account, Clearing, Entry, Journal, Payment, PaymentMethod

LATEST_ENTRIES = 50
USER_OWNER = "user:"


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Attempts to pay invoices, to fund milestones, to top up. Jobs resolve those without an answer."""

    list_display = [
        "created_at",
        "purpose",
        "invoice_number",
        "payer",
        "amount",
        "status",
        "outcome",
        "label",
        "is_automatic",
        "failure_code",
        "ended_at",
    ]
    list_filter = ["purpose", "status", "outcome", "provider", "is_automatic", "currency"]
    list_select_related = ["invoice", "payer"]
    search_fields = ["invoice__number", "payer__email"]
    search_help_text = "Invoice number, payer's address or pay_… identifier"
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    fields = [
        "public_id",
        "purpose",
        "invoice",
        "project",
        "milestones",
        "payer",
        "amount",
        "received",
        "status",
        "outcome",
        "provider",
        "label",
        "is_automatic",
        "failure_code",
        "created_at",
        "ended_at",
    ]

    @admin.display(description="invoice", ordering="invoice__number", empty_value="")
    def invoice_number(self, payment: Payment) -> str | None:
        return payment.invoice.number if payment.invoice else None

    @admin.display(ordering="amount_minor")
    def amount(self, payment: Payment) -> str:
        return money_for_people(from_minor(payment.amount_minor, payment.currency))

    @admin.display(empty_value="nothing yet")
    def received(self, payment: Payment) -> str | None:
        if payment.received_minor is None:
            return None
        return money_for_people(from_minor(payment.received_minor, payment.currency))

    @admin.display(empty_value="none")
    def milestones(self, payment: Payment) -> SafeString | None:
        """What the payment funds, and what became of each part."""
        rows: list[tuple[object, ...]] = [
            (
                str(funding.milestone),
                money_for_people(from_minor(funding.amount_minor, payment.currency)),
                money_for_people(from_minor(funding.added_minor, payment.currency)),
                money_for_people(from_minor(funding.returned_minor, payment.currency)),
                funding.get_status_display(),
            )
            for funding in payment.fundings.select_related("milestone").order_by("pk")
        ]
        return (
            table(["Milestone", "Amount", "Added", "Given back", "State"], rows) if rows else None
        )


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    """Stored methods, without what the provider knows them by."""

    list_display = ["label", "user", "provider", "is_default", "created_at", "removed_at"]
    list_filter = ["provider", "is_default", ("removed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["label", "user__email"]
    search_help_text = "Label, owner's address or pm_… identifier"
    ordering = ["-created_at", "-pk"]
    fields = ["public_id", "user", "provider", "label", "is_default", "created_at", "removed_at"]


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """The ledger's accounts with what they hold; hot ones add up their 64 shards."""

    list_display = ["owner", "kind", "currency", "balance", "reserved", "lifetime_earnings"]
    list_filter = ["kind", "currency"]
    search_fields = ["=owner"]
    search_help_text = "Owner's address, or user:12, provider:sandbox, platform"
    actions = [place_hold]
    ordering = ["owner", "kind", "currency"]
    fields = [
        "owner",
        "holder",
        "kind",
        "currency",
        "balance",
        "reserved",
        "lifetime_earnings",
        "min_balance",
        "max_balance",
        "latest_entries",
    ]

    def get_queryset(self, request):
        sums = {
            "posted": Sum("balances__posted"),
            "held": Sum("balances__held"),
            "lifetime": Sum("balances__lifetime"),
        }
        return super().get_queryset(request).annotate(**sums)

    def get_search_results(self, request, queryset, search_term):
        if "@" not in search_term:
            return super().get_search_results(request, queryset, search_term)
        people = User.objects.filter(email=search_term.strip().lower())
        owners = [f"{USER_OWNER}{pk}" for pk in people.values_list("pk", flat=True)]
        return queryset.filter(owner__in=owners), False

    @admin.display
    def holder(self, account: Account) -> str:
        if not account.owner.startswith(USER_OWNER):
            return "nobody in particular"
        return str(User.objects.get(pk=int(account.owner.removeprefix(USER_OWNER))))

    @admin.display(ordering="posted")
    def balance(self, account):
        return money_for_people(from_minor(account.posted, account.currency))

    @admin.display(ordering="held")
    def reserved(self, account):
        return money_for_people(from_minor(account.held, account.currency))

    @admin.display(ordering="lifetime")
    def lifetime_earnings(self, account):
        return money_for_people(from_minor(account.lifetime, account.currency))

    @admin.display(description=f"latest {LATEST_ENTRIES} entries")
    def latest_entries(self, account: Account) -> SafeString:
        entries = Entry.objects.filter(account=account).select_related("journal")
        return table(
            ["Posted", "Journal", "Shard", "No.", "Amount", "Balance after"],
            [
                (
                    f"{entry.journal.posted_at:%Y-%m-%d %H:%M:%S}",
                    entry.journal.key,
                    entry.shard,
                    entry.seq,
                    _amount(entry.amount, entry.currency),
                    _amount(entry.balance_after, entry.currency),
                )
                for entry in entries.order_by("-journal_id", "leg")[:LATEST_ENTRIES]
            ],
        )


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    """Movements of money with their legs, which add up to zero. Append-only by trigger."""

    list_display = ["posted_at", "kind", "key", "about", "reverses"]
    list_select_related = ["reverses"]
    list_filter = ["kind"]
    search_fields = ["=key"]
    search_help_text = "Key, such as settle:inv_…"
    ordering = ["-pk"]
    fields = ["posted_at", "kind", "key", "about", "reverses", "entries"]

    @admin.display(description="about")
    def about(self, journal: Journal) -> str:
        return f"{journal.about_type} #{journal.about_id}"

    @admin.display(description="entries")
    def entries(self, journal: Journal) -> SafeString:
        legs = Entry.objects.filter(journal=journal).select_related("account").order_by("leg")
        return table(
            ["Leg", "Account", "Kind", "Shard", "No.", "Amount", "Balance after"],
            [
                (
                    leg.leg,
                    leg.account.owner,
                    leg.account.kind,
                    leg.shard,
                    leg.seq,
                    _amount(leg.amount, leg.currency),
                    _amount(leg.balance_after, leg.currency),
                )
                for leg in legs
            ],
        )


class JobStateFilter(StateFilter):
    """What is not done, unless something else is asked for."""

    default = "open"
    states = {
        "open": ("Not done", Q(done_at__isnull=True)),
        "dead": ("Given up", Q(dead_at__isnull=False, done_at__isnull=True)),
        "pending": ("Pending", Q(dead_at__isnull=True, done_at__isnull=True)),
        "done": ("Done", Q(done_at__isnull=False)),
        "all": ("All", Q()),
    }

    def lookups(self, request, model_admin):
        return [(state, label) for state, (label, _) in self.states.items()]

    def queryset(self, request, queryset):
        return queryset.filter(self.states.get(self.value(), self.states["open"])[1])


class ResolveForm(forms.Form):
    """Why a job need not be done."""

    note = forms.CharField(
        label="Why need this not be done, or how was it done by hand?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
    )


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Background work. What was given up can be tried again or closed with a reason."""

    list_display = ["topic", "short_key", "state", "age", "attempts", "error", "due_at"]
    list_filter = [JobStateFilter, "topic", "outcome"]
    search_fields = ["=key", "=request_id"]
    search_help_text = "Key, request id or job_… identifier"
    ordering = ["-created_at", "-pk"]
    actions = ["retry", "resolve"]
    fieldsets = [
        (None, {"fields": ["public_id", "topic", "key", "contents", "request_id"]}),
        (
            "State",
            {
                "fields": [
                    "state",
                    "attempts",
                    "last_error",
                    "created_at",
                    "due_at",
                    "sent_at",
                    "lease_until",
                ]
            },
        ),
        ("End", {"fields": ["done_at", "dead_at", "outcome", "outcome_note"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(waiting=Now() - F("created_at"))

    @admin.display(description="key", ordering="key")
    def short_key(self, job: Job) -> str:
        return Truncator(job.key).chars(48)

    @admin.display
    def state(self, job: Job) -> str:
        if job.done_at is not None:
            return "Done"
        return "Pending" if job.dead_at is None else "Given up"

    @admin.display(ordering="-created_at", empty_value="")
    def age(self, job):
        return None if job.done_at else str(job.waiting).partition(".")[0]

    @admin.display(description="last error", ordering="last_error")
    def error(self, job: Job) -> str:
        return Truncator(job.last_error).chars(80)

    @admin.display
    def contents(self, job: Job) -> str:
        """The payload; that of a mail may hold a link that signs somebody in."""
        return "not shown" if job.topic == MAIL else json.dumps(job.payload)

    @admin.action(description="Retry: eight new attempts")
    def retry(self, request: SignedInRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset.order_by("pk"):
            retry = partial(stuck_job_retry, job_id=job.pk, by=request.user, at=timezone.now())
            run_service(request, retry, done=f"Job {job.topic} {job.key} is tried again.")

    @admin.action(description="Resolve by hand: close with a reason")
    def resolve(self, request: SignedInRequest, queryset: QuerySet[Job]) -> TemplateResponse | None:
        form = ResolveForm(request.POST if "note" in request.POST else None)
        if not form.is_valid():
            return self._ask_why(request, queryset, form)
        for job in queryset.order_by("pk"):
            resolve = partial(
                stuck_job_resolve,
                job_id=job.pk,
                note=form.cleaned_data["note"],
                by=request.user,
                at=timezone.now(),
            )
            run_service(request, resolve, done=f"Job {job.topic} {job.key} is resolved.")
        return None

    def _ask_why(
        self, request: HttpRequest, queryset: QuerySet[Job], form: ResolveForm
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Resolve by hand",
            "jobs": queryset.order_by("pk"),
            "form": form,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/outbox/job/resolve.html", context)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When each process last showed life."""

    list_display = ["name", "at"]
    ordering = ["name"]
    fields = ["name", "at"]


def _amount(minor: int, currency: str) -> str:
    return money_for_people(from_minor(minor, currency))


@admin.register(Clearing)
class ClearingAdmin(ReadOnlyAdmin):
    """Earned money that waits, and when it became available."""

    list_display = ["invoice", "user", "net", "available_at", "cleared_at"]
    list_filter = [("cleared_at", admin.EmptyFieldListFilter), "currency"]
    list_select_related = ["invoice", "user"]
    search_fields = ["invoice__number", "user__email", "user__name"]
    search_help_text = "Invoice number, or name or address of the freelancer"
    date_hierarchy = "available_at"
    ordering = ["-available_at", "-pk"]
    fields = ["invoice", "part", "user", "net", "available_at", "cleared_at"]

    @admin.display(description="net", ordering="amount_minor")
    def net(self, clearing: Clearing) -> str:
        return money_for_people(clearing.amount)
