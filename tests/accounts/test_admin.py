import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import services
from accounts.models import ApiToken, AuditEvent, IdempotencyKey, Organisation, User
from accounts.services import TokenGrant
from common.admin import ReadOnlyAdmin
from outbox.models import Job
from tests.factories import AT, OrganisationFactory

pytestmark = pytest.mark.django_db

MODELS = [User, Organisation, ApiToken, IdempotencyKey, AuditEvent]


@pytest.fixture
def rows(freelancer):
    """One row of each model."""
    organisation = OrganisationFactory()
    token, _ = services.token_issue(grant=TokenGrant(name="Books"), by=freelancer, at=AT)
    key = IdempotencyKey.objects.create(
        user=freelancer, key="k", digest="d", state="started", created_at=AT
    )
    return {
        User: freelancer,
        Organisation: organisation,
        ApiToken: token,
        IdempotencyKey: key,
        AuditEvent: AuditEvent.objects.get(event="token.issued"),
    }


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def values_of(row):
    return type(row).objects.filter(pk=row.pk).values().get()


@pytest.mark.parametrize("model", MODELS)
def test_staff_see_list_and_row(client_for, staff, rows, model):
    client = client_for(staff)

    listed = client.get(url(model, "changelist"), {"q": "x"})
    shown = client.get(url(model, "change", rows[model].pk))

    assert (listed.status_code, shown.status_code) == (200, 200)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("person", [None, "freelancer"])
def test_others_see_nothing(request, client_for, rows, model, person):
    user = request.getfixturevalue(person) if person else None

    response = client_for(user).get(url(model, "changelist"))

    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize("model", MODELS)
def test_forged_posts_change_nothing(client_for, staff, rows, model):
    client = client_for(staff)
    row = rows[model]
    before = values_of(row)
    forged = dict.fromkeys(before, "forged") | {"_save": "Save", "post": "yes"}

    answers = [
        client.post(url(model, "change", row.pk), forged).status_code,
        client.post(url(model, "add"), forged).status_code,
        client.post(url(model, "delete", row.pk), forged).status_code,
    ]
    deleting = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(url(model, "changelist"), deleting)

    assert answers == [403, 403, 403]
    assert values_of(row) == before
    assert model.objects.filter(pk=row.pk).count() == 1


def test_no_model_of_the_site_can_be_added_changed_or_deleted():
    assert admin.site._registry
    assert [
        model for model, door in admin.site._registry.items() if not isinstance(door, ReadOnlyAdmin)
    ] == []


@pytest.mark.parametrize("model", ["account_emailaddress", "mfa_authenticator", "auth_group"])
def test_secrets_and_permissions_have_no_page(model):
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:{model}_changelist")


def test_a_public_id_finds_its_row(client_for, staff, freelancer, commissioner):
    response = client_for(staff).get(url(User, "changelist"), {"q": freelancer.public_id})

    assert list(response.context["cl"].result_list) == [freelancer]


@pytest.mark.parametrize(("role", "count"), [("freelancer", 2), ("commissioner", 2)])
def test_people_are_filtered_by_role(
    client_for, staff, freelancer, commissioner, stranger, role, count
):
    response = client_for(staff).get(url(User, "changelist"), {"role": role})

    assert len(response.context["cl"].result_list) == count


@pytest.mark.parametrize(("subject", "count"), [("token", 1), ("payment", 0), ("nonsense", 1)])
def test_audit_rows_are_filtered_by_subject(client_for, staff, rows, subject, count):
    response = client_for(staff).get(url(AuditEvent, "changelist"), {"subject": subject})

    assert len(response.context["cl"].result_list) == count


def act(client, model, action, *rows):
    values = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(url(model, "changelist"), values, follow=True)


def test_deactivating_goes_through_the_service(client_for, staff, freelancer):
    act(client_for(staff), User, "deactivate", freelancer)

    freelancer.refresh_from_db()
    assert not freelancer.is_active
    event = AuditEvent.objects.get()
    assert (event.event, event.actor) == ("user.deactivated", staff.public_id)


def test_a_refusal_is_reported_and_does_not_stop_the_others(client_for, staff, freelancer):
    response = act(client_for(staff), User, "deactivate", staff, freelancer)

    freelancer.refresh_from_db()
    staff.refresh_from_db()
    assert (freelancer.is_active, staff.is_active) == (False, True)
    assert sorted(str(message) for message in response.context["messages"]) == [
        "You cannot deactivate your own account.",
        "freelancer@example.com is deactivated.",
    ]


def test_reactivating_and_reset_mails_go_through_services(client_for, staff, freelancer):
    User.objects.filter(pk=freelancer.pk).update(is_active=False)
    client = client_for(staff)

    act(client, User, "reactivate", freelancer)
    act(client, User, "mail_password_reset", freelancer)

    freelancer.refresh_from_db()
    assert freelancer.is_active
    assert Job.objects.get(topic="mail.send").payload["template"] == "password_reset"


def test_staff_revoke_a_token(client_for, staff, freelancer):
    token, _ = services.token_issue(
        grant=TokenGrant(name="Books"), by=freelancer, at=timezone.now()
    )

    act(client_for(staff), ApiToken, "revoke", token)

    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_hash_of_a_token_is_not_shown(client_for, staff, rows):
    response = client_for(staff).get(url(ApiToken, "change", rows[ApiToken].pk))

    assert rows[ApiToken].digest.encode() not in response.content


def test_staff_sign_in_by_the_common_door(client):
    response = client.get("/admin/login/?next=/admin/accounts/user/")

    assert response.url == f"{reverse('account_login')}?next=%2Fadmin%2Faccounts%2Fuser%2F"


def test_people_without_staff_rights_get_no_second_chance_there(client_for, freelancer):
    response = client_for(freelancer).get("/admin/login/?next=/admin/")

    assert response.status_code == 403


def test_the_index_is_grouped_by_subject(client_for, staff):
    response = client_for(staff).get("/admin/")

    names = [group["name"] for group in response.context["app_list"]]
    assert names[0] == "People"
    assert names[-1] == "Operation"
