"""The staff door to credit that goes back, for reading only."""

from django.contrib import admin
from django.db.models import F

from common.admin import ReadOnlyAdmin
from common.formats import money_for_people
from common.money import from_minor
from wallets.models import TakeBack


@admin.register(TakeBack)
class TakeBackAdmin(ReadOnlyAdmin):
    """Credit on its way back to the method that brought it. A job resolves those without an answer."""

    list_display = [
        "requested_at",
        "payer",
        "amount",
        "method",
        "status",
        "failure_code",
        "ended_at",
    ]
    list_filter = ["status", "payment__currency"]
    list_select_related = ["payment__payer"]
    search_fields = ["payment__payer__email"]
    search_help_text = "Payer's address or tbk_… identifier"
    date_hierarchy = "requested_at"
    ordering = ["-requested_at", "-pk"]
    fields = [
        "public_id",
        "payment",
        "payer",
        "amount",
        "method",
        "status",
        "failure_code",
        "requested_at",
        "ended_at",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(address=F("payment__payer__email"))

    @admin.display(ordering="address")
    def payer(self, taken: TakeBack) -> str:
        return str(taken.payment.payer)

    @admin.display(ordering="amount_minor")
    def amount(self, taken: TakeBack) -> str:
        return money_for_people(from_minor(taken.amount_minor, taken.payment.currency))

    @admin.display(ordering="payment__label")
    def method(self, taken: TakeBack) -> str:
        return taken.payment.label
