"""Registering one address twenty times at once: the unique constraint is the judge."""

from functools import partial

import pytest

from accounts import services
from accounts.models import AuditEvent, FreelancerProfile, User
from outbox.models import Job
from tests.factories import AT, PASSWORD
from tests.races.threads import TIMES, at_once, tally

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_one_of_many_registrations_of_an_address_wins():
    register = partial(
        services.user_register, password=PASSWORD, name="Ana Lima", role="freelancer", at=AT
    )

    outcomes = at_once(
        *[
            partial(register, email=email)
            for email in ("ana@example.com", "Ana@Example.com")
            for _ in range(TIMES // 2)
        ]
    )

    assert tally(outcomes) == {"done": 1, "EmailTaken": TIMES - 1}
    assert any(outcome.was_stopped_by_the_database for outcome in outcomes)
    assert User.objects.count() == 1
    assert FreelancerProfile.objects.count() == 1
    assert Job.objects.filter(topic="mail.send").count() == 1
    assert AuditEvent.objects.filter(event="user.registered").count() == 1
