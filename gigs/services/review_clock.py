"""When a review ends by itself: the clock of each delivery, and the jobs that watch it."""

from datetime import datetime, timedelta
from typing import Final

from gigs.models import Milestone
from outbox.services import Entry, enqueue_all

WARNING: Final = "review.warning"
ENDED: Final = "review.ended"
WARNED_BEFORE: Final = (7, 3, 1)
"""Days before the end at which the commissioner is reminded."""
EXTENSION = timedelta(days=7)


def review_begin(milestone: Milestone) -> None:
    """Start the clock of a delivery made at `submitted_at`, by the days frozen in the project.

    The caller holds the milestone's lock and saves it.
    """
    if milestone.submitted_at is None:
        raise ValueError("a review begins with a submission")
    started_at = milestone.submitted_at
    milestone.review_extended_at = None
    milestone.review_ends_at = started_at + timedelta(days=milestone.project.review_days)
    _watch(milestone, ends_at=milestone.review_ends_at, at=started_at)


def review_prolong(milestone: Milestone, *, at: datetime) -> datetime:
    """Move the end by EXTENSION; the new end. The caller holds the milestone's lock and saves it.

    The jobs of the earlier end stay: they find another end than theirs and do nothing.
    """
    if milestone.review_ends_at is None:
        raise ValueError("only a review that is under way has an end")
    milestone.review_extended_at = at
    milestone.review_ends_at += EXTENSION
    _watch(milestone, ends_at=milestone.review_ends_at, at=at)
    return milestone.review_ends_at


def _watch(milestone: Milestone, *, ends_at: datetime, at: datetime) -> None:
    key = f"{milestone.public_id}:{milestone.version}:{ends_at:%Y-%m-%dT%H:%M:%S}"
    payload = {"milestone": milestone.pk, "ends_at": ends_at.isoformat()}
    warnings = [
        Entry(WARNING, f"{key}:{days}", {**payload, "days": days}, ends_at - timedelta(days=days))
        for days in WARNED_BEFORE
        if ends_at - timedelta(days=days) > at
    ]
    enqueue_all([*warnings, Entry(ENDED, key, payload, ends_at)])
