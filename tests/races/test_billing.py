"""Billing while somebody else holds the project: what is held is read after the lock."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.db.models import F

from common.arrays import bigints
from common.database import fetch_rows
from gigs.models import Project
from invoicing.enums import SeriesFamily
from tests.builders import approved_milestone, fund, held_project
from tests.factories import AT
from tests.races.threads import PATIENT
from wallets.models import MilestoneFunding
from wallets.services.billing import WORKS

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WAITS = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


def held(milestone_id: int) -> int:
    """What billing reads as held, on a connection of its own."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(PATIENT)
        arguments = [bigints([milestone_id]), SeriesFamily.INVOICE.value, AT.year]
        [row] = fetch_rows(WORKS, arguments)
        return row[-1]
    finally:
        connections.close_all()


def wait_until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        waiting = 0
        while not waiting:
            cursor.execute(WAITS)
            [waiting] = cursor.fetchone()


def test_what_is_held_is_read_after_the_lock():
    project = held_project()
    fund(project)
    milestone = approved_milestone(project)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(held, milestone.pk).result() == 333_334
        with transaction.atomic():
            Project.objects.locked().get(pk=project.pk)
            MilestoneFunding.objects.filter(milestone=milestone).update(
                added_minor=F("added_minor") + 5
            )
            found = pool.submit(held, milestone.pk)
            wait_until_somebody_waits()
        assert found.result() == 333_339
