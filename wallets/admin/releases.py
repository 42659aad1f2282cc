"""The staff door to held money that went back or grew, for reading only."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from common.formats import money_for_people
from common.money import from_minor
from wallets.models import Addition, Release


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


@admin.register(Addition)
class AdditionAdmin(ReadOnlyAdmin):
    """Credit that was added to what is held for a milestone, and why."""

    list_display = ["created_at", "milestone", "amount", "cause", "by"]
    list_filter = ["cause", "funding__payment__currency"]
    list_select_related = ["funding__milestone", "funding__payment", "by"]
    search_fields = ["funding__milestone__title", "by__email"]
    search_help_text = "Milestone, or address of the commissioner"
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    fields = ["milestone", "number", "amount", "cause", "by", "created_at"]

    @admin.display(ordering="funding__milestone__title")
    def milestone(self, addition: Addition) -> str:
        return str(addition.funding.milestone)

    @admin.display(ordering="amount_minor")
    def amount(self, addition: Addition) -> str:
        currency = addition.funding.payment.currency
        return money_for_people(from_minor(addition.amount_minor, currency))
