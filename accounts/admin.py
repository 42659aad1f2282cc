"""The staff door to people and their access."""

from base64 import b64encode
from collections.abc import Callable
from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html

from accounts import services
from accounts.enums import Role
from accounts.models import (
    ApiToken,
    AuditEvent,
    CommissionerProfile,
    FreelancerProfile,
    IdempotencyKey,
    Logo,
    Organisation,
    User,
)
from accounts.permissions import SignedInRequest
from accounts.selectors import LEGAL_FIELDS, PERSONAL_FIELDS, logo_of, organisation_logo_of
from common.admin import ReadOnlyAdmin, ReadOnlyInline, run_service


def picture_of(logo: Logo | None) -> str:
    """A logo as it is printed, within the page."""
    if logo is None:
        return "-"
    return format_html(
        '<img class="logo-preview" src="data:image/png;base64,{}" alt="logo" width="{}" height="{}">',
        b64encode(bytes(logo.content)).decode(),
        logo.width // 3,
        logo.height // 3,
    )


admin.site.unregister([Authenticator, EmailAddress, Group])


class RoleFilter(admin.SimpleListFilter):
    """People who hold a role; those with both appear under each."""

    title = "role"
    parameter_name = "role"

    def lookups(self, request, model_admin):
        return Role.choices

    def queryset(self, request, queryset):
        if self.value() in Role.values:
            return queryset.filter(roles__contains=[self.value()])
        return queryset


class SubjectFilter(admin.SimpleListFilter):
    """Events by what they are about, without asking the table for all kinds that there are."""

    title = "subject"
    parameter_name = "subject"
    SUBJECTS = [
        "application",
        "bank_line",
        "bank_statement",
        "books",
        "clearing",
        "credit_note",
        "credit_request",
        "debt",
        "export",
        "fee_invoice",
        "fee_policy",
        "foreign_invoice",
        "funds",
        "gig",
        "hold",
        "invoice",
        "invoice_draft",
        "job",
        "mandate",
        "milestone",
        "organisation",
        "payment",
        "payment_method",
        "payout_batch",
        "payout_method",
        "project",
        "refund",
        "take_back",
        "token",
        "user",
        "withdrawal",
    ]

    def lookups(self, request, model_admin):
        return [(subject, subject.replace("_", " ").capitalize()) for subject in self.SUBJECTS]

    def queryset(self, request, queryset):
        if self.value() in self.SUBJECTS:
            return queryset.filter(event__startswith=f"{self.value()}.")
        return queryset


class FreelancerProfileInline(ReadOnlyInline):
    model = FreelancerProfile
    show_change_link = False


class CommissionerProfileInline(ReadOnlyInline):
    model = CommissionerProfile
    show_change_link = False


class OrganisationInline(ReadOnlyInline):
    model = Organisation
    fields = ["name", "legal_name", "city", "country", "vat_id"]


class EmailAddressInline(ReadOnlyInline):
    model = EmailAddress
    fields = ["email", "verified", "primary"]
    show_change_link = False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People. A password is only ever reset, by mail; an account is closed, never deleted."""

    list_display = ["email", "name", "role_names", "is_active", "is_staff", "joined_at"]
    list_filter = [RoleFilter, "is_active", "is_staff"]
    search_fields = ["email", "name", "legal_name", "vat_id"]
    search_help_text = "E-mail address, name, VAT number or usr_… identifier"
    ordering = ["-joined_at", "-pk"]
    inlines = [
        EmailAddressInline,
        FreelancerProfileInline,
        CommissionerProfileInline,
        OrganisationInline,
    ]
    fieldsets = [
        (None, {"fields": ["public_id", "email", "name", "role_names", "currency"]}),
        (
            "On invoices",
            {"fields": [*LEGAL_FIELDS, *PERSONAL_FIELDS, "logo"]},
        ),
        (
            "Access",
            {"fields": ["is_active", "is_staff", "is_superuser", "joined_at", "last_login"]},
        ),
    ]
    actions = ["deactivate", "reactivate", "mail_password_reset"]

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        return ", ".join(Role(role).label for role in user.roles) or "none"

    @admin.display
    def logo(self, user: User) -> str:
        return picture_of(logo_of(user))

    @admin.action(description="Deactivate: no sign-in, sessions and tokens end")
    def deactivate(self, request: SignedInRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, services.user_deactivate, "{} is deactivated.")

    @admin.action(description="Reactivate")
    def reactivate(self, request: SignedInRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, services.user_reactivate, "{} is active again.")

    @admin.action(description="Mail a link to choose a new password")
    def mail_password_reset(self, request: SignedInRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, services.password_reset_mail, "A link is on its way to {}.")

    def _each(
        self,
        request: SignedInRequest,
        queryset: QuerySet[User],
        service: Callable[..., User],
        done: str,
    ) -> None:
        for user in queryset:
            call = partial(service, user_id=user.pk, by=request.user, at=timezone.now())
            run_service(request, call, done=done.format(user.email))


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    list_display = ["name", "legal_name", "country", "owner", "created_at"]
    list_filter = ["country"]
    list_select_related = ["owner"]
    search_fields = ["name", "legal_name", "vat_id", "tax_number", "owner__email"]
    search_help_text = "Name, VAT or tax number, owner's address or org_… identifier"
    ordering = ["name", "pk"]
    fieldsets = [
        (None, {"fields": ["public_id", "name", "owner", "created_at"]}),
        ("On invoices", {"fields": [*LEGAL_FIELDS, "logo"]}),
    ]

    @admin.display(description="logo, where it writes them itself")
    def logo(self, organisation: Organisation) -> str:
        return picture_of(organisation_logo_of(organisation.owner))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens. The secret itself is nowhere to be seen; only its hash is kept."""

    list_display = [
        "name",
        "user",
        "scope_names",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["expires_at", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["name", "user__email"]
    search_help_text = "Name, owner's address or tok_… identifier"
    ordering = ["-created_at", "-pk"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.display(description="scopes")
    def scope_names(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.action(description="Revoke")
    def revoke(self, request: SignedInRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            call = partial(
                services.token_revoke, token_id=token.pk, by=request.user, at=timezone.now()
            )
            run_service(request, call, done=f"{token.name} is revoked.")


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ["key", "user", "state", "status", "created_at"]
    list_filter = ["state", "status"]
    list_select_related = ["user"]
    search_fields = ["key", "user__email", "reference"]
    ordering = ["-created_at", "-pk"]
    exclude = ["body", "digest"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what to which object. Append-only by trigger."""

    list_display = ["at", "event", "actor_name", "target_label", "target", "request_id"]
    list_filter = [SubjectFilter, "at"]
    search_fields = ["=target", "=actor", "=request_id", "=journal_key", "actor_name"]
    search_help_text = "Identifier of an object or a person, request id or journal key"
    ordering = ["-pk"]
