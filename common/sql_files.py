"""Loading reviewed SQL files in migrations."""

from pathlib import Path

from django.db.migrations.operations import RunSQL


def run_sql(migration: str, name: str) -> RunSQL:
    """Run `<app>/sql/<name>.sql` forwards and `<app>/sql/<name>.reverse.sql` backwards."""
    folder = Path(migration).resolve().parent.parent / "sql"
    return RunSQL(
        sql=(folder / f"{name}.sql").read_text(encoding="utf-8"),
        reverse_sql=(folder / f"{name}.reverse.sql").read_text(encoding="utf-8"),
    )
