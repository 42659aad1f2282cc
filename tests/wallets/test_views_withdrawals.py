"""Withdrawing in the browser: what is shown before, who is asked again, and what comes after."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from tests.factories import AT, PASSWORD
from tests.rules import checksums
from tests.wallets.withdrawing import DECLINED, LABEL, bank_account, funded, request, send, wallet
from wallets.enums import WithdrawalStatus
from wallets.models import Withdrawal

pytestmark = pytest.mark.django_db

PAGE = "/withdraw/"


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


@pytest.fixture
def form(owner):
    return {
        "currency": "USD",
        "method": bank_account(owner).public_id,
        "amount": "1000.00",
        "key": str(uuid4()),
    }


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_the_page_tells_what_there_is_and_what_it_costs(client_for, owner, form):
    text = text_of(client_for(owner).get(PAGE))

    for part in ("3,166.67", "10.00", "1.00", LABEL):
        assert part in text
    assert "What will happen" not in text


def test_without_a_bank_account_there_is_a_way_to_one(client_for, owner):
    assert "Add a bank account" in text_of(client_for(owner).get(PAGE))


def test_looking_shows_the_net_amount_and_changes_nothing(client_for, owner, form):
    client = client_for(owner)
    client.get(PAGE)
    before = checksums()

    text = text_of(client.get(PAGE, form))

    for part in ("999.00", "2,166.67", "What will happen"):
        assert part in text
    assert "Our staff look" not in text
    assert checksums() == before


def test_a_large_amount_says_that_staff_look_at_it(client_for, owner, form, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "999.99")}

    assert "Our staff look" in text_of(client_for(owner).get(PAGE, form))


WRONG = [
    ({"amount": "9.99"}, "Withdraw 10.00 USD or more"),
    ({"amount": "3166.68"}, "not enough money"),
    ({"amount": "1,000.00"}, "thousands separators"),
    ({"amount": "0"}, "more than zero"),
    ({"amount": ""}, "required"),
    ({"method": "pom_" + "0" * 32}, "Select a valid choice"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG)
def test_what_cannot_be_withdrawn_is_a_form_error(sure_client_for, owner, form, changes, words):
    client = sure_client_for(owner)

    for answer in (client.get(PAGE, {**form, **changes}), client.post(PAGE, {**form, **changes})):
        assert answer.status_code == 422
        assert words in text_of(answer)
    assert Withdrawal.objects.count() == 0


def test_confirming_asks_for_the_password_and_then_goes_on(client_for, owner, form):
    client = client_for(owner)

    asked = client.post(PAGE, form)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert Withdrawal.objects.count() == 0
    done = client.post(asked.url, {"password": PASSWORD})

    withdrawal = Withdrawal.objects.get()
    assert done.url == reverse("wallets:withdrawal", args=[withdrawal.public_id])
    assert (withdrawal.amount_minor, str(withdrawal.request_key)) == (100_000, form["key"])


def test_a_second_click_is_the_same_withdrawal(sure_client_for, owner, form):
    client = sure_client_for(owner)

    first, second = client.post(PAGE, form), client.post(PAGE, form)

    assert first.url == second.url
    assert Withdrawal.objects.count() == 1
    assert wallet(owner)[1] == 100_000


def test_a_key_that_is_none_does_no_harm(sure_client_for, owner, form):
    assert sure_client_for(owner).post(PAGE, {**form, "key": "x"}).status_code == 302
    assert Withdrawal.objects.get().request_key is None


def test_pages_are_their_owners(client_for, owner, stranger, commissioner):
    withdrawal = request(owner)
    page = reverse("wallets:withdrawal", args=[withdrawal.public_id])
    cancel = reverse("wallets:withdrawal-cancel", args=[withdrawal.public_id])

    assert [client_for(who).get(page).status_code for who in (None, stranger, commissioner)] == [
        302,
        404,
        404,
    ]
    assert [client_for(who).post(cancel).status_code for who in (None, stranger, commissioner)] == [
        302,
        404,
        404,
    ]
    assert client_for(commissioner).get(PAGE).status_code == 403
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.APPROVED


@time_machine.travel(AT, tick=False)
def test_a_withdrawal_under_way_is_looked_at_again_and_can_be_cancelled(client_for, owner):
    withdrawal = request(owner)
    client = client_for(owner)
    page = reverse("wallets:withdrawal", args=[withdrawal.public_id])

    text = text_of(client.get(page))
    assert 'hx-trigger="every 3s"' in text
    answer = client.post(reverse("wallets:withdrawal-cancel", args=[withdrawal.public_id]))

    assert answer.url == page
    text = text_of(client.get(page, headers={"HX-Request": "true"}))
    assert "Cancelled" in text
    assert "<html" not in text
    assert wallet(owner) == (316_667, 0, 0)


@time_machine.travel(AT, tick=False)
def test_looking_again_leaves_what_is_the_same_alone(client_for, owner, provider):
    withdrawal = request(owner)
    client = client_for(owner)
    page = reverse("wallets:withdrawal", args=[withdrawal.public_id])

    def again(address):
        return client.get(address, headers={"HX-Request": "true"})

    [address] = re.findall(r'hx-get="([^"]+)"', text_of(client.get(page)))
    assert (again(address).status_code, client.get(address).status_code) == (204, 200)
    with time_machine.travel(AT + timedelta(minutes=5), tick=False):
        later = again(address)
        assert 'hx-trigger="every 60s"' in text_of(later)
        [slowly] = re.findall(r'hx-get="([^"]+)"', text_of(later))
        assert again(slowly).status_code == 204
        send(withdrawal)
        assert "on its way to" in text_of(again(slowly))


def test_the_end_is_shown_with_its_reason(client_for, owner, provider):
    paid, returned = send(request(owner)), send(request(owner, number=DECLINED))
    client = client_for(owner)

    def shown(withdrawal):
        return text_of(client.get(reverse("wallets:withdrawal", args=[withdrawal.public_id])))

    assert "on its way to" in shown(paid)
    assert "the account is closed" in shown(returned)
    assert "hx-trigger" not in shown(paid)
    listed = text_of(client.get(reverse("wallets:withdrawals")))
    for withdrawal in (paid, returned):
        assert withdrawal.public_id in listed


def test_wallet_and_statement_show_what_left_and_what_waits(client_for, owner, provider):
    paid, waiting = send(request(owner)), request(owner, amount="500.00")
    client = client_for(owner)

    page = text_of(client.get(reverse("wallets:wallet")))
    statement = text_of(client.get(reverse("wallets:statement")))
    table = client.get(reverse("wallets:statement-csv")).getvalue().decode()

    for part in ("On the way to your bank", waiting.public_id, "Reserved", "1,666.67", "1,000.00"):
        assert part in page
    assert reverse("wallets:withdrawal", args=[paid.public_id]) in statement
    assert waiting.public_id not in statement
    assert "Withdrawal,,,,-1000.00,2166.67,USD" in table


def test_an_empty_list_says_so(client_for, freelancer):
    assert "No withdrawals yet" in text_of(client_for(freelancer).get("/withdrawals/"))
