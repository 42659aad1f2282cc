"""Registration, roles, profiles, and closing an account's door."""

from collections.abc import Sequence
from datetime import datetime

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import audit, policies
from accounts.enums import Role
from accounts.exceptions import EmailTaken, OwnAccount
from accounts.models import CommissionerProfile, FreelancerProfile, User
from accounts.services.changes import change_and_audit, locked_user
from accounts.services.mail import Mail, mail_enqueue, site_url
from common.exceptions import FieldError, Invalid

MAX_EMAIL = 254
MAX_NAME = 120


@transaction.atomic
def user_register(*, email: str, password: str, name: str, role: str, at: datetime) -> User:
    """A new user with that role, and a mail to confirm the address.

    EmailTaken when the address, in any spelling of case, is somebody's: under a race the unique
    constraint decides. Invalid when an input cannot be accepted.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    _require_valid(email=email, password=password, name=name, role=role)
    if EmailAddress.objects.filter(email=email).exists():
        raise EmailTaken
    user = User(email=email, name=name, legal_name=name, roles=[role], joined_at=at)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        if User.objects.filter(email=email).exists():
            raise EmailTaken from error
        raise
    _create_profile(user, role)
    address = EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    _mail_confirmation(user, address)
    audit.record(
        audit.Record(event="user.registered", target=user, after={"roles": role}), by=user, at=at
    )
    return user


def user_sign_up(*, email: str, password: str, name: str, role: str, at: datetime) -> None:
    """Register, or remind the owner of a taken address by mail: the caller cannot tell which.

    Both ways hash the password, so that the time taken does not tell either.
    """
    try:
        user_register(email=email, password=password, name=name, role=role, at=at)
    except EmailTaken:
        make_password(password)
        owner = _owner_of(email.strip().lower())
        if owner is not None:
            mail_enqueue(
                Mail.ACCOUNT_ALREADY_EXISTS,
                to=owner,
                key=f"{at:%Y-%m-%d}",
                context={"url": site_url(reverse("account_reset_password"))},
            )


@transaction.atomic
def role_add(*, role: str, by: User, at: datetime) -> User:
    """Give oneself a second role; nothing changes when one has it already."""
    if role not in Role.values:
        raise Invalid([FieldError("role", "invalid_choice", "Choose one of the two roles.")])
    user = locked_user(by.pk)
    if role in user.roles:
        return user
    before = ", ".join(user.roles)
    user.roles = sorted([*user.roles, role])
    user.save(update_fields=["roles"])
    _create_profile(user, role)
    audit.record(
        audit.Record(
            event="user.role_added",
            target=user,
            before={"roles": before},
            after={"roles": ", ".join(user.roles)},
        ),
        by=by,
        at=at,
    )
    return user


@transaction.atomic
def profile_update(*, name: str, currency: str, by: User, at: datetime) -> User:
    """Change one's name and the currency that new gigs start with."""
    user = locked_user(by.pk)
    values = {"name": " ".join(name.split()), "currency": currency}
    change_and_audit(user, values, event="user.profile_updated", target=user, by=by, at=at)
    return user


@transaction.atomic
def freelancer_profile_update(
    *, headline: str, about: str, skills: Sequence[str], by: User, at: datetime
) -> FreelancerProfile:
    """Change what commissioners see of a freelancer. Skills are kept once each, in lower case."""
    user = locked_user(by.pk)
    policies.require(user.is_freelancer, "Only freelancers have this profile.")
    profile = FreelancerProfile.objects.get(user=user)
    words = (" ".join(skill.lower().split()) for skill in skills)
    values = {
        "headline": headline.strip(),
        "about": about.strip(),
        "skills": list(dict.fromkeys(word for word in words if word)),
    }
    change_and_audit(
        profile, values, event="user.freelancer_profile_updated", target=user, by=by, at=at
    )
    return profile


@transaction.atomic
def commissioner_profile_update(
    *, about: str, website: str, by: User, at: datetime
) -> CommissionerProfile:
    """Change what freelancers see of a commissioner."""
    user = locked_user(by.pk)
    policies.require(user.is_commissioner, "Only commissioners have this profile.")
    profile = CommissionerProfile.objects.get(user=user)
    values = {"about": about.strip(), "website": website}
    change_and_audit(
        profile, values, event="user.commissioner_profile_updated", target=user, by=by, at=at
    )
    return profile


@transaction.atomic
def user_deactivate(*, user_id: int, by: User, at: datetime) -> User:
    """Close an account's doors: no sign-in, sessions and tokens stop at once. Nothing is deleted."""
    if user_id == by.pk:
        raise OwnAccount
    return _set_active(user_id, is_active=False, event="user.deactivated", by=by, at=at)


@transaction.atomic
def user_reactivate(*, user_id: int, by: User, at: datetime) -> User:
    """Let a deactivated person in again."""
    return _set_active(user_id, is_active=True, event="user.reactivated", by=by, at=at)


@transaction.atomic
def password_reset_mail(*, user_id: int, by: User, at: datetime) -> User:
    """Mail somebody the link to choose a new password; staff never see or set one."""
    policies.require(policies.may_administer(by), "Only staff can do this.")
    user: User = User.objects.get(pk=user_id)
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    parts = {"uidb36": user_pk_to_url_str(user), "key": token}
    mail_enqueue(
        Mail.PASSWORD_RESET,
        to=user,
        key=at.isoformat(),
        context={"url": site_url(reverse("account_reset_password_from_key", kwargs=parts))},
    )
    audit.record(audit.Record(event="user.password_reset_mailed", target=user), by=by, at=at)
    return user


def _set_active(user_id: int, *, is_active: bool, event: str, by: User, at: datetime) -> User:
    policies.require(policies.may_administer(by), "Only staff can do this.")
    user = locked_user(user_id)
    change_and_audit(user, {"is_active": is_active}, event=event, target=user, by=by, at=at)
    return user


def _require_valid(*, email: str, password: str, name: str, role: str) -> None:
    errors = []
    try:
        validate_email(email)
    except ValidationError as error:
        errors += _field_errors("email", error)
    if len(email) > MAX_EMAIL:
        errors.append(FieldError("email", "too_long", "This e-mail address is too long."))
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        errors += _field_errors("password", error)
    if not 0 < len(name) <= MAX_NAME:
        errors.append(FieldError("name", "invalid", f"Give a name of 1 to {MAX_NAME} characters."))
    if role not in Role.values:
        errors.append(FieldError("role", "invalid_choice", "Choose one of the two roles."))
    if errors:
        raise Invalid(errors)


def _field_errors(field: str, error: ValidationError) -> list[FieldError]:
    return [
        FieldError(field, single.code or "invalid", " ".join(single.messages))
        for single in error.error_list
    ]


def _create_profile(user: User, role: str) -> None:
    if role == Role.FREELANCER:
        FreelancerProfile.objects.create(user=user)
    else:
        CommissionerProfile.objects.create(user=user)


def _mail_confirmation(user: User, address: EmailAddress) -> None:
    key = EmailConfirmationHMAC.create(address).key
    mail_enqueue(
        Mail.EMAIL_CONFIRMATION,
        to=user,
        key="registration",
        context={"url": site_url(reverse("account_confirm_email", args=[key]))},
    )


def _owner_of(email: str) -> User | None:
    user: User | None = User.objects.filter(email=email).first()
    if user is not None:
        return user
    address = EmailAddress.objects.select_related("user").filter(email=email).first()
    return address.user if address else None
