"""Arrays as parameters of batches: PostgreSQL's own spelling costs a tenth of the driver's."""

from collections.abc import Iterable


def bigints(values: Iterable[int]) -> str:
    """What `%s::bigint[]` reads, and that of any other integers."""
    return f"{{{','.join(map(str, values))}}}"


def bigints_or_null(values: Iterable[int | None]) -> str:
    """`bigints`, where some may be missing."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def booleans(values: Iterable[bool]) -> str:
    """What `%s::boolean[]` reads."""
    return f"{{{','.join(['t' if value else 'f' for value in values])}}}"


def numerics(values: Iterable[str]) -> str:
    """What `%s::numeric[]` reads, of numbers as plain text."""
    return f"{{{','.join(values)}}}"


def texts(values: Iterable[str | None]) -> str:
    """What `%s::text[]` reads, and that of whatever has a text in quotes."""
    return f"{{{','.join(map(_quoted, values))}}}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'
