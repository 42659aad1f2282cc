from django.contrib.admin.apps import AdminConfig


class TrancheAdminConfig(AdminConfig):
    """The staff door."""

    default_site = "config.admin_site.TrancheAdminSite"
