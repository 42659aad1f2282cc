"""The browser pages of credit."""

from uuid import uuid4

import pytest

from tests.wallets.paying import sandbox, topped_up
from wallets.models import Payment, TakeBack
from wallets.selectors import credit_balance

pytestmark = pytest.mark.django_db
WISH = {"amount": "100.00", "currency": "USD", "method": "test_ok"}


def test_topping_up(client_for, commissioner):
    client = client_for(commissioner)
    assert "No credit yet" in client.get("/credit/").content.decode()
    data = {**WISH, "key": str(uuid4())}

    answer = client.post("/credit/top-up/", data)
    again = client.post("/credit/top-up/", data)

    payment = Payment.objects.get()
    assert answer.headers["Location"] == again.headers["Location"]
    assert answer.headers["Location"] == f"/payments/{payment.public_id}/"
    assert "Topped up" in client.get(answer.headers["Location"]).content.decode()
    page = client.get("/credit/").content.decode()
    assert "100.00" in page
    assert "Payment received" in page
    assert f"/payments/{payment.public_id}/take-back/" in page


@pytest.mark.parametrize(
    "change", [{"amount": ""}, {"amount": "0"}, {"amount": "1.001"}, {"method": "credit"}]
)
def test_an_unfinished_form_comes_back(client_for, commissioner, change):
    assert client_for(commissioner).post("/credit/top-up/", {**WISH, **change}).status_code == 422
    assert not Payment.objects.exists()


def test_taking_back(client_for, commissioner):
    payment, client = topped_up(commissioner), client_for(commissioner)
    path = f"/payments/{payment.public_id}/take-back/"
    assert 'value="100.00"' in client.get(path).content.decode()

    answer = client.post(path, {"amount": "40.00", "key": str(uuid4())}, follow=True)

    page = answer.content.decode()
    assert "40.00 are on their way" in page.replace("USD ", "").replace("$", "")
    assert "Taken back" in page
    assert credit_balance(commissioner.pk, "USD").amount == 60
    assert client.post(path, {"amount": "60.01"}).status_code == 422
    client.post(path, {"amount": "60.00"})
    assert "Nothing to take back" in client.get(path).content.decode()


def test_a_refusal_is_said(client_for, commissioner):
    payment = topped_up(commissioner, method=sandbox("test_no_refund"))
    path = f"/payments/{payment.public_id}/take-back/"

    answer = client_for(commissioner).post(path, {"amount": "40.00"}, follow=True)

    assert "takes nothing back" in answer.content.decode()
    assert TakeBack.objects.get().status == "failed"
    assert credit_balance(commissioner.pk, "USD").amount == 100


@pytest.mark.parametrize(("who", "status"), [("freelancer", 403), ("stranger", 404), (None, 302)])
def test_others_take_nothing_back(client_for, commissioner, request, who, status):
    payment = topped_up(commissioner)
    client = client_for(request.getfixturevalue(who) if who else None)

    path = f"/payments/{payment.public_id}/take-back/"
    assert client.post(path, {"amount": "1.00"}).status_code == status
    assert not TakeBack.objects.exists()


def test_credit_is_for_commissioners(client_for, freelancer, stranger):
    assert client_for(freelancer).get("/credit/").status_code == 403
    assert client_for(stranger).get("/credit/").status_code == 200
