import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse

pytestmark = pytest.mark.django_db

SETUP = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def _required(settings):
    settings.STAFF_TWO_FACTOR_REQUIRED = True


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/settings/", "/"])
def test_staff_without_an_authenticator_are_sent_to_its_set_up(client_for, staff, path):
    response = client_for(staff).get(path)

    assert response.status_code == 302
    assert response.url == SETUP


def test_forged_posts_of_staff_without_an_authenticator_are_sent_there_too(client_for, staff):
    response = client_for(staff).post("/admin/accounts/user/", {"action": "deactivate"})

    assert response.url == SETUP


@pytest.mark.parametrize("name", ["account_logout", "account_email", "mfa_index"])
def test_sign_out_and_set_up_stay_open(client_for, staff, name):
    response = client_for(staff).get(reverse(name))

    assert response.status_code == 200


def test_the_set_up_itself_asks_for_the_password_only(client_for, staff):
    response = client_for(staff).get(SETUP)

    assert response.url.startswith(reverse("account_reauthenticate"))


def test_staff_with_an_authenticator_work(client_for, staff):
    TOTP.activate(staff, generate_totp_secret())

    response = client_for(staff).get("/admin/")

    assert response.status_code == 200


def test_others_are_not_asked(client_for, freelancer):
    response = client_for(freelancer).get(reverse("accounts:settings"))

    assert response.status_code == 200


def test_nobody_is_asked_where_it_is_not_required(client_for, staff, settings):
    settings.STAFF_TWO_FACTOR_REQUIRED = False

    response = client_for(staff).get("/admin/")

    assert response.status_code == 200
