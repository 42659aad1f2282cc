"""How allauth talks to the rest of the product: mails by job, rate limits by our address."""

from typing import Any, Final
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts import audit
from accounts.models import User
from accounts.services import Mail, mail_enqueue_to_address, site_url
from common import context as request_context

LINKS: Final[dict[str, tuple[Mail, str]]] = {
    "email_confirmation": (Mail.EMAIL_CONFIRMATION, "activate_url"),
    "email_confirmation_signup": (Mail.EMAIL_CONFIRMATION, "activate_url"),
    "password_reset_key": (Mail.PASSWORD_RESET, "password_reset_url"),
}
"""allauth's mails that carry a link: our template, and the name of the link."""

NOTICES: Final[dict[str, str]] = {
    "email_changed": "The e-mail address of your account was changed",
    "email_deleted": "An e-mail address was removed from your account",
    "password_changed": "The password of your account was changed",
    "password_reset": "The password of your account was reset",
    "password_set": "A password was set for your account",
    "recovery_codes_generated": "New recovery codes were made for your account",
    "totp_activated": "Two-factor authentication was switched on for your account",
    "totp_deactivated": "Two-factor authentication was switched off for your account",
}
"""allauth's notices of what happened to an account."""


def display_name(user: User) -> str:
    """How allauth's messages address a person."""
    return user.name


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Registration is open; every mail goes through the outbox; links start with SITE_URL."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return True

    def is_safe_url(self, url: str) -> bool:
        """Only pages of this site, as the request reached it."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_context.remote_address.get() or str(super().get_client_ip(request))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return site_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return site_url(path)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:security")

    def respond_email_verification_sent(
        self, request: HttpRequest, user: User | None
    ) -> HttpResponse:
        """The same answer to every registration, whether or not the address was free."""
        if settings.EMAIL_CONFIRMATION == "mandatory":
            return redirect("account_email_verification_sent")
        messages.success(request, "Welcome. We have sent you a mail; sign in to go on.")
        target = request.POST.get(REDIRECT_FIELD_NAME, "")
        query = f"?{urlencode({REDIRECT_FIELD_NAME: target})}" if self.is_safe_url(target) else ""
        return redirect(f"{reverse('account_login')}{query}")

    def set_password(self, user: User, password: str) -> None:
        """Changing and resetting both end here: the new hash and its audit row are one step."""
        with transaction.atomic():
            super().set_password(user, password)
            entry = audit.Record(event="user.password_changed", target=user)
            audit.record(entry, by=user, at=timezone.now())

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Ask for the mail in the outbox; no request waits for a mail server."""
        event = template_prefix.rsplit("/", 1)[-1]
        user = context.get("user")
        values = {"name": user.name} if user else {}
        if event in NOTICES:
            template = Mail.SECURITY_NOTICE
            values |= {"event": NOTICES[event], "url": site_url(reverse("accounts:security"))}
        else:
            template, link = LINKS[event]
            values["url"] = context[link]
        mail_enqueue_to_address(template, address=email, key=uuid4().hex, context=values)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the owner of the account what happened to it, and the audit log what it lacks."""
        event = template_prefix.rsplit("/", 1)[-1]
        if not event.startswith("password_"):
            entry = audit.Record(event=f"user.{event}", target=user)
            audit.record(entry, by=user, at=timezone.now())
        super().send_notification_mail(
            template_prefix, user, {"user": user, **(context or {})}, email
        )
