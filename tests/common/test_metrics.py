"""Figures for Prometheus: read from rows, for whoever has the token."""

import pytest
from django.utils import timezone

from outbox import services
from outbox.enums import Beat
from outbox.models import Job
from wallets.models import VerificationRun

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-metrics"


@pytest.fixture
def ask(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def figures() -> dict[str, float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = [line for line in answer.content.decode().splitlines() if line[0] != "#"]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    return figures


@pytest.mark.parametrize("header", [None, "Bearer wrong", TOKEN, f"Basic {TOKEN}"])
def test_nobody_without_the_token_sees_that_it_is_there(client, settings, header):
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": header} if header else {}

    assert client.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_there_are_no_metrics(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_a_new_installation_has_nothing_to_tell_of_its_books(ask):
    assert ask() == {"tranche_outbox_dead": 0.0, "tranche_bank_lines_unmatched": 0.0}


def test_figures_come_from_the_rows(ask):
    services.enqueue("books.verify", key="one")
    services.enqueue("books.verify", key="two")
    services.enqueue("mail.send", key="gone")
    Job.objects.filter(topic="mail.send").update(dead_at=timezone.now())
    services.heartbeat(Beat.WORKER)
    now = timezone.now()
    VerificationRun.objects.create(
        mode="full", started_at=now, ended_at=now, checks=1, entries=0, difference_count=0
    )
    VerificationRun.objects.create(
        mode="recent",
        started_at=now,
        ended_at=timezone.now(),
        checks=1,
        entries=0,
        difference_count=2,
        differences=[["a", "b", "c"], ["d", "e", "f"]],
    )

    figures = ask()

    assert figures['tranche_outbox_pending{topic="books.verify"}'] == 2
    assert figures["tranche_outbox_dead"] == 1
    assert figures["tranche_checker_violations"] == 2
    assert 0 <= figures['tranche_checker_last_ok_seconds{mode="any"}'] < 60
    assert 0 <= figures['tranche_checker_last_ok_seconds{mode="full"}'] < 60
    assert 0 <= figures['tranche_heartbeat_age_seconds{name="worker"}'] < 60
