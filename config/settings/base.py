"""Settings that hold everywhere. No secret lives here, and no default for one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ

from common.currencies import EXPONENTS
from common.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()


def database_from(url: str) -> dict[str, Any]:
    """Django's settings for one PostgreSQL URL; a `?host=/socket/dir` becomes HOST."""
    config: dict[str, Any] = environ.Env.db_url_config(url)
    options = config.setdefault("OPTIONS", {})
    if "host" in options:
        config["HOST"] = options.pop("host")
    config["ENGINE"] = "django.db.backends.postgresql"
    options["prepare_threshold"] = 1  # what common.database binds; the ORM's cursors never prepare
    config["CONN_MAX_AGE"] = None
    config["CONN_HEALTH_CHECKS"] = True
    options["options"] = (
        "-c TimeZone=UTC -c lock_timeout=3s -c statement_timeout=30s "
        "-c idle_in_transaction_session_timeout=30s"
    )
    return config


def with_pool(config: dict[str, Any], size: int) -> dict[str, Any]:
    """The same database through psycopg's connection pool of `size` connections a process."""
    options = {**config["OPTIONS"], "pool": {"min_size": 1, "max_size": size, "timeout": 5}}
    return {**config, "CONN_MAX_AGE": 0, "OPTIONS": options}


DATABASES: dict[str, dict[str, Any]] = {"default": database_from(env("DATABASE_URL"))}
if env("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = database_from(env("DATABASE_OWNER_URL"))
if env.int("DATABASE_POOL", default=0):
    DATABASES["default"] = with_pool(DATABASES["default"], env.int("DATABASE_POOL"))

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "config.apps.TrancheAdminConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "djmoney",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "django_structlog",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "common",
    "outbox",
    "accounts",
    "gigs",
    "invoicing",
    "wallets",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.RequestContextMiddleware",
    "common.middleware.CleanInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.StaffTwoFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django_cotton.templatetags.cotton", "common.templatetags.tranche"],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["common.passwords.PasswordHasher"]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "accounts.forms.RegistrationForm",
    "add_email": "accounts.forms.ExtraEmailForm",
}
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_USER_DISPLAY = "accounts.adapters.display_name"
EMAIL_CONFIRMATION = env.str("EMAIL_CONFIRMATION", default="mandatory")
ACCOUNT_EMAIL_VERIFICATION = EMAIL_CONFIRMATION
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {
    "login": env.str("LOGIN_RATE", default="60/m/ip"),
    "login_failed": env.str("LOGIN_FAILED_RATE", default="10/m/ip,5/5m/key"),
    "signup": env.str("SIGNUP_RATE", default="30/m/ip"),
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tranche"
STAFF_TWO_FACTOR_REQUIRED = True

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "common_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT: Path | None = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / ".local" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["common.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.api.negotiation.JSONOnly",
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.Schema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "common.api.exceptions.problem_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Tranche API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/(v1/)?",
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "accounts.enums.Role",
        "ScopeEnum": "accounts.enums.Scope",
        "GigStatusEnum": "gigs.enums.GigStatus",
        "ApplicationStatusEnum": "gigs.enums.ApplicationStatus",
        "ProjectStatusEnum": "gigs.enums.ProjectStatus",
        "MilestoneStatusEnum": "gigs.enums.MilestoneStatus",
        "ExportStatusEnum": "invoicing.enums.ExportStatus",
        "RefundStatusEnum": "gigs.enums.RefundStatus",
        "InvoiceStatusEnum": "invoicing.enums.InvoiceStatus",
        "InvoiceKindEnum": "invoicing.enums.InvoiceKind",
        "InvoiceSideEnum": "invoicing.enums.Side",
        "PaymentStatusEnum": "wallets.enums.PaymentStatus",
        "WithdrawalStatusEnum": "wallets.enums.WithdrawalStatus",
    },
}

API_BODY_LIMIT = 64 * 1024
API_MAX_DEPTH = 20
API_LIST_MAX = 100
# Requests a minute from one address; registrations and sign-ins have counters of their own.
# `otp` counts one-time codes a minute for one person.
RATE_LIMITS = {
    "calls": env.int("RATE_LIMIT_CALLS", default=12_000),
    "register": env.int("RATE_LIMIT_REGISTER", default=400),
    "token": env.int("RATE_LIMIT_TOKEN", default=400),
    "otp": env.int("RATE_LIMIT_OTP", default=10),
}
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

PLATFORM_FEE_RATE = env.str("PLATFORM_FEE_RATE", default="0.0500")
UPFRONT_RATE = env.str("UPFRONT_RATE", default="0.1200")
# The platform as the seller of its own fee invoices: fields of legal data, and what its numbers begin with.
PLATFORM_LEGAL: dict[str, str] = env.json("PLATFORM_LEGAL", default={})
PLATFORM_LOGO = env.str("PLATFORM_LOGO", default="")
PLATFORM_ISSUER_CODE = env.str("PLATFORM_ISSUER_CODE", default="TRANCHE")
REVIEW_DAYS = env.int("REVIEW_DAYS", default=14)
CLEARING_DAYS = env.int("CLEARING_DAYS", default=0)
REFUND_DAYS = env.int("REFUND_DAYS", default=7)
# What numbers of documents look like: K7QM-2026-00012, K7QMC-2026-00001 for a credit note. A change
# holds for series that begin after it.
INVOICE_NUMBER_PREFIX = env.str("INVOICE_NUMBER_PREFIX", default="{code}{mark}-{year}-")
INVOICE_NUMBER_DIGITS = env.int("INVOICE_NUMBER_DIGITS", default=5)
OBJECTION_DAYS = 10
REQUIRE_LEGAL_DATA = env.bool("REQUIRE_LEGAL_DATA", default=False)
INVOICE_DUE_DAYS = 7
# An archive of invoices: how many documents and bytes it may hold, and how long it is kept.
EXPORT_MAX_DOCUMENTS = 2000
EXPORT_MAX_BYTES = 200 * 1024 * 1024
EXPORT_DAYS = 7
# Days before money can go to a bank account that was just added.
PAYOUT_COOLING_DAYS = env.int("PAYOUT_COOLING_DAYS", default=3)
# By currency: least amount, fee, and the amount above which staff have to approve.
PAYOUT_TERMS = {
    **dict.fromkeys(
        ("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD"), ("10.00", "1.00", "5000.00")
    ),
    **dict.fromkeys(("SEK", "NOK", "DKK", "HKD"), ("100.00", "10.00", "50000.00")),
    **dict.fromkeys(("PLN", "BRL"), ("40.00", "4.00", "20000.00")),
    **dict.fromkeys(("CZK", "ZAR", "MXN"), ("200.00", "20.00", "100000.00")),
    "HUF": ("4000.00", "400.00", "2000000.00"),
    "INR": ("800.00", "80.00", "400000.00"),
    "JPY": ("1500", "150", "750000"),
    "KWD": ("3.000", "0.300", "1500.000"),
}
# Who moves the money out: "bank_file" for payment files of the account below, "sandbox" where
# the sandbox provider is on; empty means nobody.
PAYOUT_ACCOUNT_HOLDER = env.str("PAYOUT_ACCOUNT_HOLDER", default="")
PAYOUT_ACCOUNT_IBAN = env.str("PAYOUT_ACCOUNT_IBAN", default="")
# The account that commissioners can pay invoices to by transfer; without an IBAN they cannot.
BANK_ACCOUNT_HOLDER = env.str("BANK_ACCOUNT_HOLDER", default="")
BANK_ACCOUNT_IBAN = env.str("BANK_ACCOUNT_IBAN", default="")
BANK_ACCOUNT_BIC = env.str("BANK_ACCOUNT_BIC", default="")
PAYOUT_RAIL = env.str("PAYOUT_RAIL", default="")
PAYOUT_TIMEOUT_SECONDS = 5
SANDBOX_PAYOUT_URL = env.str("SANDBOX_PAYOUT_URL", default="")
# The first one is presented to the simulator; each of them may sign its webhooks.
SANDBOX_PAYOUT_SECRETS = env.list("SANDBOX_PAYOUT_SECRETS", default=[])
# For bank details at rest: the first one seals, each of them opens.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
SANDBOX_PROVIDER = env.bool("SANDBOX_PROVIDER", default=False)

# Celery carries hints; the job rows are the truth. A Unix socket has a spelling of its own there.
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "global_keyprefix": "tranche:",
    "queue_order_strategy": "priority",
}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {
    "money": {},
    "payouts": {},
    "long": {},
    "default": {},
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_DB_REUSE_MAX = 1000  # else Celery closes the connection, and its kept plans, with each task
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "outbox.beat:JobScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "heartbeat.worker", "schedule": timedelta(seconds=15)},
    "overdue": {"task": "invoice.overdue", "schedule": timedelta(minutes=15)},
    "purge-jobs": {"task": "housekeeping.jobs", "schedule": timedelta(hours=1)},
    "bill-fees": {"task": "fees.bill", "schedule": timedelta(hours=6)},
    "purge-exports": {"task": "housekeeping.exports", "schedule": timedelta(hours=1)},
    "purge-access": {"task": "housekeeping.access", "schedule": timedelta(hours=1)},
    "anchor": {
        "task": "books.anchor",
        "schedule": timedelta(seconds=env.int("ANCHOR_SECONDS", default=60)),
    },
    "compare-payouts": {
        "task": "withdrawal.compare",
        "schedule": timedelta(seconds=env.int("COMPARE_PAYOUTS_SECONDS", default=3600)),
    },
    "verify-recent": {
        "task": "books.verify_recent",
        "schedule": timedelta(seconds=env.int("VERIFY_RECENT_SECONDS", default=300)),
    },
    "verify": {
        "task": "books.verify",
        "schedule": timedelta(seconds=env.int("VERIFY_FULL_SECONDS", default=86_400)),
    },
}
OUTBOX_RESEND_SECONDS = env.int("OUTBOX_RESEND_SECONDS", default=20)
# Signs what all chains of the ledger are: 32 random bytes in base64. The file lies outside the database.
ANCHOR_KEY = env.str("ANCHOR_KEY", default="")
ANCHOR_FILE = env.str("ANCHOR_FILE", default="")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
VERIFY_WORKERS = env.int("VERIFY_WORKERS", default=2)

SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Tranche <no-reply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Bytes of all files of one mail; what is beyond is left out, and the mail's link leads to it.
MAIL_ATTACHMENT_LIMIT = env.int("MAIL_ATTACHMENT_LIMIT", default=5 * 1024 * 1024)

CURRENCIES = tuple(EXPONENTS)
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

LOG_JSON = env.bool("LOG_JSON", default=True)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = logging_config(as_json=LOG_JSON, level=LOG_LEVEL)
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestContextMiddleware has made it sane
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # common.logging writes the address it believes
