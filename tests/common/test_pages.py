"""Lists in pages: forwards, backwards, and while rows come and go."""

from datetime import timedelta

import pytest
from django.db.models import Q

from common.pages import newest_first
from gigs.models import Gig
from tests.builders import open_gig
from tests.factories import AT, CommissionerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def gigs():
    """Seven gigs, the oldest first; the fourth and fifth of the same moment."""
    by = CommissionerFactory()
    minutes = [0, 1, 2, 3, 3, 4, 5]
    return [
        open_gig(by=by, at=AT + timedelta(minutes=minute), title=f"Gig {number}")
        for number, minute in enumerate(minutes)
    ]


def page(limit=3, **marks):
    return newest_first(Gig.objects.all(), column="posted_at", limit=limit, **marks)


def test_the_first_page_has_the_newest_rows(gigs):
    first = page()

    assert first.rows == [gigs[6], gigs[5], gigs[4]]
    assert (first.older, first.newer) == (gigs[4].public_id, "")


def test_older_pages_follow_to_the_end(gigs):
    second = page(before=page().older)
    third = page(before=second.older)

    assert second.rows == [gigs[3], gigs[2], gigs[1]]
    assert (second.older, second.newer) == (gigs[1].public_id, gigs[3].public_id)
    assert third.rows == [gigs[0]]
    assert (third.older, third.newer) == ("", gigs[0].public_id)


def test_newer_pages_lead_back_to_the_beginning(gigs):
    third = page(before=gigs[1].public_id)
    second = page(after=third.newer)
    first = page(after=second.newer)

    assert second.rows == [gigs[3], gigs[2], gigs[1]]
    assert (second.older, second.newer) == (gigs[1].public_id, gigs[3].public_id)
    assert first.rows == [gigs[6], gigs[5], gigs[4]]
    assert (first.older, first.newer) == (gigs[4].public_id, "")


def test_a_list_that_fits_one_page_has_no_others(gigs):
    only = page(limit=7)

    assert len(only.rows) == 7
    assert (only.older, only.newer) == ("", "")


def test_an_empty_list_has_no_pages():
    assert (page().rows, page().older, page().newer) == ([], "", "")


def test_a_row_that_comes_meanwhile_moves_no_other(gigs):
    mark = page().older
    open_gig(at=AT + timedelta(hours=1))

    assert page(before=mark).rows == [gigs[3], gigs[2], gigs[1]]


@pytest.mark.parametrize("mark", ["", "gig_0", "prj_" + "0" * 32, "gig_" + "0" * 32, "\x00"])
def test_a_mark_that_names_no_row_gives_the_first_page(gigs, mark):
    assert page(before=mark) == page()
    assert page(after=mark) == page()


def test_a_row_of_another_list_is_no_mark(gigs):
    visible = Gig.objects.filter(~Q(pk=gigs[3].pk))

    result = newest_first(visible, column="posted_at", limit=3, before=gigs[3].public_id)

    assert result.rows == [gigs[6], gigs[5], gigs[4]]


def test_before_wins_over_after(gigs):
    both = page(before=gigs[3].public_id, after=gigs[3].public_id)

    assert both == page(before=gigs[3].public_id)


def test_a_page_takes_two_queries(gigs, django_assert_num_queries):
    with django_assert_num_queries(2):
        page(before=gigs[3].public_id)
