"""Writes around people: registration, profiles, legal data, tokens, and asking for mails."""

from accounts.services.access import TokenGrant, token_issue, token_revoke
from accounts.services.legal import (
    legal_data_checked,
    legal_data_update,
    organisation_save,
)
from accounts.services.logos import (
    logo_remove,
    logo_save,
    organisation_logo_remove,
    organisation_logo_save,
    platform_logo,
)
from accounts.services.mail import (
    Addressee,
    Mail,
    Page,
    mail_enqueue,
    mail_enqueue_many,
    mail_enqueue_to_address,
    mail_entries,
    site_url,
)
from accounts.services.people import (
    commissioner_profile_update,
    freelancer_profile_update,
    password_reset_mail,
    profile_update,
    role_add,
    user_deactivate,
    user_reactivate,
    user_register,
    user_sign_up,
)

__all__ = [
    "Addressee",
    "Mail",
    "Page",
    "TokenGrant",
    "commissioner_profile_update",
    "freelancer_profile_update",
    "legal_data_checked",
    "legal_data_update",
    "logo_remove",
    "logo_save",
    "mail_enqueue",
    "mail_enqueue_many",
    "mail_enqueue_to_address",
    "mail_entries",
    "organisation_logo_remove",
    "organisation_logo_save",
    "organisation_save",
    "password_reset_mail",
    "platform_logo",
    "profile_update",
    "role_add",
    "site_url",
    "token_issue",
    "token_revoke",
    "user_deactivate",
    "user_reactivate",
    "user_register",
    "user_sign_up",
]
