"""`make run`: one machine, mail in files, the sandbox provider switched on."""

from pathlib import Path

from common.logging import logging_config
from config.settings.base import *
from config.settings.base import BASE_DIR, LOG_LEVEL, env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = Path(env.str("TRANCHE_HOME", default="") or BASE_DIR / ".local") / "mails"
EMAIL_CONFIRMATION = env.str("EMAIL_CONFIRMATION", default="optional")
ACCOUNT_EMAIL_VERIFICATION = EMAIL_CONFIRMATION
STAFF_TWO_FACTOR_REQUIRED = env.bool("STAFF_TWO_FACTOR_REQUIRED", default=False)
PAYOUT_COOLING_DAYS = env.int("PAYOUT_COOLING_DAYS", default=0)
PAYOUT_RAIL = env.str("PAYOUT_RAIL", default="sandbox")
SANDBOX_PROVIDER = env.bool("SANDBOX_PROVIDER", default=True)
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
LOGGING = logging_config(as_json=env.bool("LOG_JSON", default=False), level=LOG_LEVEL)
ACCOUNT_RATE_LIMITS = {
    "login": env.str("LOGIN_RATE", default="400/m/ip"),
    "login_failed": env.str("LOGIN_FAILED_RATE", default="400/m/ip,400/m/key"),
    "signup": env.str("SIGNUP_RATE", default="400/m/ip"),
}
