"""The staff door to payment files."""

from functools import partial

from django.contrib import admin, messages
from django.http import HttpResponse
from django.utils import timezone

from common.admin import ReadOnlyAdmin, run_service
from common.formats import money_for_people
from common.money import from_minor
from wallets.models import PayoutBatch
from wallets.services import payout_batch_export, payout_batch_open


@admin.action(description="Export as a payment file (pain.001)")
def export_batch(model_admin, request, queryset) -> None:
    """Put the chosen withdrawals into one file; it waits under payout batches."""
    export = partial(
        payout_batch_export,
        withdrawal_ids=list(queryset.values_list("pk", flat=True)),
        by=request.user,
        at=timezone.now(),
    )
    run_service(request, export, done="The file is ready: open it under payout batches.")


@admin.register(PayoutBatch)
class PayoutBatchAdmin(ReadOnlyAdmin):
    """Payment files. They are sealed; each look is kept in the audit log."""

    list_display = ["created_at", "currency", "count", "total", "created_by"]
    list_filter = ["currency"]
    list_select_related = ["created_by"]
    search_fields = ["created_by__email"]
    search_help_text = "Whose export, or pob_… identifier"
    ordering = ["-created_at", "-pk"]
    actions = ["open_file"]
    fields = ["public_id", "currency", "count", "total", "created_at", "created_by"]

    @admin.display(ordering="total_minor")
    def total(self, batch: PayoutBatch) -> str:
        return money_for_people(from_minor(batch.total_minor, batch.currency))

    @admin.action(description="Download the file")
    def open_file(self, request, queryset) -> HttpResponse | None:
        """One file at a time."""
        batches = list(queryset[:2])
        if len(batches) != 1:
            messages.error(request, "Choose one file.")
            return None
        read = partial(
            payout_batch_open, batch_id=batches[0].pk, by=request.user, at=timezone.now()
        )
        text = run_service(request, read)
        if text is None:
            return None
        name = f"tranche-{batches[0].public_id}.xml"
        return HttpResponse(
            text,
            content_type="application/xml",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
