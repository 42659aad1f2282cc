from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    """Invoices and their documents."""

    name = "invoicing"

    def ready(self) -> None:
        from invoicing import jobs, numbering  # noqa: PLC0415
        from invoicing.services import documents, fees, readiness  # noqa: PLC0415

        numbering.check_pattern()
        jobs.register()
        readiness.register()
        documents.register()
        fees.register()
