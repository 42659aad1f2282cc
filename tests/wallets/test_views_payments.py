import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from djmoney.money import Money

from accounts.models import AuditEvent
from gigs.enums import MilestoneStatus
from invoicing.enums import InvoiceStatus
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    paid_invoice,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT, CommissionerFactory
from tests.rules import checksums
from wallets.enums import PaymentStatus
from wallets.models import Payment, PaymentMethod
from wallets.selectors import wallet_balances
from wallets.services import payment_method_add

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


@pytest.fixture
def invoice(project):
    return sent_invoice(project)


@pytest.fixture
def method(commissioner):
    return stored_method(commissioner)


def stored_method(user, token="test_ok", *, is_default=False):
    return payment_method_add(
        provider="sandbox", token=token, is_default=is_default, by=user, at=AT
    )


def pay_url(invoice):
    return reverse("wallets:pay", args=[invoice.public_id])


def result_url(payment):
    return reverse("wallets:payment", args=[payment.public_id])


def preview_url(milestone):
    return reverse("wallets:approval-preview", args=[milestone.public_id])


def text_of(response):
    return " ".join(response.content.decode().split())


def status_of(invoice):
    invoice.refresh_from_db()
    return invoice.status


# Paying


@pytest.mark.parametrize("verb", ["get", "post"])
def test_an_invoice_is_paid_by_its_buyer_alone(
    client_for, invoice, commissioner, freelancer, stranger, verb
):
    def answer(user):
        return getattr(client_for(user), verb)(pay_url(invoice), {"method": "test_ok"})

    assert answer(None).url.startswith(f"/accounts/login/?next={pay_url(invoice)}")
    assert answer(stranger).status_code == 404
    if verb == "get":
        assert answer(freelancer).status_code == 403
        assert answer(commissioner).status_code == 200
    else:
        assert answer(freelancer).status_code == 403
        assert Payment.objects.count() == 0
        assert answer(commissioner).status_code == 302
        assert status_of(invoice) == InvoiceStatus.PAID


def test_the_page_shows_exactly_what_paying_does_and_changes_nothing(
    client_for, project, commissioner
):
    paid_invoice(project, position=1)
    invoice = sent_invoice(project, position=2)
    client = client_for(commissioner)
    before = checksums()

    response = client.get(pay_url(invoice))

    assert checksums() == before
    preview, working = response.context["preview"], response.context["working"]
    assert (preview.total, preview.fee, preview.net) == (
        Money("3333.33", "USD"),
        Money("166.66", "USD"),
        Money("3166.67", "USD"),
    )
    assert (working.gross_so_far, working.fee_so_far, working.fees_before, working.rate) == (
        Money("6666.67", "USD"),
        Money("333.33", "USD"),
        Money("166.67", "USD"),
        "5%",
    )
    text = text_of(response)
    assert "6,333.34" not in text, "the wallet of the other side"
    assert "the project is completed" not in text


def test_the_page_tells_that_the_last_payment_completes_the_project(
    client_for, project, commissioner
):
    paid_invoice(project, position=1)
    paid_invoice(project, position=2)

    response = client_for(commissioner).get(pay_url(sent_invoice(project, position=3)))

    assert "It was the last one: the project is completed." in text_of(response)


def test_paying_credits_the_wallet_before_it_answers(
    client_for, invoice, method, commissioner, freelancer
):
    response = client_for(commissioner).post(pay_url(invoice), {"method": method.public_id})

    payment = Payment.objects.get()
    assert response.url == result_url(payment)
    assert (payment.status, payment.method, payment.payer) == (
        PaymentStatus.SUCCEEDED,
        method,
        commissioner,
    )
    assert status_of(invoice) == InvoiceStatus.PAID
    assert milestone_of(invoice.project).status == MilestoneStatus.SETTLED
    assert [(row.available, row.currency) for row in wallet_balances(freelancer.pk)] == [
        (316_667, "USD")
    ]
    result = text_of(client_for(commissioner).get(response.url))
    assert "<h2>Paid</h2>" in result
    assert "hx-trigger" not in result


@pytest.mark.parametrize(
    ("token", "reason"),
    [("test_declined", "card declined"), ("test_insufficient_funds", "insufficient funds")],
)
def test_a_decline_changes_nothing_but_the_attempt(
    client_for, invoice, commissioner, freelancer, token, reason
):
    before = checksums()

    response = client_for(commissioner).post(pay_url(invoice), {"method": token}, follow=True)

    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.FAILED
    assert status_of(invoice) == InvoiceStatus.SENT
    assert wallet_balances(freelancer.pk) == []
    unchanged = set(before.items()) & set(checksums().items())
    assert {
        "invoicing_invoice",
        "gigs_milestone",
        "gigs_project",
        "wallets_journal",
        "wallets_balance",
    } <= dict(unchanged).keys()
    text = text_of(response)
    assert "The payment was declined. Try another payment method." in text
    assert reason in text
    assert pay_url(invoice) in text

    again = client_for(commissioner).post(pay_url(invoice), {"method": "test_ok"}, follow=True)
    assert "<h2>Paid</h2>" in text_of(again)


def test_an_answer_that_is_late_is_waited_for(client_for, invoice, commissioner, freelancer):
    client = client_for(commissioner)

    waiting = client.post(pay_url(invoice), {"method": "test_timeout"}, follow=True)

    payment = Payment.objects.get()
    assert (payment.status, status_of(invoice)) == (PaymentStatus.UNCERTAIN, InvoiceStatus.SENT)
    assert "Waiting for the provider" in text_of(waiting)
    assert 'hx-trigger="every 3s"' in text_of(waiting)
    [address] = re.findall(r'hx-get="([^"]+)"', text_of(waiting))
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 204
    with time_machine.travel(AT + timedelta(minutes=5), tick=False):
        later = client.get(address, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 60s"' in text_of(later)
    assert wallet_balances(freelancer.pk) == []

    Job.objects.filter(topic="payment.resolve").update(due_at=AT - timedelta(seconds=1))
    run_jobs("payment.resolve")
    done = client.get(result_url(payment), headers={"HX-Request": "true"})
    assert "<h2>Paid</h2>" in text_of(done)
    assert "<html" not in done.content.decode()
    assert [row.available for row in wallet_balances(freelancer.pk)] == [316_667]


def test_a_second_click_pays_nothing_twice(client_for, invoice, commissioner, freelancer):
    client = client_for(commissioner)
    first = client.post(pay_url(invoice), {"method": "test_ok"})

    second = client.post(pay_url(invoice), {"method": "test_ok"}, follow=True)
    shown = client.get(pay_url(invoice), follow=True)

    assert first.url == result_url(Payment.objects.get())
    for response in (second, shown):
        assert response.redirect_chain == [
            (reverse("invoicing:detail", args=[invoice.public_id]), 302)
        ]
        assert "This invoice has been paid already." in text_of(response)
    assert [row.available for row in wallet_balances(freelancer.pk)] == [316_667]


def test_a_click_while_a_payment_is_on_its_way_is_refused(client_for, invoice, commissioner):
    client = client_for(commissioner)
    client.post(pay_url(invoice), {"method": "test_timeout"})

    again = client.post(pay_url(invoice), {"method": "test_ok"}, follow=True)

    assert "A payment of this invoice is on its way" in text_of(again)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("choice", ["", "nothing", "pm_" + "0" * 32])
def test_an_unknown_method_is_a_form_error(client_for, invoice, commissioner, choice):
    response = client_for(commissioner).post(pay_url(invoice), {"method": choice})

    assert response.status_code == 422
    assert response.context["form"].errors["method"]
    assert Payment.objects.count() == 0


def test_somebody_elses_method_pays_nothing(client_for, invoice, commissioner):
    theirs = stored_method(CommissionerFactory())

    response = client_for(commissioner).post(pay_url(invoice), {"method": theirs.public_id})

    assert response.status_code == 422
    assert Payment.objects.count() == 0


def test_without_the_sandbox_only_stored_methods_are_offered(
    client_for, invoice, method, commissioner, settings
):
    settings.SANDBOX_PROVIDER = False
    client = client_for(commissioner)

    offered = [
        value for value, _ in client.get(pay_url(invoice)).context["form"].fields["method"].choices
    ]
    refused = client.post(pay_url(invoice), {"method": "test_ok"})
    switched_off = client.post(pay_url(invoice), {"method": method.public_id}, follow=True)

    assert offered == [method.public_id]
    assert refused.status_code == 422
    assert "The payment provider sandbox is not available." in text_of(switched_off)
    assert Payment.objects.count() == 0


def test_a_payment_is_shown_to_its_payer_alone(
    client_for, invoice, commissioner, freelancer, stranger
):
    client_for(commissioner).post(pay_url(invoice), {"method": "test_ok"})
    address = result_url(Payment.objects.get())

    assert client_for(None).get(address).url == f"/accounts/login/?next={address}"
    assert client_for(stranger).get(address).status_code == 404
    assert client_for(freelancer).get(address).status_code == 404
    assert client_for(commissioner).get(address).status_code == 200
    assert client_for(commissioner).post(address).status_code == 405


# Payment methods


def test_methods_are_for_commissioners(client_for, commissioner, freelancer):
    address = reverse("wallets:payment-methods")

    assert client_for(None).get(address).url == f"/accounts/login/?next={address}"
    assert client_for(freelancer).get(address).status_code == 403
    assert client_for(freelancer).post(address, {"token": "test_ok"}).status_code == 403
    assert client_for(commissioner).get(address).status_code == 200
    assert PaymentMethod.objects.count() == 0


def test_the_first_method_becomes_the_default(client_for, commissioner):
    client = client_for(commissioner)
    address = reverse("wallets:payment-methods")

    for token in ("test_ok", "test_slow"):
        assert client.post(address, {"token": token}).url == address

    stored = PaymentMethod.objects.order_by("pk").values_list("token", "is_default", "user")
    assert list(stored) == [
        ("test_ok", True, commissioner.pk),
        ("test_slow", False, commissioner.pk),
    ]
    text = text_of(client.get(address))
    assert "Sandbox card that works" in text
    assert "Sandbox card that takes five seconds" in text


@pytest.mark.parametrize("token", ["", "card_4242"])
def test_an_unknown_token_is_a_form_error(client_for, commissioner, token):
    response = client_for(commissioner).post(reverse("wallets:payment-methods"), {"token": token})

    assert response.status_code == 422
    assert PaymentMethod.objects.count() == 0


def test_without_a_provider_nothing_can_be_stored(client_for, commissioner, settings):
    settings.SANDBOX_PROVIDER = False
    client = client_for(commissioner)

    assert "Add a test method" not in text_of(client.get(reverse("wallets:payment-methods")))
    assert client.post(reverse("wallets:payment-methods"), {"token": "test_ok"}).status_code == 422


@pytest.mark.parametrize("name", ["payment-method-remove", "payment-method-default"])
def test_methods_are_changed_by_their_owner_alone(
    client_for, commissioner, freelancer, stranger, method, name
):
    address = reverse(f"wallets:{name}", args=[method.public_id])
    second = stored_method(commissioner, "test_slow")
    before = checksums()

    clients = [client_for(None), client_for(stranger), client_for(freelancer)]
    users_before = checksums()
    answers = [client.post(address).status_code for client in clients]

    assert answers == [302, 404, 403]
    assert checksums() == users_before
    assert before["wallets_paymentmethod"] == checksums()["wallets_paymentmethod"]
    assert client_for(commissioner).get(address).status_code == 405
    assert second.removed_at is None


def test_a_method_is_removed(client_for, commissioner, method):
    address = reverse("wallets:payment-method-remove", args=[method.public_id])
    client = client_for(commissioner)

    assert client.post(address).url == reverse("wallets:payment-methods")

    method.refresh_from_db()
    assert (method.removed_at, method.is_default) == (AT, False)
    assert client.post(address).status_code == 404
    assert "No payment method yet" in text_of(client.get(reverse("wallets:payment-methods")))


def test_another_method_becomes_the_default(client_for, commissioner, method):
    second = stored_method(commissioner, "test_slow")
    address = reverse("wallets:payment-method-default", args=[second.public_id])
    client = client_for(commissioner)

    for _ in range(2):
        assert client.post(address).url == reverse("wallets:payment-methods")

    defaults = PaymentMethod.objects.filter(is_default=True)
    assert list(defaults) == [second]
    event = AuditEvent.objects.get(event="payment_method.made_default")
    assert (event.target, event.actor) == (second.public_id, commissioner.public_id)


# What approving does


def test_a_preview_is_for_the_commissioner_alone(
    client_for, project, commissioner, freelancer, stranger
):
    address = preview_url(submitted_milestone(project))

    assert client_for(None).get(address).url == f"/accounts/login/?next={address}"
    assert client_for(stranger).get(address).status_code == 404
    assert client_for(freelancer).get(address).status_code == 403
    assert client_for(commissioner).get(address).status_code == 200
    assert client_for(commissioner).post(address).status_code == 405


def test_a_preview_shows_invoice_fee_and_credit_and_changes_nothing(
    client_for, project, commissioner
):
    paid_invoice(project, position=1)
    milestone = submitted_milestone(project, position=2)
    client = client_for(commissioner)
    before = checksums()

    response = client.get(preview_url(milestone), headers={"HX-Request": "true"})

    assert checksums() == before
    text = text_of(response)
    for part in ("3,333.33", "166.66", "3,166.67", "6,666.67", "333.33", "due in 7 days"):
        assert part in text
    assert "6,333.34" not in text, "the wallet of the other side"
    assert "completes the project" not in text
    assert "<html" not in response.content.decode()


def test_a_preview_with_a_bonus_that_is_none_says_what_is_wrong(client_for, project, commissioner):
    address = preview_url(submitted_milestone(project))

    response = client_for(commissioner).get(address, {"bonus": "1,000"})

    assert "Leave out thousands separators" in text_of(response)
    assert "is issued to you" not in text_of(response)


def test_a_preview_of_the_last_milestone_tells_that_it_completes_the_project(
    client_for, project, commissioner
):
    paid_invoice(project, position=1)
    paid_invoice(project, position=2)

    text = text_of(
        client_for(commissioner).get(preview_url(submitted_milestone(project, position=3)))
    )

    assert "paying it completes the project" in text
    assert "<html" in text


def test_a_preview_of_what_cannot_be_approved_says_why(client_for, project, commissioner):
    approved = approved_milestone(project, position=1)
    client = client_for(commissioner)

    for milestone in (approved, milestone_of(project, 2)):
        response = client.get(preview_url(milestone))
        assert response.status_code == 200
        assert response.context["refusal"].startswith("A milestone that is")
        assert response.context["refusal"] in text_of(response)
