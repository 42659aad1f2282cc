"""What staff do to jobs that were given up: try again, or close by hand with a reason."""

from datetime import datetime

from django.db import transaction

from accounts import audit, policies
from accounts.models import User
from common.exceptions import FieldError, Invalid
from outbox import services as outbox_services
from outbox.models import Job


@transaction.atomic
def stuck_job_retry(*, job_id: int, by: User, at: datetime) -> Job:
    """Give the job new attempts. JobNotStuck, PermissionRefused."""
    policies.require(policies.may_administer(by), "Only staff can retry a job.")
    job = outbox_services.job_retry(job_id=job_id)
    audit.record(
        audit.Record(event="job.retried", target=job, before={"last_error": job.last_error}),
        by=by,
        at=at,
    )
    return job


@transaction.atomic
def stuck_job_resolve(*, job_id: int, note: str, by: User, at: datetime) -> Job:
    """Close the job without doing it. Invalid without a reason; JobNotStuck, PermissionRefused."""
    policies.require(policies.may_administer(by), "Only staff can resolve a job.")
    if not note.strip():
        raise Invalid([FieldError("note", "required", "Say why the job need not be done.")])
    job = outbox_services.job_resolve(job_id=job_id, note=note.strip())
    audit.record(
        audit.Record(
            event="job.resolved",
            target=job,
            before={"last_error": job.last_error},
            after={"outcome": job.outcome, "note": job.outcome_note},
        ),
        by=by,
        at=at,
    )
    return job
