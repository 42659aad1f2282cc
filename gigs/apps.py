from django.apps import AppConfig


class GigsConfig(AppConfig):
    """Gigs, applications, projects, milestones."""

    name = "gigs"
