"""Handlers of outbox topics: sending mails outside of any transaction, and clearing access rows."""

import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from email.utils import formataddr
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.idempotency import expire_keys
from accounts.services import Mail, site_url
from accounts.services.access import windows_purge
from accounts.services.attachments import attachments_of
from accounts.services.mail import TOPIC, in_words
from outbox import registry
from outbox.models import Job

PURGE: Final = "housekeeping.access"

BATCH: Final = 20
NEEDED_LEASE: Final = timedelta(seconds=15)
"""No mail is begun when less than this is left of the lease: nobody else can send it meanwhile."""
AWAY_SECONDS: Final = 60.0
"""A mail server that was away is not asked for so long: each time may take all of EMAIL_TIMEOUT."""
_away_until = 0.0
_away_words = ""
FORGET: Final = "UPDATE outbox_job SET payload = payload - 'context' WHERE id = ANY(%s)"


def send(jobs: Sequence[Job]) -> registry.Settle:
    """Send mails, one after the other. Unreachable where there is no connection to the mail server.

    The first that fails has had its attempt, and those after it come in the next round: so none is
    sent twice because of another one, and a server that is slow to fail holds nobody for longer.
    A worker killed between sending and settling repeats a mail under the same Message-ID.
    """
    sent: set[int] = set()
    failed: dict[int, Exception] = {}
    deadline = time.monotonic() + (registry.OUTSIDE_LEASE - NEEDED_LEASE).total_seconds()
    with _connected() as mailer:
        for job in jobs:
            if time.monotonic() > deadline:
                break
            try:
                _send(job, mailer)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this mail's
                failed[job.pk] = error
                break
            sent.add(job.pk)

    def settle() -> registry.Left:
        _forget_context(sent)
        later = [job.pk for job in jobs if job.pk not in sent and job.pk not in failed]
        return registry.Left(later=later, failed=failed)

    return settle


def _connected() -> BaseEmailBackend:
    """The backend, connected. Unreachable, for a minute in this process without asking again."""
    global _away_until, _away_words
    if time.monotonic() < _away_until:
        raise registry.Unreachable(_away_words)
    mailer: BaseEmailBackend = get_connection()
    try:
        mailer.open()
    except OSError as error:
        _away_words = f"no connection to the mail server: {error}"
        _away_until = time.monotonic() + AWAY_SECONDS
        raise registry.Unreachable(_away_words) from error
    return mailer


def _send(job: Job, mailer: BaseEmailBackend) -> None:
    template = Mail(job.payload["template"])
    stored = dict(job.payload["context"])
    attached = attachments_of(*stored.pop("files")["files"]) if "files" in stored else []
    context = {name: in_words(value) for name, value in stored.items()}
    context["attached"] = ", ".join(file.name for file in attached)
    if "path" in context:
        context["url"] = site_url(context["path"])
    context["site"] = site_url("")
    text, html, subject = (
        render_to_string(f"emails/{template}{ending}", context)
        for ending in (".txt", ".html", ".subject.txt")
    )
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text.strip() + "\n",
        to=[formataddr((context.get("name", ""), job.payload["to"]))],
        headers={"Message-ID": f"<{job.public_id}@{urlsplit(settings.SITE_URL).hostname}>"},
        connection=mailer,
    )
    mail.attach_alternative(html, "text/html")
    for file in attached:
        mail.attach(file.name, file.content, file.media_type)
    mail.send()


def _forget_context(ids: Collection[int]) -> None:
    """Keep template and address of sent mails alone: links can open an account."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [list(ids)])


def purge_access(jobs: Sequence[Job]) -> None:
    """Delete idempotency keys and rate windows that are past their time."""
    at = timezone.now()
    expire_keys(at=at)
    windows_purge(at=at)


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(TOPIC, send, kind="outside", batch=BATCH)
    registry.register(PURGE, purge_access)
