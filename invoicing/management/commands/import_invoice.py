"""Keep an invoice that somebody else made, or list what is wrong with it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from common.exceptions import DomainError
from invoicing.documents.foreign import LARGEST
from invoicing.enums import Side
from invoicing.services.foreign import (
    ForeignFile,
    foreign_invoice_import,
    foreign_invoice_read,
)


class Command(BaseCommand):
    """Exits with 1 when nothing is kept; with --check when a rule is broken."""

    help = "Import a foreign invoice (Factur-X PDF, CII or UBL) as a record of a user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--user", default="", help="address of the user whose record it is")
        parser.add_argument("--side", choices=Side.values, default=Side.RECEIVED.value)
        parser.add_argument("--accept", action="store_true", help="keep it though it breaks rules")
        parser.add_argument("--check", action="store_true", help="only list the rules it breaks")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                content = opened.read(LARGEST + 1)
            reading = foreign_invoice_read(content)
            for finding in reading.findings:
                self.stdout.write(f"{finding.rule}: {finding.message}")
            if options["check"]:
                self._conclude(len(reading.findings))
                return
            owner = User.objects.filter(email=options["user"].strip().lower()).first()
            if owner is None:
                raise CommandError(f"Nobody has the address {options['user'] or '(--user)'}.")
            foreign = ForeignFile(file.name, content, owner, Side(options["side"]))
            invoice = foreign_invoice_import(
                file=foreign, accepts_findings=options["accept"], by=None, at=timezone.now()
            )
        except (OSError, DomainError) as error:
            raise CommandError(f"{file.name}: {error}") from error
        self.stdout.write(f"{file.name}: kept as {invoice.public_id}, number {invoice.number}.")

    def _conclude(self, count: int) -> None:
        if count:
            raise CommandError(f"{count} rules are broken.")
        self.stdout.write("No rule is broken.")
