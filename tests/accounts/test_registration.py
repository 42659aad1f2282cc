"""Sign-up, sign-in and reset in the browser: allauth's views with our form, adapter and mails."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent, User
from outbox.models import Job
from tests.builders import run_jobs
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another horse battery"


def sign_up(client, **changes):
    values = {
        "role": "freelancer",
        "name": "Ana Lima",
        "email": "ana@example.com",
        "password1": PASSWORD,
    }
    return client.post(reverse("account_signup"), {**values, **changes})


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": email, "password": password, **extra})


def link_in(message) -> str:
    (link,) = {word for word in message.body.split() if word.startswith("http")} - {
        "http://127.0.0.1:8000"
    }
    return link.removeprefix("http://127.0.0.1:8000")


def test_the_form_asks_for_role_name_address_and_password(client):
    form = client.get(reverse("account_signup")).context["form"]

    assert list(form.fields) == ["role", "name", "email", "password1"]
    assert [value for value, _ in form.fields["role"].choices] == ["freelancer", "commissioner"]


def test_sign_up_registers_and_sends_to_sign_in(client):
    response = sign_up(client)

    assert response.status_code == 302
    assert response.url == reverse("account_login")
    user = User.objects.get()
    assert (user.email, user.name, user.roles) == ("ana@example.com", "Ana Lima", ["freelancer"])
    assert "_auth_user_id" not in client.session


def test_the_answer_does_not_tell_whether_the_address_is_taken(client, freelancer):
    answers = []
    for email in ("new@example.com", freelancer.email, freelancer.email.upper()):
        response = sign_up(client, email=email)
        page = client.get(response.url)
        text = page.content.decode().replace(str(page.context["csrf_token"]), "")
        answers.append((response.status_code, response.url, sorted(response.headers), text))

    assert answers[0] == answers[1] == answers[2]
    assert User.objects.count() == 2


def test_the_owner_of_a_taken_address_is_told_by_mail(client, freelancer):
    sign_up(client, email=freelancer.email)

    run_jobs("mail.send")

    (message,) = mail.outbox
    assert message.to == ["Fred Freelancer <freelancer@example.com>"]
    assert message.subject == "You have an account already"


def test_mandatory_confirmation_answers_the_same_for_both_too(client, freelancer, settings):
    settings.EMAIL_CONFIRMATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    urls = [sign_up(client, email=email).url for email in ("new@example.com", freelancer.email)]

    assert urls == [reverse("account_email_verification_sent")] * 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "staff"),
        ("role", ""),
        ("name", "  "),
        ("email", "no-address"),
        ("password1", "eleven char"),
        ("password1", "startfinding"),
        ("password1", "123456789012345"),
    ],
)
def test_sign_up_explains_what_it_cannot_accept(client, field, value):
    response = sign_up(client, **{field: value})

    assert list(response.context["form"].errors) == [field]
    assert User.objects.count() == 0
    assert Job.objects.count() == 0


def test_nobody_becomes_staff_by_the_form(client):
    sign_up(client, is_staff="on", is_superuser="on", roles="staff")

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.roles) == (False, False, ["freelancer"])


def test_sign_up_keeps_the_page_that_one_came_for(client):
    response = sign_up(client, next="/gigs/")

    assert response.url == f"{reverse('account_login')}?next=%2Fgigs%2F"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_no_page_elsewhere_is_a_next_page(client, freelancer, target):
    registered = sign_up(client, next=target)
    signed_in = sign_in(client, freelancer.email, next=target)

    assert registered.url == reverse("account_login")
    assert signed_in.url == reverse("dashboard")


def test_the_confirmation_link_confirms_by_a_button(client):
    sign_up(client)
    run_jobs("mail.send")
    path = link_in(mail.outbox[0])

    page = client.get(path)
    before = EmailAddress.objects.get().verified
    client.post(path)

    assert page.status_code == 200
    assert (before, EmailAddress.objects.get().verified) == (False, True)


def test_sign_in_is_regardless_of_case(client, freelancer):
    response = sign_in(client, "Freelancer@Example.com")

    assert response.url == reverse("dashboard")
    assert client.session["_auth_user_id"] == str(freelancer.pk)


@pytest.mark.parametrize("email", ["freelancer@example.com", "nobody@example.com"])
def test_a_failed_sign_in_says_the_same_for_known_and_unknown(client, freelancer, email):
    response = sign_in(client, email, "wrong horse battery")

    assert response.context["form"].non_field_errors() == [
        "The email address and/or password you specified are not correct."
    ]
    assert "_auth_user_id" not in client.session


def test_failed_sign_ins_are_limited(client, freelancer, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/key"}
    for _ in range(3):
        sign_in(client, freelancer.email, "wrong horse battery")

    response = sign_in(client, freelancer.email)

    assert response.context["form"].non_field_errors() == [
        "Too many failed login attempts. Try again later."
    ]
    assert "_auth_user_id" not in client.session


def test_a_deactivated_person_cannot_sign_in(client, freelancer):
    User.objects.filter(pk=freelancer.pk).update(is_active=False)

    response = sign_in(client, freelancer.email)

    assert response.url == reverse("account_inactive")
    assert "_auth_user_id" not in client.session


def test_sessions_end_when_an_account_is_deactivated(client_for, freelancer):
    client = client_for(freelancer)
    User.objects.filter(pk=freelancer.pk).update(is_active=False)

    response = client.get(reverse("accounts:settings"))

    assert response.status_code == 302


def test_unconfirmed_people_wait_where_confirmation_is_mandatory(client, settings):
    sign_up(client)
    settings.EMAIL_CONFIRMATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    response = sign_in(client, "ana@example.com")

    assert response.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session


def test_sign_out_takes_a_post(client_for, freelancer):
    client = client_for(freelancer)
    page = client.get(reverse("account_logout"))
    still_in = "_auth_user_id" in client.session

    response = client.post(reverse("account_logout"))

    assert (page.status_code, still_in) == (200, True)
    assert response.url == reverse("home")
    assert "_auth_user_id" not in client.session


def test_reset_by_mail_sets_a_new_password_and_tells_the_owner(client, freelancer):
    client.post(reverse("account_reset_password"), {"email": "FREELANCER@example.com"})
    run_jobs("mail.send")
    form_page = client.get(link_in(mail.outbox[0]), follow=True)
    form_path = form_page.redirect_chain[-1][0]

    response = client.post(form_path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    run_jobs("mail.send")

    assert response.status_code == 302
    freelancer.refresh_from_db()
    assert freelancer.check_password(NEW_PASSWORD)
    assert "was reset" in mail.outbox[1].body
    assert AuditEvent.objects.filter(
        event="user.password_changed", target=freelancer.public_id
    ).exists()


def test_changing_the_password_keeps_the_session_and_tells_the_owner(client_for, freelancer):
    client = client_for(freelancer)
    values = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    response = client.post(reverse("account_change_password"), values)
    run_jobs("mail.send")

    assert response.url == reverse("accounts:security")
    assert client.get(response.url).status_code == 200
    freelancer.refresh_from_db()
    assert freelancer.check_password(NEW_PASSWORD)
    assert "was changed" in mail.outbox[0].body
    assert AuditEvent.objects.get().event == "user.password_changed"


def test_reset_answers_the_same_for_unknown_addresses_and_mails_nobody(client, freelancer):
    urls = [
        client.post(reverse("account_reset_password"), {"email": email}).url
        for email in (freelancer.email, "nobody@example.com")
    ]
    run_jobs("mail.send")

    assert urls == [reverse("account_reset_password_done")] * 2
    assert [message.to for message in mail.outbox] == [["Fred Freelancer <freelancer@example.com>"]]


def test_reset_links_ignore_the_host_header(client, freelancer, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post(
        reverse("account_reset_password"),
        {"email": freelancer.email},
        headers={"host": "evil.example"},
    )

    job = Job.objects.get()
    assert job.payload["context"]["url"].startswith("http://127.0.0.1:8000/accounts/")


def test_somebody_elses_address_cannot_be_added(client_for, freelancer, commissioner):
    client = client_for(freelancer)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    response = client.post(
        reverse("account_email"), {"action_add": "", "email": commissioner.email}
    )

    assert response.context["form"].errors == {"email": ["This address cannot be added."]}
    assert not EmailAddress.objects.filter(email=commissioner.email).exists()


def test_a_second_address_waits_for_its_confirmation(client_for, freelancer):
    client = client_for(freelancer)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    client.post(reverse("account_email"), {"action_add": "", "email": "second@example.com"})
    run_jobs("mail.send")

    address = EmailAddress.objects.get(email="second@example.com")
    assert (address.user, address.verified, address.primary) == (freelancer, False, False)
    assert mail.outbox[0].subject == "Confirm your e-mail address"
    assert "/accounts/confirm-email/" in mail.outbox[0].body


def test_createsuperuser_makes_staff_who_sign_in_by_the_same_door(client):
    user = User.objects.create_superuser(email="Boss@Example.com", password=PASSWORD)

    sign_in(client, "boss@example.com")

    assert (user.is_staff, user.is_superuser, user.roles) == (True, True, [])
    assert User.objects.get_by_natural_key("BOSS@example.com") == user
    assert client.session["_auth_user_id"] == str(user.pk)
