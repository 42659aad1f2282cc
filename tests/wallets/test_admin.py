import pytest
from django.urls import reverse

from tests.builders import active_project, paid_invoice
from tests.factories import AT
from tests.rules import checksums
from wallets.models import Account, Journal, Payment, PaymentMethod
from wallets.services import payment_method_add

pytestmark = pytest.mark.django_db

MODELS = [Account, Journal, Payment, PaymentMethod]


@pytest.fixture
def invoice(commissioner, freelancer):
    return paid_invoice(active_project(commissioner=commissioner, freelancer=freelancer))


@pytest.fixture
def rows(invoice, commissioner):
    method = payment_method_add(
        provider="sandbox", token="test_ok", is_default=True, by=commissioner, at=AT
    )
    return {
        Account: Account.objects.get(owner=f"user:{invoice.seller_id}"),
        Journal: Journal.objects.get(),
        Payment: Payment.objects.get(),
        PaymentMethod: method,
    }


def url(model, page, *args):
    return reverse(f"admin:wallets_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_staff_see_list_and_row(client_for, staff, rows, model):
    client = client_for(staff)

    assert rows[model] in client.get(url(model, "changelist")).context["cl"].result_list
    assert client.get(url(model, "change", rows[model].pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("person", [None, "freelancer"])
def test_others_see_nothing(request, client_for, rows, model, person):
    client = client_for(request.getfixturevalue(person) if person else None)

    for address in (url(model, "changelist"), url(model, "change", rows[model].pk)):
        assert client.get(address).url.startswith("/admin/login/")


@pytest.mark.parametrize("model", MODELS)
def test_forged_posts_change_nothing(client_for, staff, rows, model):
    client, pk = client_for(staff), rows[model].pk
    before = checksums()
    forged = {"status": "failed", "posted": "1", "kind": "fees", "post": "yes", "_save": "Save"}

    answers = [
        client.post(url(model, "add"), forged).status_code,
        client.post(url(model, "change", pk), forged).status_code,
        client.post(url(model, "delete", pk), forged).status_code,
    ]
    client.post(
        url(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [pk], "post": "yes"},
    )

    assert answers == [403, 403, 403]
    assert checksums() == before


def test_an_account_shows_what_it_holds_and_its_entries(client_for, staff, rows, invoice):
    client = client_for(staff)

    listed = client.get(url(Account, "changelist"), {"q": f"user:{invoice.seller_id}"})
    shown = client.get(url(Account, "change", rows[Account].pk)).content.decode()

    by_address = client.get(url(Account, "changelist"), {"q": "Freelancer@example.com"})
    assert list(by_address.context["cl"].result_list) == [rows[Account]]
    assert "Fred Freelancer &lt;freelancer@example.com&gt;" in shown
    [account] = listed.context["cl"].result_list
    assert (account.posted, account.held, account.lifetime) == (316_667, 0, 316_667)
    assert shown.count("3,166.67 USD") == 4
    assert f"settle:{invoice.public_id}" in shown


def test_a_hot_account_adds_up_its_shards(client_for, staff, rows):
    listed = client_for(staff).get(url(Account, "changelist"), {"q": "platform"})

    [fees] = listed.context["cl"].result_list
    assert (fees.kind, fees.shards, fees.posted) == ("fees", 64, 16_667)


def test_a_journal_shows_legs_that_add_up_to_zero(client_for, staff, rows, invoice):
    client = client_for(staff)

    found = client.get(url(Journal, "changelist"), {"q": f"settle:{invoice.public_id}"})
    shown = client.get(url(Journal, "change", rows[Journal].pk)).content.decode()

    assert list(found.context["cl"].result_list) == [rows[Journal]]
    for leg in (
        ("provider:sandbox", "\N{MINUS SIGN}3,333.34 USD"),
        (f"user:{invoice.seller_id}", "3,166.67 USD"),
        ("platform", "166.67 USD"),
    ):
        for part in leg:
            assert f"<td>{part}</td>" in shown


def test_payments_are_found_by_invoice_payer_and_identifier(client_for, staff, rows, invoice):
    paid_invoice()
    client = client_for(staff)

    for words in (invoice.number, invoice.buyer.email, rows[Payment].public_id):
        listed = client.get(url(Payment, "changelist"), {"q": words})
        assert list(listed.context["cl"].result_list) == [rows[Payment]]


@pytest.mark.parametrize("model", [Payment, PaymentMethod])
def test_what_a_provider_knows_a_method_by_is_not_shown(client_for, staff, rows, model):
    client = client_for(staff)

    for address in (url(model, "changelist"), url(model, "change", rows[model].pk)):
        assert "test_ok" not in client.get(address).content.decode()
