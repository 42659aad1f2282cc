"""Two-factor sign-in with an authenticator app, as anybody can switch it on."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent
from tests.builders import run_jobs
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(counters())))


@pytest.fixture
def sure(client, freelancer):
    """A client that has just given the password a second time."""
    EmailAddress.objects.create(
        user=freelancer, email=freelancer.email, verified=True, primary=True
    )
    client.post(reverse("account_login"), {"login": freelancer.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_switching_it_on_is_audited_and_told_by_mail(
    sure, freelancer, django_capture_on_commit_callbacks
):
    page = sure.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        response = sure.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    run_jobs("mail.send")

    assert response.status_code == 302
    assert Authenticator.objects.filter(user=freelancer, type=Authenticator.Type.TOTP).exists()
    assert "user.totp_activated" in AuditEvent.objects.values_list("event", flat=True)
    assert any("Two-factor authentication was switched on" in m.body for m in mail.outbox)
    assert secret not in "".join(message.body for message in mail.outbox)


def test_the_set_up_asks_for_the_password_once_more(client_for, freelancer):
    response = client_for(freelancer).get(reverse("mfa_activate_totp"))

    assert response.url.startswith(reverse("account_reauthenticate"))


def test_a_wrong_code_switches_nothing_on(sure):
    sure.get(reverse("mfa_activate_totp"))

    response = sure.post(reverse("mfa_activate_totp"), {"code": "000000"})

    assert response.context["form"].errors == {"code": ["Incorrect code."]}
    assert Authenticator.objects.count() == 0


def test_sign_in_asks_for_the_code_before_it_lets_anybody_in(client, freelancer):
    secret = generate_totp_secret()
    TOTP.activate(freelancer, secret)

    response = client.post(
        reverse("account_login"), {"login": freelancer.email, "password": PASSWORD}
    )
    halfway = client.get(reverse("accounts:settings"))
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    inside = client.get(reverse("accounts:settings"))

    assert response.url == reverse("mfa_authenticate")
    assert halfway.status_code == 302
    assert inside.status_code == 200


def test_an_unconfirmed_address_cannot_lock_its_owner_out(client_for, freelancer):
    EmailAddress.objects.create(
        user=freelancer, email=freelancer.email, verified=False, primary=True
    )
    client = client_for(freelancer)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    response = client.get(reverse("mfa_activate_totp"))

    assert response.url == reverse("mfa_index")
    assert Authenticator.objects.count() == 0
