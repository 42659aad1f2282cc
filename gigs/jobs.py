"""What the clock of a review asks for: reminders, and the approval by silence."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from gigs import services
from gigs.services.refunds import WARNING as REFUND_WARNING
from gigs.services.review_clock import ENDED, WARNING
from outbox import registry
from outbox.models import Job


def remind(jobs: Sequence[Job]) -> None:
    """Remind commissioners of reviews that end soon."""
    services.reviews_remind(
        reminders=[
            services.Reminder(
                milestone_id=job.payload["milestone"],
                ends_at=datetime.fromisoformat(job.payload["ends_at"]),
                days=job.payload["days"],
            )
            for job in jobs
        ],
        at=timezone.now(),
    )


def end(jobs: Sequence[Job]) -> None:
    """Approve by silence what nobody answered, many at once."""
    services.reviews_end(
        ends={
            job.payload["milestone"]: datetime.fromisoformat(job.payload["ends_at"])
            for job in sorted(jobs, key=lambda job: job.due_at)
        },
        at=timezone.now(),
    )


def remind_of_refund(jobs: Sequence[Job]) -> None:
    """Remind freelancers of refund requests that they have not answered."""
    for job in jobs:
        services.refund_remind(
            request_id=job.payload["request"], days=job.payload["days"], at=timezone.now()
        )


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(WARNING, remind)
    registry.register(REFUND_WARNING, remind_of_refund)
    registry.register(ENDED, end, lane="money")
