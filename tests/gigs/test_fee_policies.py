from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from gigs.models import FeePolicy
from gigs.selectors import fee_rate_at
from gigs.services import FeeChange, fee_policy_announce
from tests.builders import active_project

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
ANNOUNCE = "admin:gigs_feepolicy_announce"


def test_a_rate_holds_from_its_moment_on(staff, at):
    running = active_project()
    start = at + timedelta(days=30)
    change = FeeChange(rate=Decimal("0.0375"), valid_from=start, reason="Competition.")

    policy = fee_policy_announce(change=change, by=staff, at=at)

    running.refresh_from_db()
    assert (policy.rate, policy.valid_from) == (Decimal("0.0375"), start)
    assert [fee_rate_at(moment) for moment in (at, start - SECOND, start)] == [
        Decimal("0.05"),
        Decimal("0.05"),
        Decimal("0.0375"),
    ]
    assert running.fee_rate == Decimal("0.0500")
    event = AuditEvent.objects.get(event="fee_policy.announced")
    assert (event.actor, event.target, event.at) == (
        staff.public_id,
        f"fee_policy_{policy.pk}",
        at,
    )
    assert event.after == {
        "rate": "0.0375",
        "valid_from": start.isoformat(),
        "reason": "Competition.",
    }


@pytest.mark.parametrize(
    ("rate", "wait", "reason", "error"),
    [
        ("1", SECOND, "Why not.", ("rate", "out_of_range")),
        ("-0.0001", SECOND, "Why not.", ("rate", "out_of_range")),
        ("0.03333", SECOND, "Why not.", ("rate", "out_of_range")),
        ("0.03", 0 * SECOND, "Why not.", ("valid_from", "in_the_past")),
        ("0.03", -SECOND, "Why not.", ("valid_from", "in_the_past")),
        ("0.03", SECOND, " ", ("reason", "blank")),
    ],
)
def test_what_makes_no_sense_is_refused(staff, at, rate, wait, reason, error):
    change = FeeChange(rate=Decimal(rate), valid_from=at + wait, reason=reason)

    with pytest.raises(Invalid) as refusal:
        fee_policy_announce(change=change, by=staff, at=at)

    assert [(one.field, one.code) for one in refusal.value.errors] == [error]
    assert not FeePolicy.objects.exists()
    assert not AuditEvent.objects.exists()


def test_two_rates_do_not_start_at_once(staff, at):
    change = FeeChange(rate=Decimal("0.03"), valid_from=at + SECOND, reason="First.")
    fee_policy_announce(change=change, by=staff, at=at)

    with pytest.raises(Invalid) as refusal:
        fee_policy_announce(change=change, by=staff, at=at)

    assert [error.code for error in refusal.value.errors] == ["already_taken"]
    assert FeePolicy.objects.count() == AuditEvent.objects.count() == 1


def test_only_staff_change_the_fee(commissioner, at):
    change = FeeChange(rate=Decimal(0), valid_from=at + SECOND, reason="I would like that.")

    with pytest.raises(PermissionRefused):
        fee_policy_announce(change=change, by=commissioner, at=at)

    assert not FeePolicy.objects.exists()


def test_staff_announce_a_rate_in_the_admin(client_for, staff):
    client = client_for(staff)
    next_year = timezone.now().year + 1
    values = {"percent": "3.75", "valid_from": f"{next_year}-01-01T00:00", "reason": "New year."}
    address = reverse(ANNOUNCE)

    linked = client.get(reverse("admin:gigs_feepolicy_changelist")).content.decode()
    asked = client.get(address)
    posted = client.post(address, values)

    policy = FeePolicy.objects.get()
    assert address in linked
    assert asked.status_code == 200
    assert posted.url == reverse("admin:gigs_feepolicy_changelist")
    assert (policy.rate, policy.valid_from.isoformat()) == (
        Decimal("0.0375"),
        f"{next_year}-01-01T00:00:00+00:00",
    )


def test_a_refusal_is_told_in_the_admin(client_for, staff):
    values = {"percent": "3.75", "valid_from": "2020-01-01T00:00", "reason": "Too late."}

    told = client_for(staff).post(reverse(ANNOUNCE), values)

    assert told.status_code == 200
    assert "A rate starts in the future" in told.content.decode()
    assert not FeePolicy.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_door_is_for_staff(client_for, commissioner, method):
    answers = [
        getattr(client_for(user), method)(reverse(ANNOUNCE)).status_code
        for user in (commissioner, None)
    ]

    assert 200 not in answers
    assert not FeePolicy.objects.exists()
