"""What follows from a proof of the books: the run is kept, checkpoints move, staff are told."""

import hashlib
import json
import logging
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.db import connection, transaction
from django.urls import reverse

from accounts import audit, policies
from accounts.models import User
from accounts.selectors import staff
from accounts.services.mail import Mail, mail_enqueue_many
from outbox.models import Job
from outbox.services import enqueue
from wallets import integrity
from wallets.enums import VerificationMode
from wallets.exceptions import VerificationPending
from wallets.integrity import Head, Proof
from wallets.models import Checkpoint, VerificationRun

VERIFY: Final = "books.verify"
VERIFY_RECENT: Final = "books.verify_recent"
KEEP_HEADS: Final = """
INSERT INTO wallets_checkpoint AS c (account_id, shard, seq, posted, head)
SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bytea[])
ON CONFLICT (account_id, shard) DO UPDATE
SET seq = excluded.seq, posted = excluded.posted, head = excluded.head
WHERE excluded.seq > c.seq
"""
logger = logging.getLogger(__name__)


def verification_prove(mode: VerificationMode) -> tuple[VerificationMode, Proof]:
    """Prove the books, on connections of its own; everything where nothing was proved before.

    Reads only, in no transaction of the caller. What was proved comes back with the mode.
    """
    if mode is VerificationMode.RECENT and Checkpoint.objects.exists():
        return mode, integrity.prove_recent()
    return VerificationMode.FULL, integrity.prove()


@transaction.atomic
def verification_keep(
    *, mode: VerificationMode, proof: Proof, started_at: datetime, at: datetime
) -> VerificationRun:
    """Keep the run. A green one moves the checkpoints; any other is logged and mailed to staff.

    The mail about the same differences goes out once a day.
    """
    found = [[entry.check, entry.subject, entry.detail] for entry in proof.differences]
    run = VerificationRun.objects.create(
        mode=mode,
        started_at=started_at,
        ended_at=at,
        checks=proof.checks,
        entries=proof.entries,
        difference_count=len(found),
        differences=found,
    )
    if run.is_green:
        _keep_heads(proof.moved)
        logger.info("books proved", extra={"mode": str(mode), "entries": proof.entries})
    else:
        logger.error("books differ", extra={"mode": str(mode), "differences": found[:5]})
        _tell_staff(run, at=at)
    return run


@transaction.atomic
def verification_request(*, by: User, at: datetime) -> None:
    """Ask for a full proof now. VerificationPending while one waits; PermissionRefused."""
    policies.require(policies.may_administer(by), "Only staff can prove the books.")
    if Job.objects.pending().filter(topic=VERIFY).exists():
        raise VerificationPending
    key = f"staff:{uuid4().hex}"
    enqueue(VERIFY, key=key)
    job = Job.objects.get(topic=VERIFY, key=key)
    audit.record(audit.Record(event="books.verification_requested", target=job), by=by, at=at)


def _keep_heads(heads: list[Head]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP_HEADS,
            [
                [head.account_id for head in heads],
                [head.shard for head in heads],
                [head.seq for head in heads],
                [head.posted for head in heads],
                [head.hash for head in heads],
            ],
        )


def _tell_staff(run: VerificationRun, *, at: datetime) -> None:
    digest = hashlib.sha256(json.dumps(run.differences).encode()).hexdigest()[:16]
    context = {
        "count": str(run.difference_count),
        "first": ": ".join(run.differences[0]),
        "path": reverse("admin:wallets_verificationrun_change", args=[run.pk]),
    }
    mail_enqueue_many(
        Mail.BOOKS_DIFFER, [(person, f"{at:%Y-%m-%d}:{digest}", context) for person in staff()]
    )
