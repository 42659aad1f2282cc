"""Structured logs: JSON lines in production, readable lines on a desk; never a secret."""

import re
from typing import Any, Final

import structlog
from structlog.typing import EventDict, WrappedLogger

from common import context

_MAILED_KEY: Final = re.compile(r"(/accounts/(?:password/reset/key|confirm-email)/)[^/\s]+")


def _add_context(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if request_id := context.request_id.get():
        event.setdefault("request_id", request_id)
    if address := context.remote_address.get():
        event.setdefault("ip", address)
    return event


def _hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A request is its method and path: queries and the keys of mailed links are kept out.

    Django hands over the request itself, whose text would have both.
    """
    request = event.pop("request", None)
    if isinstance(request, str):
        event["request"] = request.partition("?")[0]
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _MAILED_KEY.sub(r"\1...", value)
    return event


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        _add_context,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _hide_secrets,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """A LOGGING setting that sends everything to standard error through structlog."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatting: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        formatting.append(structlog.processors.format_exc_info)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [*formatting, renderer],
                "foreign_pre_chain": _shared(),
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            "django_structlog": {"level": "INFO" if as_json else "CRITICAL"},
            "pikepdf": {"level": "WARNING"},
        },
    }
