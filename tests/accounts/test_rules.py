"""What the database refuses of people, tokens, keys and the audit log."""

from datetime import timedelta

import pytest

from accounts import audit
from accounts.enums import KeyState
from accounts.models import AuditEvent, FreelancerProfile, IdempotencyKey, RateWindow
from accounts.services.access import TokenGrant, token_issue
from tests.factories import AT, CommissionerFactory, FreelancerFactory, OrganisationFactory
from tests.rules import REWRITES, assert_refused, copy, refused_by, rewrite, rewrite_all

pytestmark = pytest.mark.django_db


def token():
    return token_issue(grant=TokenGrant(name="Script"), by=FreelancerFactory(), at=AT)[0]


def started_key():
    return IdempotencyKey.objects.create(
        user=FreelancerFactory(), key="k", digest="d", state=KeyState.STARTED, created_at=AT
    )


def answered_key():
    return IdempotencyKey.objects.create(
        user=FreelancerFactory(),
        key="k",
        digest="d",
        state=KeyState.ANSWERED,
        status=201,
        body="{}",
        created_at=AT,
    )


def window():
    return RateWindow.objects.create(scope="login", subject="192.0.2.1", window=1)


def event():
    user = FreelancerFactory()
    entry = audit.Record(event="user.renamed", target=user, journal_key="settle:1")
    audit.record(entry, by=user, at=AT)
    return AuditEvent.objects.get()


def profile():
    return FreelancerProfile.objects.get(user=FreelancerFactory())


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("accounts_user_email_lower_case", FreelancerFactory, "email = 'Fred@example.com'"),
        ("accounts_user_roles_valid", FreelancerFactory, "roles = '{freelancer,admin}'"),
        ("accounts_user_currency_listed", FreelancerFactory, "currency = 'XAU'"),
        ("accounts_user_name_not_blank", FreelancerFactory, "name = ''"),
        ("accounts_user_country_is_a_code", FreelancerFactory, "country = 'de'"),
        ("accounts_user_vat_id_has_country", FreelancerFactory, "vat_id = 'DE1'"),
        ("accounts_user_register_scheme_has_number", FreelancerFactory, "register_scheme = '0002'"),
        (
            "accounts_user_electronic_address_has_scheme",
            FreelancerFactory,
            "electronic_address = 'x'",
        ),
        ("accounts_user_tax_status_valid", FreelancerFactory, "tax_status = 'rich'"),
        ("accounts_user_buyer_kind_valid", FreelancerFactory, "buyer_kind = 'state'"),
        ("accounts_organisation_country_is_a_code", OrganisationFactory, "country = '11'"),
        ("accounts_organisation_vat_id_has_country", OrganisationFactory, "vat_id = 'DE1'"),
        (
            "accounts_organisation_register_scheme_has_number",
            OrganisationFactory,
            "register_scheme = '0002'",
        ),
        (
            "accounts_organisation_electronic_address_has_scheme",
            OrganisationFactory,
            "electronic_address_scheme = 'EM'",
        ),
        ("accounts_user_name_not_blank", FreelancerFactory, "name = E' \\t\\n'"),
        ("accounts_organisation_name_not_blank", OrganisationFactory, "name = '  '"),
        ("accounts_token_scopes_valid", token, "scopes = '{gigs:read,money:all}'"),
        ("accounts_token_expires_after_creation", token, "expires_at = created_at"),
        ("accounts_key_state_valid", answered_key, "state = 'lost'"),
        ("accounts_key_status_iff_answered", started_key, "status = 201"),
        ("accounts_key_status_iff_answered", answered_key, "status = NULL"),
        ("accounts_key_status_iff_answered", answered_key, "state = 'started'"),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("accounts_user_email_key", FreelancerFactory, {}),
        ("accounts_user_uuid_key", FreelancerFactory, {"uuid": "uuid", "email": "'x@example.com'"}),
        ("accounts_freelancerprofile_user_id_key", profile, {}),
        ("accounts_organisation_owner_id_key", OrganisationFactory, {}),
        ("accounts_apitoken_digest_key", token, {}),
        ("accounts_key_unique_per_user", started_key, {}),
        ("accounts_rate_window_unique", window, {}),
        ("accounts_audit_one_per_journal", event, {}),
    ],
)
def test_the_database_refuses_a_second_one(rule, build, changes):
    row = build()

    with refused_by(rule):
        copy(row, **changes)


@pytest.mark.parametrize("statement", REWRITES)
def test_the_audit_log_is_append_only(statement):
    event()

    with refused_by("accounts_audit_append_only"):
        rewrite_all(statement, "accounts_auditevent", "event")


def test_a_person_of_both_roles_and_none_is_accepted():
    user = CommissionerFactory()

    rewrite(user, "roles = '{freelancer,commissioner}'")
    rewrite(user, "roles = '{}'")

    user.refresh_from_db()
    assert user.roles == []


def test_the_same_key_of_two_users_is_two_keys():
    key = started_key()

    copy(key, user_id=str(FreelancerFactory().pk))

    assert IdempotencyKey.objects.filter(key="k").count() == 2


def test_a_token_may_live_for_a_moment():
    row = token()

    rewrite(row, "expires_at = created_at + interval '1 microsecond'")

    row.refresh_from_db()
    assert row.expires_at - row.created_at == timedelta(microseconds=1)
