"""Prove the books: print what differs, exit 1 when something does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wallets import integrity


class Command(BaseCommand):
    """Reads only; may run at any time."""

    help = "Check every promise about money and print what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        found = integrity.differences()
        for difference in found:
            self.stdout.write(f"{difference.check}: {difference.subject}: {difference.detail}")
        if found:
            raise CommandError(f"{len(found)} differences in the books", returncode=1)
        self.stdout.write(
            f"The books are in order: {len(integrity.checks())} checks, 0 differences."
        )
