"""The pages of credit that goes back by bank transfer, and the staff's list."""

from uuid import uuid4

import pytest

from tests.factories import AT, PASSWORD
from tests.wallets.banking import by_transfer, transferred
from tests.wallets.withdrawing import LABEL
from wallets.models import Withdrawal
from wallets.selectors import credit_balance
from wallets.services import transfer_back_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_transfer(settings):
    by_transfer(settings)


def text_of(answer) -> str:
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def path_of(payment) -> str:
    return f"/payments/{payment.public_id}/transfer-back/"


def test_it_is_asked_for_seen_and_cancelled(sure_client_for):
    payment = transferred()
    client = sure_client_for(payment.payer)
    assert path_of(payment) in text_of(client.get("/credit/"))
    page = text_of(client.get(path_of(payment)))
    assert 'value="100.00"' in page
    assert "to no other" in page

    data = {"amount": "40.00", "key": str(uuid4())}
    first, second = (client.post(path_of(payment), data) for _ in range(2))

    made = Withdrawal.objects.get()
    address = f"/withdrawals/{made.public_id}/"
    assert first.headers["Location"] == second.headers["Location"] == address
    page = text_of(client.get(address))
    for words in ("Transfer back", LABEL, "40.00", "Cancel it", "To your credit"):
        assert words in page
    assert "Fee" not in page
    assert "Transferred back" in text_of(client.get("/credit/"))
    page = text_of(client.post(f"{address}cancel/", follow=True))
    assert "the money is your credit again" in page
    assert credit_balance(payment.payer_id, "USD").amount == 100


def test_more_than_is_left_is_a_form_error(sure_client_for):
    payment = transferred()

    answer = sure_client_for(payment.payer).post(path_of(payment), {"amount": "100.01"})

    assert answer.status_code == 422
    assert "There is not enough money for this." in text_of(answer)
    assert not Withdrawal.objects.exists()


def test_the_password_is_asked_for_again(client_for):
    payment = transferred()

    client = client_for(payment.payer)
    answer = client.post(path_of(payment), {"amount": "1.00"})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not Withdrawal.objects.exists()
    answer = client.post(answer.headers["Location"], {"password": PASSWORD})
    made = Withdrawal.objects.get()
    assert (made.amount_minor, answer.headers["Location"]) == (
        100,
        f"/withdrawals/{made.public_id}/",
    )


def test_the_page_of_taking_back_leads_here(client_for):
    payment = transferred()

    answer = client_for(payment.payer).get(f"/payments/{payment.public_id}/take-back/")

    assert (answer.status_code, answer.headers["Location"]) == (302, path_of(payment))


def test_without_a_way_back_the_page_says_so(client_for):
    payment = transferred(sender={"name": "Somebody"})
    client = client_for(payment.payer)

    assert "Nothing to transfer back" in text_of(client.get(path_of(payment)))
    assert "the bank did not name" in text_of(client.get("/credit/"))


def test_others_see_nothing(client_for, commissioner, stranger):
    payment = transferred()
    made = transfer_back_request(payment_id=payment.pk, by=payment.payer, at=AT)

    for who in (stranger, payment.invoice.seller):
        for path in (f"/withdrawals/{made.public_id}/",):
            assert client_for(who).get(path).status_code == 404
    assert client_for(commissioner).get("/withdrawals/wd_" + "0" * 32 + "/").status_code == 404


def test_staff_see_that_it_is_credit(client_for, staff):
    payment = transferred()
    made = transfer_back_request(payment_id=payment.pk, by=payment.payer, at=AT)
    staff.is_superuser = True
    staff.save(update_fields=["is_superuser"])
    client = client_for(staff)

    listed = text_of(client.get("/admin/wallets/withdrawal/?payment__isempty=0"))
    shown = text_of(client.get(f"/admin/wallets/withdrawal/{made.pk}/change/"))

    assert "Credit, by transfer back" in listed
    assert str(payment) in shown
