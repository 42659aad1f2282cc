"""Bank accounts to withdraw to: checked, sealed, masked, cooling off."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from outbox.models import Job
from tests.factories import AT, PASSWORD
from tests.rules import assert_refused, checksums
from tests.wallets.withdrawing import IBAN, LABEL, ROUTING, bank_account
from wallets.exceptions import TooManyPayoutMethods
from wallets.models import PayoutMethod
from wallets.services import BankDetails, payout_method_add, payout_method_remove
from wallets.services.payout_methods import Destination, destination_of

pytestmark = pytest.mark.django_db

PAGE = "/payout-methods/"
API = "/api/v1/payout-methods/"


def add(user, **details):
    return payout_method_add(
        details=BankDetails(**{"holder": "Fred Freelancer", **details}), by=user, at=AT
    )


def test_an_iban_is_stored_sealed_and_shown_masked(freelancer, settings):
    settings.PAYOUT_COOLING_DAYS = 3

    method = add(freelancer, iban="de89 3704 0044 0532 0130 00", holder=" Fred  Freelancer ")

    assert (method.kind, method.holder, method.label) == ("iban", "Fred Freelancer", LABEL)
    assert (method.created_at, method.usable_at) == (AT, AT + timedelta(days=3))
    assert [method.is_usable(AT + timedelta(days=days)) for days in (0, 3)] == [False, True]
    assert destination_of(method) == Destination("Fred Freelancer", IBAN, "COBADEFFXXX", "", "")


def test_a_us_account_is_stored_sealed_and_shown_masked(freelancer):
    method = add(freelancer, account_number="0001-2345-6789", routing_number=ROUTING)

    assert (method.kind, method.label) == ("account", "US account •••• 6789")
    assert destination_of(method) == Destination("Fred Freelancer", "", "", "000123456789", ROUTING)


def test_no_row_of_the_database_shows_the_number(freelancer):
    bank_account(freelancer)
    bank_account(freelancer, number="000123456789")

    with connection.cursor() as cursor:
        for table in checksums():
            cursor.execute(f"SELECT string_agg(t::text, ';') FROM {table} t")
            (text,) = cursor.fetchone()
            assert "0532013" not in (text or ""), table
            assert "00012345" not in (text or ""), table


def test_adding_is_audited_and_told_by_mail(freelancer):
    method = bank_account(freelancer)

    event = AuditEvent.objects.get(event="payout_method.added")
    assert (event.target, event.actor) == (method.public_id, freelancer.public_id)
    assert event.after == {"kind": "iban", "label": LABEL, "usable_at": AT.isoformat()}
    mail = Job.objects.get(payload__template="security_notice")
    assert mail.payload["to"] == freelancer.email
    assert LABEL in mail.payload["context"]["event"]


WRONG = [
    ({"iban": "DE89370400440532013001"}, ("iban", "invalid_iban")),
    ({"iban": "DE8937040044053201300"}, ("iban", "invalid_iban")),
    ({"iban": "XX89370400440532013000"}, ("iban", "invalid_iban")),
    ({"iban": "nonsense"}, ("iban", "invalid_iban")),
    ({}, ("iban", "required")),
    ({"iban": IBAN, "holder": "  "}, ("holder", "required")),
    ({"iban": IBAN, "account_number": "1234"}, ("iban", "ambiguous")),
    ({"account_number": "123", "routing_number": ROUTING}, ("account_number", "invalid_account_number")),
    ({"account_number": "1" * 18, "routing_number": ROUTING}, ("account_number", "invalid_account_number")),
    ({"account_number": "١٢٣٤", "routing_number": ROUTING}, ("account_number", "invalid_account_number")),
    ({"account_number": "12345", "routing_number": "021000022"}, ("routing_number", "invalid_routing_number")),
    ({"account_number": "12345", "routing_number": "000000000"}, ("routing_number", "invalid_routing_number")),
    ({"account_number": "12345", "routing_number": "02100002"}, ("routing_number", "invalid_routing_number")),
    ({"account_number": "12345"}, ("routing_number", "invalid_routing_number")),
]  # fmt: skip


@pytest.mark.parametrize(("details", "error"), WRONG)
def test_what_is_no_account_is_refused_field_by_field(freelancer, details, error):
    before = checksums()

    with pytest.raises(Invalid) as refusal:
        add(freelancer, **details)

    assert [(one.field, one.code) for one in refusal.value.errors] == [error]
    assert checksums() == before


@pytest.mark.parametrize("role", ["commissioner", "staff"])
def test_only_freelancers_have_payout_methods(role, request):
    with pytest.raises(PermissionRefused):
        bank_account(request.getfixturevalue(role))

    assert PayoutMethod.objects.count() == 0


def test_twenty_are_enough_and_a_removed_one_makes_room(freelancer):
    first, *_ = [bank_account(freelancer) for _ in range(20)]

    with pytest.raises(TooManyPayoutMethods):
        bank_account(freelancer)
    payout_method_remove(method_id=first.pk, by=freelancer, at=AT)
    bank_account(freelancer)

    assert PayoutMethod.objects.of(freelancer).count() == 20


def test_removing_twice_changes_nothing_and_is_the_owners(freelancer, stranger):
    method = bank_account(freelancer)
    with pytest.raises(PermissionRefused):
        payout_method_remove(method_id=method.pk, by=stranger, at=AT)

    for _ in range(2):
        removed = payout_method_remove(method_id=method.pk, by=freelancer, at=AT)

    assert removed.removed_at == AT
    assert not removed.is_usable(AT)
    assert AuditEvent.objects.filter(event="payout_method.removed").count() == 1


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_payout_method_kind_valid", "kind = 'cheque'"),
        ("wallets_payout_method_holder_not_blank", "holder = ' '"),
        ("wallets_payout_method_is_sealed", "sealed = 'DE89370400440532013000'"),
        ("wallets_payout_method_usable_after_creation", "usable_at = created_at - interval '1 s'"),
    ],
)
def test_the_database_refuses_the_change(freelancer, rule, changes):
    assert_refused(rule, bank_account(freelancer), changes)


def test_the_page_asks_for_the_password_and_then_goes_on(client_for, freelancer):
    client = client_for(freelancer)
    form = {"holder": "Fred Freelancer", "iban": IBAN}

    assert "No bank account yet" in client.get(PAGE).content.decode()
    asked = client.post(PAGE, form)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert PayoutMethod.objects.count() == 0
    client.post(asked.url, {"password": PASSWORD})

    assert PayoutMethod.objects.get().label == LABEL
    page = client.get(PAGE).content.decode()
    assert LABEL in page
    assert IBAN not in page


def test_the_page_shows_what_is_wrong_and_what_still_cools_off(
    sure_client_for, freelancer, settings
):
    settings.PAYOUT_COOLING_DAYS = 3
    client = sure_client_for(freelancer)

    wrong = client.post(PAGE, {"holder": "Fred", "iban": "DE00"})
    right = client.post(PAGE, {"holder": "Fred", "iban": IBAN})

    assert wrong.status_code == 422
    assert "no valid IBAN" in wrong.content.decode()
    assert right.url == PAGE
    assert "Usable from" in client.get(PAGE).content.decode()


def test_a_method_is_removed_by_its_owner_alone(client_for, freelancer, stranger, commissioner):
    method = bank_account(freelancer)
    address = reverse("wallets:payout-method-remove", args=[method.public_id])

    answers = [client_for(who).post(address).status_code for who in (None, stranger, commissioner)]
    assert answers == [302, 404, 403]
    assert client_for(freelancer).get(address).status_code == 405
    assert client_for(freelancer).post(address).url == PAGE

    method.refresh_from_db()
    assert method.removed_at is not None


def test_the_api_adds_lists_reads_and_removes(withdrawing_api, freelancer):
    client = withdrawing_api(freelancer)

    made = client.post(API, {"holder": "Fred Freelancer", "iban": IBAN}, format="json")

    assert made.status_code == 201
    body = made.json()
    method = PayoutMethod.objects.get()
    assert set(body) == {"id", "kind", "holder", "label", "created_at", "usable_at"}
    assert (body["id"], body["kind"], body["label"]) == (method.public_id, "iban", LABEL)
    assert [row["id"] for row in client.get(API).json()["results"]] == [method.public_id]
    assert client.get(f"{API}{method.public_id}/").json() == body
    assert client.delete(f"{API}{method.public_id}/").status_code == 204
    assert client.get(f"{API}{method.public_id}/").status_code == 404
    assert client.get(API).json()["results"] == []


def test_the_api_names_the_field_that_is_wrong(withdrawing_api, freelancer):
    answer = withdrawing_api(freelancer).post(API, {"holder": "F", "iban": "DE00"}, format="json")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["iban"]


def test_the_api_is_closed_to_tokens_without_the_scope_and_sessions_that_are_old(
    api, client_for, sure_client_for, freelancer, commissioner, withdrawing_api
):
    body = {"holder": "Fred", "iban": IBAN}
    method = bank_account(freelancer)

    assert api(freelancer).post(API, body, format="json").json()["code"] == "scope_missing"
    session = client_for(freelancer)
    for answer in (
        session.post(API, body, "application/json"),
        session.delete(f"{API}{method.public_id}/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert sure_client_for(freelancer).post(API, body, "application/json").status_code == 201
    denied = withdrawing_api(commissioner).post(API, body, format="json")
    assert (denied.status_code, denied.json()["code"]) == (403, "permission_denied")
    stranger = withdrawing_api(commissioner).get(f"{API}{method.public_id}/")
    assert stranger.status_code == 404


def test_staff_find_methods_and_see_no_number(client_for, staff, freelancer):
    method = bank_account(freelancer, at=timezone.now())
    client = client_for(staff)

    listed = client.get(reverse("admin:wallets_payoutmethod_changelist"), {"q": freelancer.email})
    shown = client.get(reverse("admin:wallets_payoutmethod_change", args=[method.pk]))

    assert method in listed.context["cl"].result_list
    text = listed.content.decode() + shown.content.decode()
    assert LABEL in text
    assert IBAN not in text
    assert method.sealed not in text
