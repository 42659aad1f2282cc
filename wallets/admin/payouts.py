"""The staff door to money that leaves."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from wallets.models import PayoutMethod


@admin.register(PayoutMethod)
class PayoutMethodAdmin(ReadOnlyAdmin):
    """Bank accounts by their label; what is sealed is shown to nobody."""

    list_display = ["label", "user", "holder", "kind", "created_at", "usable_at", "removed_at"]
    list_filter = ["kind", ("removed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["label", "holder", "user__email"]
    search_help_text = "Label, holder, owner's address or pom_… identifier"
    ordering = ["-created_at", "-pk"]
    fields = [
        "public_id",
        "user",
        "kind",
        "holder",
        "label",
        "created_at",
        "usable_at",
        "removed_at",
    ]
