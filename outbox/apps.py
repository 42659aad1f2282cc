from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Background work: job rows, the relay and the one task."""

    name = "outbox"

    def ready(self) -> None:
        from outbox import jobs  # noqa: PLC0415

        jobs.register()
