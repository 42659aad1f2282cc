"""Prove the books: print what differs, exit 1 when something does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wallets import integrity


class Command(BaseCommand):
    """Reads only; may run at any time."""

    help = "Check every promise about money and print what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--incremental",
            action="store_true",
            help="only what was written since the last green run",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        proof = integrity.prove_recent() if options["incremental"] else integrity.prove()
        found = proof.differences
        for difference in found:
            self.stdout.write(f"{difference.check}: {difference.subject}: {difference.detail}")
        if found:
            raise CommandError(f"{len(found)} differences in the books", returncode=1)
        self.stdout.write(f"The books are in order: {proof.checks} checks, 0 differences.")
