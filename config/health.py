"""Is this process up, and is the whole installation ready? Answered from rows alone."""

from datetime import timedelta
from functools import cache

from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.outage import is_outage
from outbox.enums import Beat
from outbox.models import Heartbeat
from outbox.relay import oldest_due_seconds
from wallets.selectors import books_status

ALIVE = timedelta(seconds=60)
LATE_SECONDS = 60.0
NEEDED = (Beat.RELAY, Beat.BROKER, Beat.WORKER)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when migrations are applied and relay, broker and worker showed life within 60 s.

    Late work is reported but is no reason to take web processes out of service; neither are books
    that differ, which a person has to look at while pages go on answering.
    """
    try:
        response = _readiness()
    except (InterfaceError, OperationalError) as error:
        if not is_outage(error):
            raise
        answer = {"status": "unavailable", "checks": {"database": "down"}}
        response = JsonResponse(answer, status=503)
    # Django logs each 503; one that is asked for every second says nothing new.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _readiness() -> JsonResponse:
    alive = set(Heartbeat.objects.filter(at__gt=Now() - ALIVE).values_list("name", flat=True))
    checks = {str(name): "up" if name in alive else "down" for name in NEEDED}
    checks["database"] = "up"
    checks["migrations"] = "applied" if _migrations_applied() else "pending"
    oldest = oldest_due_seconds()
    books = books_status()
    ready = "down" not in checks.values() and checks["migrations"] == "applied"
    return JsonResponse(
        {
            "status": "ok" if ready else "unavailable",
            "checks": checks,
            "oldest_pending_seconds": round(oldest, 1),
            "queue": "late" if oldest > LATE_SECONDS else "ok",
            "books": books.state,
            "books_last_green": books.green.ended_at.isoformat() if books.green else None,
        },
        status=200 if ready else 503,
    )


@cache
def _expected_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations or ())


def _migrations_applied() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return _expected_migrations() <= set(cursor.fetchall())
