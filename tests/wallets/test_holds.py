"""Money that staff keep back: by a reason, a clause and a date that the user reads."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.urls import reverse
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import AuditEvent
from accounts.services import role_add
from common.exceptions import Invalid, PermissionRefused
from outbox.models import Job
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, at_once, race_seen, tally
from tests.rules import assert_refused, checksums, rewrite
from tests.wallets.test_integrity import corrupt, fired
from tests.wallets.withdrawing import bank_account, funded, request, wallet
from wallets import integrity
from wallets.exceptions import HoldReleased, InsufficientFunds, ReasonRequired
from wallets.models import Account, Hold
from wallets.services import HoldTerms, hold_place, hold_release

pytestmark = pytest.mark.django_db

FUNDED = 316_667
ACCOUNTS = "/admin/wallets/account/"
HOLDS = "/admin/wallets/hold/"


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


def terms(amount: str | Money = "1000.00", **changes) -> HoldTerms:
    values = {
        "amount": amount if isinstance(amount, Money) else Money(amount, "USD"),
        "reason": "A card payment was disputed.",
        "clause": "Terms 7.2",
        "review_on": (AT + timedelta(days=14)).date(),
    }
    return HoldTerms(**{**values, **changes})


def place(owner, staff, amount: str = "1000.00", **changes) -> Hold:
    return hold_place(user_id=owner.pk, terms=terms(amount, **changes), by=staff, at=AT)


def test_held_money_is_there_and_cannot_be_withdrawn(owner, staff):
    hold = place(owner, staff, "3000.00")

    assert wallet(owner) == (16_667, 300_000, 0)
    with pytest.raises(InsufficientFunds):
        request(owner, amount="166.68")
    request(owner, amount="166.67")
    assert (hold.placed_by, hold.placed_at, hold.review_on) == (staff, AT, date(2026, 12, 7))
    assert integrity.differences() == []


def test_a_hold_is_audited_and_told(owner, staff):
    hold = place(owner, staff)

    event = AuditEvent.objects.get(event="hold.placed")
    assert (event.target, event.actor) == (hold.public_id, staff.public_id)
    assert event.after == {
        "amount_minor": 100_000,
        "currency": "USD",
        "reason": "A card payment was disputed.",
        "clause": "Terms 7.2",
        "review_on": "2026-12-07",
    }
    mail = Job.objects.get(payload__template="money_held")
    assert (mail.payload["to"], mail.payload["context"]["clause"]) == (owner.email, "Terms 7.2")


def test_released_money_is_available_again(owner, staff):
    hold = place(owner, staff)

    released = hold_release(hold_id=hold.pk, note="Cleared up.", by=staff, at=AT)

    assert (released.released_at, released.released_by, released.release_note) == (
        AT,
        staff,
        "Cleared up.",
    )
    assert wallet(owner) == (FUNDED, 0, 0)
    with pytest.raises(HoldReleased):
        hold_release(hold_id=hold.pk, note="Again.", by=staff, at=AT)
    assert Job.objects.filter(payload__template="money_released").count() == 1
    assert integrity.differences() == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"amount": Money("3166.68", "USD")}, InsufficientFunds),
        ({"amount": Money("1.00", "EUR")}, InsufficientFunds),
        ({"reason": " "}, Invalid),
        ({"clause": ""}, Invalid),
        ({"review_on": (AT - timedelta(days=1)).date()}, Invalid),
    ],
    ids=str,
)
def test_what_cannot_be_held_leaves_no_trace(owner, staff, changes, refusal):
    before = checksums()

    with pytest.raises(refusal):
        place(owner, staff, **changes)

    assert checksums() == before


@pytest.mark.parametrize("role", ["freelancer", "commissioner", "stranger"])
def test_others_hold_and_release_nothing(owner, staff, role, request):
    hold, user = place(owner, staff), request.getfixturevalue(role)
    before = checksums()

    with pytest.raises(PermissionRefused):
        place(owner, user)
    with pytest.raises(PermissionRefused):
        hold_release(hold_id=hold.pk, note="Mine.", by=user, at=AT)

    assert checksums() == before


def test_staff_release_nothing_of_their_own_and_nothing_without_a_note(owner, staff):
    role_add(role=Role.FREELANCER, by=staff, at=AT)
    other = UserFactory(is_staff=True)
    staff.refresh_from_db()
    own = place(funded(staff), other)
    hold = place(owner, staff)

    with pytest.raises(PermissionRefused):
        hold_release(hold_id=own.pk, note="Mine.", by=staff, at=AT)
    with pytest.raises(ReasonRequired):
        hold_release(hold_id=hold.pk, note=" ", by=staff, at=AT)

    assert Hold.objects.live().count() == 2


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_hold_amount_positive", "amount_minor = 0"),
        ("wallets_hold_reason_and_clause", "reason = ' '"),
        ("wallets_hold_reason_and_clause", "clause = ''"),
        ("wallets_hold_review_after_placing", "review_on = placed_at::date - 1"),
        ("wallets_hold_placed_by_another", "placed_by_id = user_id"),
        ("wallets_hold_released_by_somebody", "released_at = now()"),
        ("wallets_hold_released_by_somebody", "release_note = 'So.'"),
    ],
)
def test_the_database_refuses_the_change(owner, staff, rule, changes):
    assert_refused(rule, place(owner, staff), changes)


def test_a_hold_without_a_date_cannot_exist(owner, staff):
    hold = place(owner, staff)

    with pytest.raises(Exception, match='null value in column "review_on"'):
        rewrite(hold, "review_on = NULL")


def test_a_hold_that_nothing_reserves_is_seen(owner, staff):
    hold = place(owner, staff)

    corrupt(f"UPDATE wallets_hold SET amount_minor = amount_minor + 1 WHERE id = {hold.pk}")

    assert fired() == {"reservations_are_explained"}


def test_the_user_sees_it_in_the_wallet_and_over_the_api(client_for, api, owner, staff, stranger):
    hold, released = place(owner, staff), place(owner, staff, "10.00")
    hold_release(hold_id=released.pk, note="Fine.", by=staff, at=AT)

    page = client_for(owner).get("/wallet/").content.decode()
    listed = api(owner).get("/api/v1/wallet/holds/").json()["results"]

    for part in ("Kept back", "A card payment was disputed.", "Terms 7.2", "7 Dec 2026"):
        assert part in page
    assert [row["id"] for row in listed] == [released.public_id, hold.public_id]
    assert listed[1] == {
        "id": hold.public_id,
        "amount": {"amount": "1000.00", "currency": "USD"},
        "reason": "A card payment was disputed.",
        "clause": "Terms 7.2",
        "review_on": "2026-12-07",
        "placed_at": listed[1]["placed_at"],
        "released_at": None,
    }
    assert api(stranger).get("/api/v1/wallet/holds/").json()["results"] == []


def test_staff_hold_and_release_in_the_admin(client_for, owner, staff):
    client = client_for(staff)
    account = Account.objects.get(owner=f"user:{owner.pk}", kind="available")
    chosen = {"action": "place_hold", "_selected_action": [account.pk]}
    form = {"amount": "500.00", "reason": "Disputed.", "clause": "7.2", "review_on": "2099-01-01"}

    asked = client.post(ACCOUNTS, chosen)
    wrong = client.post(ACCOUNTS, {**chosen, **form, "amount": "4000.00"})
    assert (asked.status_code, wrong.status_code) == (200, 200)
    assert "not enough money" in wrong.content.decode()
    assert "Nothing is held." in wrong.content.decode()
    assert Hold.objects.count() == 0
    assert client.post(ACCOUNTS, {**chosen, **form}).status_code == 302

    hold = Hold.objects.get()
    assert (hold.user, hold.amount_minor, hold.placed_by) == (owner, 50_000, staff)
    release = {"action": "release", "_selected_action": [hold.pk]}
    assert "Disputed." in client.post(HOLDS, release).content.decode()
    assert client.post(HOLDS, {**release, "note": "Fine."}).status_code == 302
    assert wallet(owner) == (FUNDED, 0, 0)
    assert client.get(reverse("admin:wallets_hold_change", args=[hold.pk])).status_code == 200
    assert hold in client.get(HOLDS).context["cl"].result_list


def test_the_admin_holds_money_of_one_wallet_at_a_time(client_for, owner, staff):
    client = client_for(staff)
    for accounts in (Account.objects.filter(kind="fees"), Account.objects.all()):
        keys = list(accounts.values_list("pk", flat=True))
        answer = client.post(
            ACCOUNTS, {"action": "place_hold", "_selected_action": keys}, follow=True
        )
        assert "Choose one account of the kind Available." in answer.content.decode()


def hold_and_withdraw_at_once():
    owner, staff = funded(), UserFactory(is_staff=True)
    method = bank_account(owner)
    hold = partial(hold_place, user_id=owner.pk, terms=terms("3166.67"), by=staff, at=AT)
    take = partial(request, owner, amount="3166.67", method_id=method.pk)
    return owner, at_once(*[hold, take] * (TIMES // 2))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_money_is_held_or_withdrawn():
    owner, outcomes = hold_and_withdraw_at_once()

    assert tally(outcomes) == {"done": 1, "InsufficientFunds": TIMES - 1}
    assert wallet(owner) == (0, FUNDED, 0)
    assert integrity.differences() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_holding_and_withdrawing_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        owner, outcomes = hold_and_withdraw_at_once()
        assert wallet(owner) == (0, FUNDED, 0)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt, rounds=2)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hold_is_released_once():
    owner, staff = funded(), UserFactory(is_staff=True)
    hold = place(owner, staff)

    outcomes = at_once(*[partial(hold_release, hold_id=hold.pk, note="So.", by=staff, at=AT)] * 12)

    assert tally(outcomes) == {"done": 1, "HoldReleased": 11}
    assert wallet(owner) == (FUNDED, 0, 0)
