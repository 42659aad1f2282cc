from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, organisations, tokens, audit."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import jobs  # noqa: PLC0415

        jobs.register()
