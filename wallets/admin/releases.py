"""The staff door to held money that went back, for reading only."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from common.formats import money_for_people
from common.money import from_minor
from wallets.models import Release


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Held money that became its commissioner's credit again, and why."""

    list_display = ["created_at", "milestone", "amount", "cause", "by"]
    list_filter = ["cause", "funding__payment__currency"]
    list_select_related = ["funding__milestone", "funding__payment", "by"]
    search_fields = ["funding__milestone__title", "funding__payment__payer__email", "by__email"]
    search_help_text = "Milestone, commissioner's address, or who gave it back"
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    fields = ["milestone", "number", "amount", "cause", "by", "created_at"]

    @admin.display(ordering="funding__milestone__title")
    def milestone(self, release: Release) -> str:
        return str(release.funding.milestone)

    @admin.display(ordering="amount_minor")
    def amount(self, release: Release) -> str:
        return money_for_people(from_minor(release.amount_minor, release.funding.payment.currency))
