"""Arrays as parameters of batches: PostgreSQL's own spelling costs a tenth of the driver's."""

from collections.abc import Iterable


def bigints(values: Iterable[int]) -> str:
    """What `%s::bigint[]` reads."""
    return f"{{{','.join(map(str, values))}}}"
