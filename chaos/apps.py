"""What negative controls take away, and what tests of kills hurry. The product has no such switches."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.db.models import Sum
from django.db.models.functions import Now

NOTHING = timedelta(0)


class ChaosConfig(AppConfig):
    """Applies CHAOS_SWITCHES to the process."""

    name = "chaos"

    def ready(self) -> None:
        for name in filter(None, os.environ.get("CHAOS_SWITCHES", "").split(",")):
            SWITCHES[name]()


def sweeper_off() -> None:
    """The relay sends each job once and believes that it arrived."""
    from django.conf import settings

    settings.OUTBOX_RESEND_SECONDS = 10**9


def new_key() -> None:
    """Each attempt to pay out presents a key of its own, and asks about that one."""
    from outbox.models import Job
    from wallets.providers import PayoutAnswer, PayoutOrder
    from wallets.providers.sandbox_payouts import SandboxPayouts
    from wallets.services.withdrawal_sending import RESOLVE
    from wallets.services.withdrawals import SEND

    send, look = SandboxPayouts.send, SandboxPayouts.look

    def attempt(key: str) -> str:
        jobs = Job.objects.filter(topic__in=[SEND, RESOLVE], key__startswith=key)
        number = jobs.aggregate(made=Sum("attempts"))["made"] or 1
        return key if number == 1 else f"{key}-{number}"

    def send_anew(provider: SandboxPayouts, order: PayoutOrder) -> PayoutAnswer:
        return send(provider, replace(order, key=attempt(order.key)))

    def look_anew(provider: SandboxPayouts, key: str) -> PayoutAnswer | None:
        return look(provider, attempt(key))

    SandboxPayouts.send, SandboxPayouts.look = send_anew, look_anew  # type: ignore[method-assign]


def timeout_fails() -> None:
    """No answer counts as a refusal, whoever asks."""
    from wallets import services

    services.withdrawal_send = _send_or_fail()
    resend_fails()


def resend_fails() -> None:
    """The same, only where a request that never arrived is made again."""
    from wallets.services import withdrawal_sending

    withdrawal_sending.withdrawal_send = _send_or_fail()


def _send_or_fail() -> Callable[[Any], Any]:
    from wallets.enums import PayoutResult
    from wallets.providers import PayoutAnswer
    from wallets.services import withdrawal_sending

    send = withdrawal_sending.withdrawal_send
    refusal = PayoutAnswer(PayoutResult.DECLINED, 0, "", reason="timeout")
    return lambda withdrawal: send(withdrawal) or refusal


def no_lease() -> None:
    """A job can be claimed while somebody else does it, and each of them settles."""
    from django.conf import settings

    from outbox import leases, registry
    from outbox.models import Job

    settings.OUTBOX_RESEND_SECONDS = 1
    registry.LOCAL_LEASE = registry.OUTSIDE_LEASE = registry.BRISK_LEASE = NOTHING  # type: ignore[misc]

    def hold(jobs: Sequence[Job]) -> list[Job]:
        return list(Job.objects.filter(pk__in=[job.pk for job in jobs]).locked())

    def finish(jobs: Sequence[Job]) -> int:
        ended = Job.objects.filter(pk__in=[job.pk for job in jobs], done_at__isnull=True)
        return ended.update(done_at=Now(), outcome="done", lease_until=None, lease_token=None)

    leases.hold, leases.finish = hold, finish  # type: ignore[assignment]


def hurry() -> None:
    """Short leases and pauses, so that a test of many kills does not take minutes."""
    from outbox import registry
    from wallets.services import payments, withdrawal_sending

    registry.LOCAL_LEASE = timedelta(seconds=3)  # type: ignore[misc]
    registry.OUTSIDE_LEASE = registry.BRISK_LEASE = timedelta(seconds=8)  # type: ignore[misc]
    payments.RESOLVE_AFTER = withdrawal_sending.RESOLVE_AFTER = timedelta(seconds=2)  # type: ignore[misc]


SWITCHES: dict[str, Callable[[], None]] = {
    "sweeper-off": sweeper_off,
    "new-key": new_key,
    "timeout-fails": timeout_fails,
    "resend-fails": resend_fails,
    "no-lease": no_lease,
    "hurry": hurry,
}
