"""Statements that run often: parameters bound by the server, and the plan kept for the connection."""

from collections.abc import Sequence
from typing import Any, Self

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


class KeptPlanCursor(psycopg.Cursor[tuple[Any, ...]]):
    """Prepares each statement at its first execution."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(query, params, **{**options, "prepare": True})


def fetch_rows(statement: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement of fixed text and return its rows, with Django's errors.

    A batch's arrays are not parsed as part of the text, and the plan is kept. The server plans
    without seeing the values, so each needs a type: `%s::bigint[]`.
    """
    # Not `django.db.connection`, which looks the connection up at each attribute.
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    bare: Any = KeptPlanCursor(database.connection)
    is_logged = database.queries_logged
    wrap = database.make_debug_cursor if is_logged else database.make_cursor
    with wrap(bare) as cursor:
        cursor.execute(statement, arguments)
        if is_logged:
            database.queries_log[-1]["sql"] = statement
        return cursor.fetchall() if cursor.rownumber is not None else []
