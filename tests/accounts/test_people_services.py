import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts import services
from accounts.enums import Role
from accounts.exceptions import EmailTaken, OwnAccount
from accounts.models import (
    AuditEvent,
    CommissionerProfile,
    FreelancerProfile,
    User,
)
from accounts.services import people
from common.exceptions import Invalid, PermissionRefused
from outbox.models import Job
from tests.factories import AT, PASSWORD

pytestmark = pytest.mark.django_db


def register(**changes) -> User:
    values = {
        "email": "ana@example.com",
        "password": PASSWORD,
        "name": "Ana Lima",
        "role": Role.FREELANCER,
    }
    return services.user_register(**{**values, **changes}, at=AT)


def codes(refusal) -> dict[str, str]:
    return {error.field: error.code for error in refusal.value.errors}


def test_register_creates_the_person_with_profile_and_unconfirmed_address():
    user = register(email=" Ana@Example.COM ", name="  Ana   Lima ")

    user.refresh_from_db()
    assert user.email == "ana@example.com"
    assert user.name == user.legal_name == "Ana Lima"
    assert user.roles == ["freelancer"]
    assert user.joined_at == AT
    assert not user.is_staff
    assert user.check_password(PASSWORD)
    assert FreelancerProfile.objects.filter(user=user).count() == 1
    assert CommissionerProfile.objects.count() == 0
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.primary, address.verified) == ("ana@example.com", True, False)


def test_register_asks_for_the_confirmation_mail_and_audits():
    user = register(role=Role.COMMISSIONER)

    job = Job.objects.get(topic="mail.send")
    assert job.payload["template"] == "email_confirmation"
    assert job.payload["to"] == "ana@example.com"
    assert job.payload["context"]["url"].startswith("http://127.0.0.1:8000/accounts/confirm-email/")
    event = AuditEvent.objects.get()
    assert (event.event, event.actor, event.target) == (
        "user.registered",
        user.public_id,
        user.public_id,
    )
    assert event.after == {"roles": "commissioner"}


@pytest.mark.parametrize("email", ["ana@example.com", "ANA@example.com", " Ana@Example.Com "])
def test_register_refuses_a_taken_address_in_any_case(email):
    register()

    with pytest.raises(EmailTaken) as refusal:
        register(email=email, name="Somebody else")

    assert (refusal.value.code, refusal.value.status) == ("email_taken", 409)
    assert User.objects.count() == 1
    assert Job.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_register_refuses_the_second_address_of_somebody():
    owner = register()
    EmailAddress.objects.create(user=owner, email="lima@example.com", verified=True)

    with pytest.raises(EmailTaken):
        register(email="lima@example.com")

    assert User.objects.count() == 1


def test_register_leaves_the_verdict_to_the_constraint_when_a_twin_was_faster():
    User.objects.create(email="ana@example.com", name="Twin")

    with pytest.raises(EmailTaken):
        register()

    assert User.objects.count() == 1
    assert Job.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no-address"}, "email"),
        ({"email": f"{'a' * 250}@example.com"}, "email"),
        ({"password": "eleven char"}, "password"),
        ({"password": "startfinding"}, "password"),
        ({"password": "123456789012345"}, "password"),
        ({"password": "Ana Lima Ana Lima", "name": "Ana Lima Ana Lima"}, "password"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"role": "staff"}, "role"),
        ({"role": ""}, "role"),
    ],
)
def test_register_refuses_what_it_cannot_accept(changes, field):
    with pytest.raises(Invalid) as refusal:
        register(**changes)

    assert set(codes(refusal)) == {field}
    assert User.objects.count() == 0
    assert Job.objects.count() == 0


def test_register_reports_every_field_at_once():
    with pytest.raises(Invalid) as refusal:
        register(email="x", password="short", name="", role="owner")

    assert set(codes(refusal)) == {"email", "password", "name", "role"}


def test_sign_up_reminds_the_owner_of_a_taken_address_once_a_day(monkeypatch):
    register()
    hashed = []
    monkeypatch.setattr(people, "make_password", lambda text: hashed.append(make_password(text)))

    for _ in range(2):
        services.user_sign_up(
            email="ANA@example.com", password=PASSWORD, name="Eve", role="freelancer", at=AT
        )

    assert User.objects.count() == 1
    assert len(hashed) == 2
    reminder = Job.objects.get(payload__template="account_already_exists")
    assert reminder.payload["to"] == "ana@example.com"
    assert reminder.payload["context"] == {
        "name": "Ana Lima",
        "url": "http://127.0.0.1:8000/accounts/password/reset/",
    }


def test_sign_up_reminds_at_the_primary_address_when_a_second_one_is_taken(freelancer):
    EmailAddress.objects.create(user=freelancer, email="second@example.com")

    services.user_sign_up(
        email="second@example.com", password=PASSWORD, name="Eve", role="freelancer", at=AT
    )

    assert User.objects.count() == 1
    assert Job.objects.get().payload["to"] == "freelancer@example.com"


def test_sign_up_registers_a_free_address():
    services.user_sign_up(
        email="ana@example.com", password=PASSWORD, name="Ana", role="freelancer", at=AT
    )

    assert User.objects.get().roles == ["freelancer"]


def test_role_add_gives_the_second_role_with_its_profile(freelancer):
    services.role_add(role="commissioner", by=freelancer, at=AT)

    freelancer.refresh_from_db()
    assert freelancer.roles == ["commissioner", "freelancer"]
    assert CommissionerProfile.objects.filter(user=freelancer).count() == 1
    event = AuditEvent.objects.get()
    assert event.event == "user.role_added"
    assert event.before == {"roles": "freelancer"}
    assert event.after == {"roles": "commissioner, freelancer"}


def test_role_add_changes_nothing_for_a_role_that_one_has(freelancer):
    services.role_add(role="freelancer", by=freelancer, at=AT)

    freelancer.refresh_from_db()
    assert freelancer.roles == ["freelancer"]
    assert AuditEvent.objects.count() == 0


def test_role_add_knows_no_other_role(freelancer):
    with pytest.raises(Invalid):
        services.role_add(role="staff", by=freelancer, at=AT)

    freelancer.refresh_from_db()
    assert freelancer.roles == ["freelancer"]


def test_profile_update_saves_and_audits_only_what_differs(freelancer):
    services.profile_update(name="Fred Freelancer", currency="JPY", by=freelancer, at=AT)

    freelancer.refresh_from_db()
    assert (freelancer.name, freelancer.currency) == ("Fred Freelancer", "JPY")
    event = AuditEvent.objects.get()
    assert event.before == {"currency": "USD"}
    assert event.after == {"currency": "JPY"}


def test_profile_update_without_a_difference_writes_nothing(freelancer):
    services.profile_update(name=" Fred  Freelancer ", currency="USD", by=freelancer, at=AT)

    assert AuditEvent.objects.count() == 0


def test_freelancer_profile_keeps_each_skill_once(freelancer):
    services.freelancer_profile_update(
        headline=" Django ",
        about="Ten years.",
        skills=["Django", " css ", "django", ""],
        by=freelancer,
        at=AT,
    )

    profile = FreelancerProfile.objects.get(user=freelancer)
    assert profile.headline == "Django"
    assert profile.skills == ["django", "css"]
    event = AuditEvent.objects.get()
    assert event.event == "user.freelancer_profile_updated"
    assert event.after == {"headline": "Django", "about": "Ten years.", "skills": "django, css"}


def test_profiles_belong_to_their_roles(freelancer, commissioner):
    with pytest.raises(PermissionRefused):
        services.freelancer_profile_update(headline="", about="", skills=[], by=commissioner, at=AT)
    with pytest.raises(PermissionRefused):
        services.commissioner_profile_update(about="", website="", by=freelancer, at=AT)

    assert AuditEvent.objects.count() == 0


def test_commissioner_profile_update_saves(commissioner):
    services.commissioner_profile_update(
        about="A museum.", website="https://example.com", by=commissioner, at=AT
    )

    profile = CommissionerProfile.objects.get(user=commissioner)
    assert (profile.about, profile.website) == ("A museum.", "https://example.com")


def test_staff_close_and_open_an_account(staff, freelancer):
    services.user_deactivate(user_id=freelancer.pk, by=staff, at=AT)
    freelancer.refresh_from_db()
    closed = freelancer.is_active

    services.user_reactivate(user_id=freelancer.pk, by=staff, at=AT)
    freelancer.refresh_from_db()

    assert (closed, freelancer.is_active) == (False, True)
    assert list(AuditEvent.objects.order_by("pk").values_list("event", "actor")) == [
        ("user.deactivated", staff.public_id),
        ("user.reactivated", staff.public_id),
    ]


def test_staff_cannot_close_their_own_account(staff):
    with pytest.raises(OwnAccount):
        services.user_deactivate(user_id=staff.pk, by=staff, at=AT)

    staff.refresh_from_db()
    assert staff.is_active


@pytest.mark.parametrize(
    "service",
    [services.user_deactivate, services.user_reactivate, services.password_reset_mail],
)
def test_nobody_else_administers_accounts(service, freelancer, stranger):
    jobs = Job.objects.count()

    with pytest.raises(PermissionRefused):
        service(user_id=freelancer.pk, by=stranger, at=AT)

    freelancer.refresh_from_db()
    assert freelancer.is_active
    assert Job.objects.count() == jobs


def test_password_reset_mail_carries_a_link_that_works(staff, freelancer, client):
    services.password_reset_mail(user_id=freelancer.pk, by=staff, at=AT)

    job = Job.objects.get()
    assert (job.payload["template"], job.payload["to"]) == ("password_reset", freelancer.email)
    path = job.payload["context"]["url"].removeprefix("http://127.0.0.1:8000")
    page = client.get(path, follow=True)
    assert page.status_code == 200
    assert "password1" in page.context["form"].fields
