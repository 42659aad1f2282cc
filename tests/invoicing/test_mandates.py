"""The mandate to issue in a freelancer's name, and the objection to an invoice."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services import legal_data_update
from common.exceptions import PermissionRefused
from invoicing.exceptions import (
    AlreadyCredited,
    AlreadyObjected,
    MandateOutdated,
    NoMandate,
    NotAnInvoice,
    ObjectionTooLate,
)
from invoicing.models import InvoiceObjection, IssuingMandate
from invoicing.selectors import MANDATE_VERSION, mandate_page
from invoicing.services import invoice_object, mandate_accept, mandate_revoke
from outbox.models import Job
from tests.builders import credit, sent_invoice
from tests.factories import AT
from tests.parties import seller
from tests.rules import REWRITES, copy, refused_by, rewrite, rewrite_all

pytestmark = pytest.mark.django_db


def accept(user, at=AT):
    return mandate_accept(version=MANDATE_VERSION, by=user, at=at)


def objected():
    invoice = sent_invoice()
    return invoice_object(
        invoice_id=invoice.pk, reason="The address is old.", by=invoice.seller, at=AT
    )


def test_a_mandate_says_what_was_accepted_when_and_by_whom():
    freelancer = seller()

    mandate = accept(freelancer)

    assert (mandate.version, mandate.legal_name, mandate.vat_id) == (
        "2026-11.2",
        "Fred's Studio GmbH",
        "DE136695976",
    )
    assert (mandate.accepted_at, mandate.revoked_at) == (AT, None)
    assert len(mandate.text_digest) == 64
    assert mandate_page(freelancer).is_in_force
    assert AuditEvent.objects.filter(event="mandate.accepted").count() == 1


def test_accepting_twice_is_one_mandate(freelancer):
    assert accept(freelancer).pk == accept(freelancer).pk
    assert IssuingMandate.objects.count() == 1


def test_another_text_than_the_current_one_cannot_be_accepted(freelancer):
    with pytest.raises(MandateOutdated):
        mandate_accept(version="2020-01", by=freelancer, at=AT)

    assert IssuingMandate.objects.count() == 0


def test_only_freelancers_give_it(commissioner):
    with pytest.raises(PermissionRefused):
        accept(commissioner)


def test_a_revoked_mandate_is_no_longer_in_force_and_can_be_given_again(freelancer):
    accept(freelancer)

    revoked = mandate_revoke(by=freelancer, at=AT + timedelta(days=1))

    assert revoked.revoked_at == AT + timedelta(days=1)
    assert not mandate_page(freelancer).is_in_force
    with pytest.raises(NoMandate):
        mandate_revoke(by=freelancer, at=AT)
    assert accept(freelancer, at=AT + timedelta(days=2)).pk != revoked.pk


def test_a_new_vat_number_asks_again_and_ends_the_old_mandate():
    freelancer = seller()
    first = accept(freelancer)
    freelancer = legal_data_update(
        changes={"country": "FR", "vat_id": "FR40303265045"}, by=freelancer, at=AT
    )

    page = mandate_page(freelancer)
    second = accept(freelancer, at=AT + timedelta(days=1))

    assert (page.is_in_force, page.reason) == (False, "Your VAT or GST number has changed.")
    first.refresh_from_db()
    assert first.revoked_at == AT + timedelta(days=1)
    assert second.vat_id == "FR40303265045"


def test_the_page_shows_the_text_and_takes_the_word(client_for, freelancer):
    client = client_for(freelancer)
    page = reverse("invoicing:mandate")

    assert "No second invoice" in client.get(page).content.decode()
    client.post(reverse("invoicing:mandate-accept"), {"version": MANDATE_VERSION})
    assert "You have accepted this mandate" in client.get(page).content.decode()
    client.post(reverse("invoicing:mandate-revoke"))
    assert "You have accepted this mandate" not in client.get(page).content.decode()


def test_the_page_is_for_freelancers(client_for, commissioner):
    client = client_for(commissioner)

    assert client.get(reverse("invoicing:mandate")).status_code == 403
    assert client.post(reverse("invoicing:mandate-accept")).status_code == 403
    assert client.post(reverse("invoicing:mandate-revoke")).status_code == 403


def test_an_objection_is_recorded_and_told_to_buyer_and_staff(staff):
    objection = objected()

    assert objection.reason == "The address is old."
    event = AuditEvent.objects.get(event="invoice.objected")
    assert event.after == {"reason": "The address is old."}
    told = Job.objects.filter(topic="mail.send", payload__template="invoice_objected")
    assert set(told.values_list("payload__to", flat=True)) == {
        objection.invoice.buyer.email,
        staff.email,
    }


def test_an_objection_is_the_sellers_alone_once_and_in_time():
    invoice = sent_invoice()

    with pytest.raises(PermissionRefused):
        invoice_object(invoice_id=invoice.pk, reason="No.", by=invoice.buyer, at=AT)
    with pytest.raises(ObjectionTooLate, match="2026-12-03"):
        invoice_object(
            invoice_id=invoice.pk, reason="No.", by=invoice.seller, at=AT + timedelta(days=11)
        )
    invoice_object(
        invoice_id=invoice.pk, reason="No.", by=invoice.seller, at=AT + timedelta(days=10)
    )
    with pytest.raises(AlreadyObjected):
        invoice_object(invoice_id=invoice.pk, reason="No.", by=invoice.seller, at=AT)
    assert InvoiceObjection.objects.count() == 1


def test_what_nothing_would_correct_is_not_objected_to():
    invoice = sent_invoice()
    note = credit(invoice)

    for one, refusal in ((note, NotAnInvoice), (invoice, AlreadyCredited)):
        with pytest.raises(refusal):
            invoice_object(invoice_id=one.pk, reason="No.", by=invoice.seller, at=AT)
    assert not InvoiceObjection.objects.exists()


def test_the_seller_objects_on_a_page_and_both_see_it(client_for):
    invoice = sent_invoice(at=timezone.now())
    page = reverse("invoicing:object", args=[invoice.public_id])

    assert client_for(invoice.buyer).get(page).status_code == 403
    assert client_for(invoice.seller).get(page).status_code == 200
    assert client_for(invoice.seller).post(page, {"reason": " "}).status_code == 422
    detail = reverse("invoicing:detail", args=[invoice.public_id])
    assert page in client_for(invoice.seller).get(detail).content.decode()
    assert client_for(invoice.seller).post(page, {"reason": "Wrong."}).url == detail
    assert page not in client_for(invoice.seller).get(detail).content.decode()


def test_the_invoice_page_shows_the_objection_to_both(client_for):
    objection = objected()
    url = reverse("invoicing:detail", args=[objection.invoice.public_id])

    for person in (objection.invoice.seller, objection.invoice.buyer):
        assert "The address is old." in client_for(person).get(url).content.decode()


@pytest.mark.parametrize("name", ["invoiceobjection", "issuingmandate"])
def test_the_staff_see_both(client_for, staff, name):
    row = objected() if name == "invoiceobjection" else accept(sent_invoice().seller)

    listed = client_for(staff).get(reverse(f"admin:invoicing_{name}_changelist"))
    shown = client_for(staff).get(reverse(f"admin:invoicing_{name}_change", args=[row.pk]))

    assert (listed.status_code, shown.status_code) == (200, 200)


def test_the_database_keeps_mandates_and_objections(freelancer):
    mandate = accept(freelancer)

    with refused_by("invoicing_mandate_one_in_force"):
        copy(mandate)
    with refused_by("invoicing_mandate_only_ends"):
        rewrite(mandate, "version = '2020-01'")
    with refused_by("invoicing_mandate_ends_after_it_began"):
        rewrite(mandate, "revoked_at = accepted_at - interval '1 day'")
    rewrite(mandate, "revoked_at = now() + interval '1 year'")
    with refused_by("invoicing_mandate_only_ends"):
        rewrite(mandate, "revoked_at = NULL")


@pytest.mark.parametrize("statement", REWRITES[1:])
def test_a_mandate_is_kept(freelancer, statement):
    accept(freelancer)

    with refused_by("invoicing_mandate_kept"):
        rewrite_all(statement, "invoicing_issuingmandate", "version")


@pytest.mark.parametrize("statement", REWRITES)
def test_an_objection_is_kept_as_it_is(statement):
    objected()

    with refused_by("invoicing_objection_immutable"):
        rewrite_all(statement, "invoicing_invoiceobjection", "reason")


def test_an_objection_has_a_reason():
    invoice = sent_invoice()

    with refused_by("invoicing_objection_has_a_reason"):
        InvoiceObjection.objects.create(
            invoice=invoice, by=invoice.seller, reason=" ", created_at=AT
        )
