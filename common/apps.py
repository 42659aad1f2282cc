from django.apps import AppConfig
from django.core import checks

from common.failpoints import check_allowed, check_production
from common.public_ids import register_converters


class CommonConfig(AppConfig):
    """Plumbing that knows no other app."""

    name = "common"

    def ready(self) -> None:
        register_converters()
        checks.register(check_allowed)
        checks.register(check_production, deploy=True)
