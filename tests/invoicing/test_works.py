import pytest
from django.db import connection
from django.utils import timezone

from invoicing.enums import SeriesFamily
from tests.builders import active_project, approved_milestone, sent_invoice

pytestmark = pytest.mark.django_db

READ = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'invoicing_invoice'"
WORKS = "SELECT milestone_id, is_taken FROM invoicing_works(%s::bigint[], %s, %s)"


def works(cursor, *milestones):
    cursor.execute(
        WORKS, [[one.pk for one in milestones], SeriesFamily.INVOICE, timezone.now().year]
    )
    return cursor.fetchall()


def test_a_plan_from_when_there_were_no_invoices_does_not_read_them_all():
    one = approved_milestone(active_project(title="First"))
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        assert works(cursor, one) == [(one.pk, False)]
        for number in range(8):
            sent_invoice(active_project(title=f"Project {number}"))
        cursor.execute(READ)
        [before] = cursor.fetchone()

        assert works(cursor, one) == [(one.pk, False)]

        cursor.execute(READ)
        assert cursor.fetchone() == (before,)
