"""Tests: real PostgreSQL and Redis given by the environment, quick password hashes."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql://postgres@/postgres")

from common.logging import logging_config
from config.settings.base import *
from config.settings.base import DATABASES

DEBUG = False
SECRET_KEY = "tests-only-" + "x" * 50
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_CONFIRMATION = "optional"
ACCOUNT_EMAIL_VERIFICATION = EMAIL_CONFIRMATION
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STAFF_TWO_FACTOR_REQUIRED = False
PAYOUT_COOLING_DAYS = 0
ANCHOR_KEY = "YW4gYW5jaG9yIGtleSBmb3IgdGVzdHMgb25seSAhISE="
ANCHOR_FILE = ""
ENCRYPTION_KEYS = ["dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="]
PAYOUT_RAIL = "sandbox"
SANDBOX_PAYOUT_SECRETS = ["tests-only"]
SANDBOX_PROVIDER = True
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
LOGGING = logging_config(as_json=False, level="WARNING")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCOUNT_RATE_LIMITS = False
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 0
    _database["OPTIONS"]["options"] += " -c tranche.allow_flush=on"
