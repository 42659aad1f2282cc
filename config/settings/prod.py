"""Production: refuses to start without what it needs, and with what it must not have."""

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from common.encryption import is_key
from common.failpoints import are_wanted
from config.settings.base import *
from config.settings.base import (
    ANCHOR_FILE,
    ANCHOR_KEY,
    ENCRYPTION_KEYS,
    PAYOUT_RAIL,
    SANDBOX_PROVIDER,
    env,
)

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY needs 50 random characters or more.")
if SANDBOX_PROVIDER:
    raise ImproperlyConfigured("SANDBOX_PROVIDER must be off in production: it pays with nothing.")
if not ENCRYPTION_KEYS or not all(is_key(key) for key in ENCRYPTION_KEYS):
    raise ImproperlyConfigured(
        "ENCRYPTION_KEYS needs one or more keys of 32 random bytes in URL-safe base64."
    )
if not re.fullmatch(r"[A-Za-z0-9+/]{43}=", ANCHOR_KEY):
    raise ImproperlyConfigured("ANCHOR_KEY needs 32 random bytes in base64.")
if not ANCHOR_FILE:
    raise ImproperlyConfigured("ANCHOR_FILE needs a path outside of the database's reach.")
if PAYOUT_RAIL == "sandbox":
    raise ImproperlyConfigured("PAYOUT_RAIL must not be sandbox in production: it pays nobody.")
if are_wanted():
    raise ImproperlyConfigured("FAILPOINTS and ALLOW_FAILPOINTS must be unset in production.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="")
ANYMAIL: dict[str, Any] = env.json("ANYMAIL", default={})
if not EMAIL_BACKEND:
    _mail = env.email_url("EMAIL_URL")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST = _mail["EMAIL_HOST"]
    EMAIL_PORT = _mail["EMAIL_PORT"]
    EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
    EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
