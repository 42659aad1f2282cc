from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """The ledger, payments and wallets."""

    name = "wallets"

    def ready(self) -> None:
        from wallets import jobs  # noqa: PLC0415
        from wallets.services import additions, held  # noqa: PLC0415

        jobs.register()
        additions.register()
        held.register()
