"""Figures for Prometheus, read from rows alone: each process answers the same, none keeps counters."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from outbox.models import Heartbeat, Job
from wallets.selectors import BooksStatus, bank_lines_unmatched, books_status

PREFIX: Final = "tranche"


class Rows(Collector):
    """What the tables say at the moment of asking."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._outbox()
        yield from self._heartbeats()
        yield from self._books(books_status())
        unmatched = _gauge("bank_lines_unmatched", "Lines of bank statements that wait for staff.")
        unmatched.add_metric([], bank_lines_unmatched())
        yield unmatched

    def _outbox(self) -> Iterator[GaugeMetricFamily]:
        pending = _gauge("outbox_pending", "Jobs neither done nor given up.", labels=["topic"])
        oldest = _gauge("outbox_oldest_seconds", "Age of the oldest due job.", labels=["topic"])
        open_jobs = (
            Job.objects.pending()
            .values("topic")
            .annotate(number=Count("pk"), since=Min("due_at", filter=Q(due_at__lte=Now())))
        )
        for row in open_jobs.order_by("topic"):
            pending.add_metric([row["topic"]], row["number"])
            oldest.add_metric([row["topic"]], self._age(row["since"]))
        dead = _gauge("outbox_dead", "Jobs given up, which wait for a person.")
        dead.add_metric([], Job.objects.dead().count())
        yield from (pending, oldest, dead)

    def _heartbeats(self) -> Iterator[GaugeMetricFamily]:
        ages = _gauge("heartbeat_age_seconds", "Since a process showed life.", labels=["name"])
        for beat in Heartbeat.objects.annotate(age=Now() - F("at")).order_by("name"):
            ages.add_metric([beat.name], beat.age.total_seconds())
        yield ages

    def _books(self, books: BooksStatus) -> Iterator[GaugeMetricFamily]:
        differences = _gauge("checker_violations", "Differences that the newest proof found.")
        if books.last is not None:
            differences.add_metric([], books.last.difference_count)
        age = _gauge(
            "checker_last_ok_seconds", "Since the books were last in order.", labels=["mode"]
        )
        for mode, run in (("any", books.green), ("full", books.full)):
            if run is not None:
                age.add_metric([mode], self._age(run.ended_at))
        yield from (differences, age)

    def _age(self, since: datetime | None) -> float:
        return (self.at - since).total_seconds() if since else 0.0


def _gauge(name: str, text: str, *, labels: list[str] | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels or [])


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures for whoever has METRICS_TOKEN; not there for anybody else."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if not token or not constant_time_compare(given, f"Bearer {token}"):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Rows(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
