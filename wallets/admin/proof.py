"""The staff door to the proof of the books."""

from functools import partial

from django.contrib import admin
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.permissions import SignedInRequest
from common.admin import ReadOnlyAdmin, run_service, table
from wallets.models import VerificationRun
from wallets.services import verification_request


class ResultFilter(admin.SimpleListFilter):
    """Runs by what they found."""

    title = "result"
    parameter_name = "result"
    results = {"green": Q(difference_count=0), "differ": Q(difference_count__gt=0)}

    def lookups(self, request, model_admin):
        return [("green", "In order"), ("differ", "Differences")]

    def queryset(self, request, queryset):
        return queryset.filter(self.results.get(self.value() or "", Q()))


@admin.register(VerificationRun)
class VerificationRunAdmin(ReadOnlyAdmin):
    """Every proof of the books and what it found; staff can ask for one now."""

    list_display = ["ended_at", "mode", "result", "took", "checks", "entries"]
    list_filter = [ResultFilter, "mode"]
    date_hierarchy = "ended_at"
    ordering = ["-ended_at", "-pk"]
    fields = ["mode", "started_at", "ended_at", "checks", "entries", "result", "found"]

    def get_urls(self):
        view = self.page(self.run_now)
        return [path("run/", view, name="wallets_verificationrun_run"), *super().get_urls()]

    @admin.display(ordering="difference_count")
    def result(self, run: VerificationRun) -> str:
        return "In order" if run.is_green else f"{run.difference_count} differences"

    @admin.display
    def took(self, run: VerificationRun) -> str:
        return f"{run.duration.total_seconds():.1f} s"

    @admin.display(description="differences")
    def found(self, run: VerificationRun) -> SafeString:
        return table(["Promise", "About", "Difference"], [tuple(row) for row in run.differences])

    def run_now(self, request: SignedInRequest) -> HttpResponse:
        """Ask for a proof of everything; a worker does it within a minute."""
        if request.method == "POST":
            ask = partial(verification_request, by=request.user, at=timezone.now())
            run_service(request, ask, done="The books are being proved; look again in a minute.")
        return redirect("admin:wallets_verificationrun_changelist")
