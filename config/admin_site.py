"""The staff door's site: one sign-in with everybody else's, and an index grouped by subject."""

from typing import Any, Final

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "People": ("accounts.User", "accounts.Organisation"),
    "Work": ("gigs.Gig", "gigs.Application", "gigs.Project", "gigs.Milestone", "gigs.Submission"),
    "Invoices": (
        "invoicing.Invoice",
        "invoicing.InvoiceReport",
        "invoicing.InvoiceObjection",
        "invoicing.Issuer",
        "invoicing.IssuingMandate",
        "invoicing.InvoiceSeries",
        "invoicing.InvoiceDraft",
        "invoicing.InvoiceExport",
        "invoicing.FeeInvoice",
        "invoicing.ForeignInvoice",
    ),
    "Money": (
        "wallets.Payment",
        "wallets.PaymentMethod",
        "wallets.Clearing",
        "gigs.RefundRequest",
        "wallets.Release",
        "wallets.Addition",
        "wallets.TakeBack",
        "wallets.CreditRequest",
        "wallets.Account",
        "wallets.Journal",
        "gigs.FeePolicy",
    ),
    "Withdrawals": (
        "wallets.Withdrawal",
        "wallets.PayoutMethod",
        "wallets.PayoutBatch",
        "wallets.Hold",
        "wallets.ProviderEvent",
    ),
    "Bank": ("wallets.BankStatement", "wallets.BankStatementLine"),
    "Operation": (
        "wallets.VerificationRun",
        "outbox.Job",
        "outbox.Heartbeat",
        "accounts.AuditEvent",
        "accounts.ApiToken",
        "accounts.IdempotencyKey",
    ),
}


class TrancheAdminSite(AdminSite):
    """Rows for support. Nothing is deleted here, and money moves only through services."""

    site_header = "Tranche staff"
    site_title = "Tranche staff"
    index_title = "What are you looking for?"
    enable_nav_sidebar = True

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the one sign-in page, which knows rate limits and two-factor; refuse others."""
        if request.user.is_authenticated and not self.has_permission(request):
            return render(request, "403.html", status=403)
        target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        query = urlencode({REDIRECT_FIELD_NAME: target})
        return redirect(f"{reverse('account_login')}?{query}")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Models grouped as staff look for them; those of no group stay with their app."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {
            f"{app['app_label']}.{entry['object_name']}": entry
            for app in apps
            for entry in app["models"]
        }
        grouped = [
            _group(title, [models.pop(label) for label in labels if label in models])
            for title, labels in GROUPS.items()
        ]
        rest = [
            {**app, "models": [entry for entry in app["models"] if entry in models.values()]}
            for app in apps
        ]
        return [group for group in [*grouped, *rest] if group["models"]]


def _group(title: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": title,
        "app_label": title.lower(),
        "app_url": reverse("admin:index"),
        "has_module_perms": True,
        "models": entries,
    }
