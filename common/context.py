"""What is being served right now, for audit rows and logs."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
remote_address: ContextVar[str] = ContextVar("remote_address", default="")


def served() -> tuple[str, str | None]:
    """Request and address, for audit rows that the database writes."""
    return request_id.get(), remote_address.get() or None
