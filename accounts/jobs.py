"""Handlers of outbox topics: sending mails outside of any transaction, and clearing access rows."""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from email.utils import formataddr
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.idempotency import expire_keys
from accounts.services import Mail, site_url
from accounts.services.access import windows_purge
from accounts.services.mail import TOPIC, in_words
from outbox import registry
from outbox.models import Job

PURGE: Final = "housekeeping.access"
logger = logging.getLogger(__name__)

BATCH: Final = 20
NEEDED_LEASE: Final = timedelta(seconds=15)


def send(jobs: Sequence[Job]) -> registry.Settle:
    """Send mails, one after the other.

    One mail is never sent twice because another one failed: after the first failure the mails
    before it are settled, and it heads the next round. It raises there, alone with its attempts.
    A worker killed between sending and settling repeats a mail under the same Message-ID.
    """
    sent: list[Job] = []
    with get_connection() as mailer:
        for job in jobs:
            if not _is_held(job):
                break
            try:
                _send(job, mailer)
            except Exception:
                if not sent:
                    raise
                logger.warning("mail failed", extra={"key": job.key}, exc_info=True)
                break
            sent.append(job)
    done = {job.pk for job in sent}

    def settle() -> Collection[int]:
        for job in sent:
            Job.objects.filter(pk=job.pk).update(payload=_without_secrets(job))
        return [job.pk for job in jobs if job.pk not in done]

    return settle


def _is_held(job: Job) -> bool:
    """Whether no other worker can take this job while we send it."""
    return Job.objects.filter(
        pk=job.pk, lease_token=job.lease_token, lease_until__gt=Now() + NEEDED_LEASE
    ).exists()


def _send(job: Job, mailer: BaseEmailBackend) -> None:
    template = Mail(job.payload["template"])
    context = {name: in_words(value) for name, value in job.payload["context"].items()}
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
    mail.send()


def _without_secrets(job: Job) -> dict[str, object]:
    """What stays of a sent mail's payload: links can open an account, so they go."""
    return {"template": job.payload["template"], "to": job.payload["to"]}


def purge_access(jobs: Sequence[Job]) -> None:
    """Delete idempotency keys and rate windows that are past their time."""
    at = timezone.now()
    expire_keys(at=at)
    windows_purge(at=at)


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(TOPIC, send, kind="outside", batch=BATCH)
    registry.register(PURGE, purge_access)
