"""Bring the database up to date: migrate as the owner, then grant the application its rights."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from outbox.models import Heartbeat
from outbox.services import enqueue
from wallets.services.verification import VERIFY

APPEND_ONLY = (
    "accounts_auditevent",
    "accounts_logo",
    "gigs_amendment",
    "gigs_extra",
    "invoicing_invoiceline",
    "invoicing_invoicetax",
    "invoicing_invoiceobjection",
    "invoicing_invoicedocument",
    "invoicing_feeinvoice",
    "invoicing_feedocument",
    "invoicing_foreigninvoice",
    "invoicing_invoicereminder",
    "invoicing_invoicereport",
    "wallets_anchor",
    "wallets_anchoredhead",
    "wallets_release",
    "wallets_addition",
    "wallets_bankstatement",
    "wallets_bankstatementline",
    "wallets_verificationrun",
    "wallets_providerevent",
)
KEPT = (
    "wallets_creditrequest",
    "wallets_bankaccount",
    "wallets_bankmatch",
    "wallets_clearing",
    "gigs_refundrequest",
    "wallets_hold",
    "wallets_milestonefunding",
    "wallets_payment",
    "wallets_payoutbatch",
    "wallets_payoutmethod",
    "wallets_takeback",
    "wallets_withdrawal",
    "invoicing_issuingmandate",
    "invoicing_invoice",
    "invoicing_invoiceseries",
    "gigs_project",
    "gigs_milestone",
)


class Command(BaseCommand):
    """Idempotent. Uses DATABASE_OWNER_URL when it is set, and grants to DATABASE_URL's role.

    Heartbeats of an earlier run are cleared, so that /readyz waits for this one, and the first thing
    that the worker does is to prove the books.
    """

    help = "Migrate as the database's owner and grant the application's role what it may do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo data once")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = "owner" if "owner" in connections.databases else DEFAULT_DB_ALIAS
        call_command("migrate", database=owner, interactive=False, verbosity=0)
        call_command("createcachetable", database=owner, verbosity=0)
        if owner != DEFAULT_DB_ALIAS:
            self._grant(owner, role=connections[DEFAULT_DB_ALIAS].settings_dict["USER"])
        Heartbeat.objects.all().delete()
        if options["demo"]:
            call_command("demo", stdout=self.stdout)
        enqueue(VERIFY, key=f"provision:{timezone.now():%Y-%m-%dT%H:%M:%S}")

    def _grant(self, owner: str, *, role: str) -> None:
        """The application reads everything, writes its own tables, and never rewrites history."""
        connection = connections[owner]
        quoted = connection.ops.quote_name(role)
        with connection.cursor() as cursor:
            for statement in (
                f"GRANT USAGE ON SCHEMA public TO {quoted}",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}",
                f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
                f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {quoted}",
                *(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}" for table in APPEND_ONLY),
                *(f"REVOKE DELETE ON {table} FROM {quoted}" for table in KEPT),
            ):
                cursor.execute(statement)
            cursor.execute(
                "SELECT wallets_grant(%s), wallets_grant_proof(%s), wallets_grant_crediting(%s),"
                " wallets_grant_settling(%s)",
                [role, role, role, role],
            )
