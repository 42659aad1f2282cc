import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.enums import Scope
from accounts.models import (
    ApiToken,
    AuditEvent,
    CommissionerProfile,
    FreelancerProfile,
    Organisation,
)
from accounts.services import TokenGrant, access
from tests.factories import AT

pytestmark = pytest.mark.django_db

PAGES = ["settings", "legal", "tokens", "security"]
LEGAL = {"legal_name": "Ana Lima Lda.", "city": "Lisboa", "country": "PT"}
ORGANISATION = {
    "organisation-name": "Museum",
    "organisation-legal_name": "Museum Ltd",
    "organisation-country": "GB",
}


@pytest.fixture
def token(freelancer):
    grant = TokenGrant(name="Bookkeeping", scopes=[Scope.MONEY_READ])
    issued, _ = services.token_issue(grant=grant, by=freelancer, at=timezone.now())
    return issued


@pytest.mark.parametrize("page", PAGES)
def test_settings_are_for_people_who_are_signed_in(client, page):
    url = reverse(f"accounts:{page}")

    response = client.get(url)

    assert response.status_code == 302
    assert response.url == f"{reverse('account_login')}?next={url}"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", ["freelancer", "commissioner", "stranger", "staff"])
def test_everybody_has_every_settings_page(request, client_for, page, person):
    user = request.getfixturevalue(person)

    response = client_for(user).get(reverse(f"accounts:{page}"))

    assert response.status_code == 200


@pytest.mark.parametrize(
    "name",
    ["profile", "freelancer-profile", "commissioner-profile", "role-add", "organisation"],
)
def test_nothing_is_saved_by_get(client_for, stranger, name):
    response = client_for(stranger).get(reverse(f"accounts:{name}"))

    assert response.status_code == 405


@pytest.mark.parametrize(
    ("name", "right", "wrong", "values"),
    [
        ("freelancer-profile", "freelancer", "commissioner", {"freelancer-headline": "CSS"}),
        ("commissioner-profile", "commissioner", "freelancer", {"commissioner-about": "A museum"}),
        ("organisation", "commissioner", "freelancer", ORGANISATION),
    ],
)
def test_screens_of_a_role_refuse_the_other(request, client_for, name, right, wrong, values):
    url = reverse(f"accounts:{name}")

    anonymous = client_for(None).post(url, values)
    refused = client_for(request.getfixturevalue(wrong)).post(url, values)
    before = AuditEvent.objects.count()
    saved = client_for(request.getfixturevalue(right)).post(url, values)

    assert (anonymous.status_code, refused.status_code, saved.status_code) == (302, 403, 302)
    assert anonymous.url.startswith(reverse("account_login"))
    assert AuditEvent.objects.count() == before + 1


def test_profile_saves_name_and_currency(client_for, freelancer):
    values = {"name": "Fred Fisher", "currency": "EUR"}

    response = client_for(freelancer).post(reverse("accounts:profile"), values)

    assert response.url == reverse("accounts:settings")
    freelancer.refresh_from_db()
    assert (freelancer.name, freelancer.currency) == ("Fred Fisher", "EUR")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("profile", {"name": " ", "currency": "USD"}),
        ("profile", {"name": "Sam", "currency": "XAU"}),
        ("freelancer-profile", {"freelancer-skills": ",".join(f"s{n}" for n in range(21))}),
        ("freelancer-profile", {"freelancer-headline": "x" * 121}),
        ("commissioner-profile", {"commissioner-website": "javascript:alert(1)"}),
        ("legal", {**LEGAL, "legal_name": ""}),
        ("legal", {**LEGAL, "country": "ZZ"}),
        ("legal", {**LEGAL, "vat_id": "PT1"}),
        ("legal", {**LEGAL, "electronic_address": "ana@example.com"}),
        ("legal", {}),
        ("organisation", {**ORGANISATION, "organisation-name": ""}),
        ("tokens", {"name": "x", "days": "30"}),
        ("tokens", {"name": "x", "days": "99999", "scopes": ["gigs:read"]}),
        ("tokens", {"name": "x", "days": "30", "scopes": ["everything"]}),
    ],
)
def test_invalid_forms_are_shown_again_and_change_nothing(client_for, stranger, name, values):
    before = AuditEvent.objects.count()

    response = client_for(stranger).post(reverse(f"accounts:{name}"), values)

    assert response.status_code == 422
    assert b"field-error" in response.content
    assert AuditEvent.objects.count() == before
    assert ApiToken.objects.count() == 0


def test_freelancer_profile_is_saved_from_words_with_commas(client_for, freelancer):
    values = {
        "freelancer-headline": "Front end",
        "freelancer-skills": "Django, CSS, django",
        "freelancer-about": "Ten years.",
    }

    client_for(freelancer).post(reverse("accounts:freelancer-profile"), values)

    profile = FreelancerProfile.objects.get(user=freelancer)
    assert profile.skills == ["django", "css"]


def test_commissioner_profile_is_saved(client_for, commissioner):
    values = {"commissioner-website": "museum.example", "commissioner-about": "A museum."}

    client_for(commissioner).post(reverse("accounts:commissioner-profile"), values)

    profile = CommissionerProfile.objects.get(user=commissioner)
    assert profile.website == "https://museum.example"


def test_the_second_role_is_a_button_away(client_for, freelancer):
    response = client_for(freelancer).post(reverse("accounts:role-add"), {"role": "commissioner"})

    assert response.url == reverse("accounts:settings")
    freelancer.refresh_from_db()
    assert freelancer.roles == ["commissioner", "freelancer"]


def test_no_other_role_can_be_taken(client_for, freelancer):
    response = client_for(freelancer).post(reverse("accounts:role-add"), {"role": "staff"})

    assert response.status_code == 302
    freelancer.refresh_from_db()
    assert freelancer.roles == ["freelancer"]


def test_legal_data_is_saved(client_for, freelancer):
    response = client_for(freelancer).post(reverse("accounts:legal"), LEGAL)

    assert response.url == reverse("accounts:legal")
    freelancer.refresh_from_db()
    assert (freelancer.legal_name, freelancer.country) == ("Ana Lima Lda.", "PT")


def test_each_is_asked_what_concerns_their_roles(client_for, freelancer, commissioner):
    asked = {
        person.name: client_for(person).get(reverse("accounts:legal")).content.decode()
        for person in (freelancer, commissioner)
    }

    assert 'name="tax_status"' in asked[freelancer.name]
    assert 'name="buyer_kind"' not in asked[freelancer.name]
    assert 'name="tax_status"' not in asked[commissioner.name]
    assert 'name="buyer_kind"' in asked[commissioner.name]


def test_the_form_starts_with_what_is_kept_and_saves_numbers(client_for, freelancer):
    values = {**LEGAL, "vat_id": "123456789", "tax_status": "registered"}
    client_for(freelancer).post(reverse("accounts:legal"), values)

    page = client_for(freelancer).get(reverse("accounts:legal")).content.decode()

    assert 'value="PT123456789"' in page
    assert '<option value="registered" selected>' in page


def test_the_organisation_is_saved(client_for, commissioner):
    client_for(commissioner).post(reverse("accounts:organisation"), ORGANISATION)

    organisation = Organisation.objects.get()
    assert (organisation.owner, organisation.name, organisation.country) == (
        commissioner,
        "Museum",
        "GB",
    )


def test_a_new_token_is_shown_once(client_for, freelancer):
    client = client_for(freelancer)
    values = {"name": "Books", "days": "90", "scopes": ["money:read", "gigs:read"]}

    first = client.post(reverse("accounts:tokens"), values)
    second = client.get(reverse("accounts:tokens"))

    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scopes) == (
        freelancer,
        "Books",
        ["gigs:read", "money:read"],
    )
    assert token.expires_at - token.created_at == timedelta(days=90)
    (secret,) = re.findall(r'<code id="new-token">(\S+)</code>', first.content.decode())
    assert access.token_find(secret=secret, at=timezone.now()) == token
    assert secret.encode() not in second.content
    assert (first.status_code, "no-store" in first["Cache-Control"]) == (200, True)
    kept = [session.get_decoded() for session in Session.objects.all()]
    assert kept
    assert secret not in str(kept)


def test_tokens_of_others_are_not_listed(client_for, stranger, token):
    response = client_for(stranger).get(reverse("accounts:tokens"))

    assert list(response.context["tokens"]) == []


def test_an_expired_token_says_so(client_for, freelancer):
    services.token_issue(grant=TokenGrant(name="Old"), by=freelancer, at=AT - timedelta(days=300))

    response = client_for(freelancer).get(reverse("accounts:tokens"))

    assert b"Expired" in response.content


def test_revoking_is_for_the_owner_alone(client_for, freelancer, commissioner, token):
    url = reverse("accounts:token-revoke", args=[token.public_id])

    anonymous = client_for(None).post(url)
    other = client_for(commissioner).post(url)
    token.refresh_from_db()
    untouched = token.revoked_at
    owner = client_for(freelancer).post(url)
    again = client_for(freelancer).post(url)

    assert anonymous.url.startswith(reverse("account_login"))
    assert other.status_code == 404
    assert untouched is None
    assert owner.url == reverse("accounts:tokens")
    assert again.status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_other_spellings_of_a_token_are_nowhere(client_for, freelancer, token):
    client = client_for(freelancer)
    path = reverse("accounts:token-revoke", args=[token.public_id])

    for spelling in (path.upper(), path.replace("tok_", "usr_"), path.replace("tok_", "")):
        assert client.post(spelling).status_code == 404
