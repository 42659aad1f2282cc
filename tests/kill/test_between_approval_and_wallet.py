"""kill -9 between approval and wallet: one invoice, one credit, within 60 s of the restart.

A process is frozen first, so that the kill meets it while the work is surely half done: approved,
and not yet credited.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.steps import Parties, started_project
from tests.installation import Installation, eventually

pytestmark = pytest.mark.kill

PROMISED_SECONDS = 60.0
SHARE = "950.00"


def reviewed_project(installation: Installation, *, method: str, tasks: int) -> Parties:
    """Tasks of 1,000.00 in review, paid automatically once they are approved."""
    parties = started_project(
        installation, method=method, auto_pay=True, budget=f"{tasks}000.00", tasks=tasks
    )
    for task_id in parties.task_ids:
        parties.submit(task_id)
    return parties


@pytest.fixture
def parties(installation: Installation) -> Parties:
    return reviewed_project(installation, method="test_ok", tasks=3)


def approve_all(parties: Parties) -> None:
    for task_id in parties.task_ids:
        parties.approve(task_id)


def wait_until_sent(installation: Installation, parties: Parties) -> None:
    """The relay has handed all approvals to the broker."""
    eventually(
        lambda: (
            installation.sql(
                "SELECT count(*) FROM outbox_job WHERE topic = 'milestone.approved'"
                " AND key = ANY(%s) AND sent_at IS NOT NULL AND done_at IS NULL",
                parties.task_ids,
            )
            == [(len(parties.task_ids),)]
        )
    )


def assert_nothing_was_credited(parties: Parties) -> None:
    assert parties.available() == "0.00"


@contextmanager
def promised(installation: Installation, *projects: Parties) -> Iterator[None]:
    """What runs inside brings the process back; within a minute everything is credited, once."""
    yield
    began = time.monotonic()
    for parties in projects:
        left = PROMISED_SECONDS - (time.monotonic() - began)
        eventually(lambda parties=parties: is_completed(parties), seconds=left)
    for parties in projects:
        assert_one_invoice_and_one_credit_each(parties)
    installation.assert_books_in_order()


def is_completed(parties: Parties) -> bool:
    project = parties.commissioner.read(f"/api/v1/projects/{parties.project['id']}/")
    return project["status"] == "completed"


def assert_one_invoice_and_one_credit_each(parties: Parties) -> None:
    for task_id in parties.task_ids:
        assert [invoice["status"] for invoice in parties.invoices(task_id)] == ["paid"]
    lines = parties.freelancer.read("/api/v1/wallet/transactions/")["results"]
    assert sorted((line["milestone_id"], line["amount"]["amount"]) for line in lines) == sorted(
        (task_id, SHARE) for task_id in parties.task_ids
    )
    payments = parties.commissioner.read("/api/v1/payments/")["results"]
    assert [payment["status"] for payment in payments] == ["succeeded"] * len(parties.task_ids)


def test_a_killed_worker(installation: Installation, parties: Parties):
    """Work is lost with it at two places: while it asks the provider under a lease, and in
    messages that it took from the broker and never looked at.
    """
    slow = reviewed_project(installation, method="test_slow", tasks=1)
    approve_all(slow)
    eventually(lambda: slow.commissioner.read("/api/v1/payments/")["results"])
    installation.freeze("worker")
    approve_all(parties)
    wait_until_sent(installation, parties)
    installation.kill("worker")
    assert_nothing_was_credited(parties)
    assert_nothing_was_credited(slow)

    with promised(installation, parties, slow):
        installation.start("worker")


def test_a_killed_relay(installation: Installation, parties: Parties):
    installation.freeze("relay")
    approve_all(parties)
    installation.kill("relay")
    assert_nothing_was_credited(parties)

    with promised(installation, parties):
        installation.start("relay")


def test_a_killed_broker(installation: Installation, parties: Parties):
    installation.freeze("worker")
    approve_all(parties)
    wait_until_sent(installation, parties)
    installation.kill("valkey")
    installation.thaw("worker")
    assert_nothing_was_credited(parties)

    with promised(installation, parties):
        installation.start("valkey")


def test_an_emptied_broker(installation: Installation, parties: Parties):
    """FLUSHALL: one approval is on its way to the frozen worker, the others are lost."""
    installation.freeze("worker")
    approve_all(parties)
    wait_until_sent(installation, parties)
    assert installation.redis("DBSIZE") != ":0"
    assert installation.redis("FLUSHALL") == "+OK"
    assert installation.redis("DBSIZE") == ":0"
    installation.kill("worker")
    assert_nothing_was_credited(parties)

    with promised(installation, parties):
        installation.start("worker")
