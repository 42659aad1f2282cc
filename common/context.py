"""What is being served right now, for audit rows and logs."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
remote_address: ContextVar[str] = ContextVar("remote_address", default="")
