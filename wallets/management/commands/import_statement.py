"""Take in a statement of the operator's bank, for those who fetch it by a program."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from common.exceptions import DomainError
from wallets.providers.statements import MOST_BYTES
from wallets.services import bank_statement_import


class Command(BaseCommand):
    """The same file again changes nothing."""

    help = "Import a bank statement (camt.053 or CSV); its lines are matched in the background."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", default="", help="address of the member of staff who asks")

    def handle(self, *args: Any, file: Path, by: str, **options: Any) -> None:
        staff = User.objects.filter(email=by.strip().lower()).first() if by else None
        if by and staff is None:
            raise CommandError(f"Nobody has the address {by}.")
        try:
            with file.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
            taken = bank_statement_import(
                content=content, file_name=file.name, by=staff, at=timezone.now()
            )
        except (OSError, DomainError) as error:
            raise CommandError(f"{file.name}: {error}") from error
        words = "imported before, nothing changed" if not taken.is_new else "imported"
        self.stdout.write(
            f"{file.name}: {words}: {len(taken.statements)} statements,"
            f" {taken.line_count if taken.is_new else 0} new lines."
        )
