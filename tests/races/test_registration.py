"""Registering one address twenty times at once: the unique constraint is the judge."""

from functools import partial

import pytest

from accounts import services
from accounts.models import AuditEvent, FreelancerProfile, User
from outbox.models import Job
from tests.factories import AT, PASSWORD
from tests.races.threads import TIMES, at_once, tally

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


ROUNDS = 10


def register_at_once(name: str) -> bool:
    """Register one address in two spellings; whether the database had to stop one of the calls."""
    register = partial(
        services.user_register, password=PASSWORD, name="Ana Lima", role="freelancer", at=AT
    )

    outcomes = at_once(
        *[
            partial(register, email=f"{spelling}@example.com")
            for spelling in (name, name.title())
            for _ in range(TIMES // 2)
        ]
    )

    assert tally(outcomes) == {"done": 1, "EmailTaken": TIMES - 1}
    return any(outcome.was_stopped_by_the_database for outcome in outcomes)


def test_one_of_many_registrations_of_an_address_wins():
    rounds = next(
        (number for number in range(1, ROUNDS + 1) if register_at_once(f"ana{number}")), None
    )

    assert rounds is not None
    assert User.objects.count() == rounds
    assert FreelancerProfile.objects.count() == rounds
    assert Job.objects.filter(topic="mail.send").count() == rounds
    assert AuditEvent.objects.filter(event="user.registered").count() == rounds
