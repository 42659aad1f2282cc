from django.apps import AppConfig


class GigsConfig(AppConfig):
    """Gigs, applications, projects, milestones."""

    name = "gigs"

    def ready(self) -> None:
        from gigs import jobs  # noqa: PLC0415

        jobs.register()
