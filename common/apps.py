from django.apps import AppConfig

from common.public_ids import register_converters


class CommonConfig(AppConfig):
    """Plumbing that knows no other app."""

    name = "common"

    def ready(self) -> None:
        register_converters()
