"""Staff credit above the limit in twos."""

from uuid import uuid4

import pytest
from django.urls import reverse
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from invoicing.models import Invoice
from invoicing.services import invoice_object
from outbox.models import Job
from tests.builders import active_project, paid_invoice
from tests.factories import AT, UserFactory
from tests.rules import assert_refused, copy, refused_by
from tests.wallets.paying import traces
from tests.wallets.test_integrity import corrupt, fired
from wallets import integrity
from wallets.exceptions import CreditProposed, CreditRequestTransitionRefused, ReasonRequired
from wallets.models import CreditRequest
from wallets.selectors import credit_balance
from wallets.services import credit_request_confirm, credit_request_drop, staff_credit

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice():
    """One of 10,000.00, where 5,000.00 is the limit of one person."""
    return paid_invoice(active_project(tasks=1))


@pytest.fixture
def second():
    return UserFactory(is_staff=True, is_superuser=True, email="second@example.com")


def propose(invoice, staff, amount="", **changes):
    return staff_credit(
        invoice_id=invoice.pk,
        amount=Money(amount, "USD") if amount else None,
        reason="Not delivered.",
        by=staff,
        at=AT,
        **changes,
    )


def confirm(request, by, reason="I agree."):
    return credit_request_confirm(request_id=request.pk, reason=reason, by=by, at=AT)


def drop(request, by, reason="A mistake."):
    return credit_request_drop(request_id=request.pk, reason=reason, by=by, at=AT)


def test_a_second_person_agrees(invoice, staff, second):
    request = propose(invoice, staff)

    assert isinstance(request, CreditRequest)
    assert (request.status, request.amount_minor, request.note) == ("proposed", 1_000_000, None)
    assert Invoice.objects.count() == 1
    assert credit_balance(invoice.buyer_id, "USD").amount == 0

    note = confirm(request, second)

    request.refresh_from_db()
    assert (request.status, request.decided_by, request.note) == ("done", second, note)
    assert (note.reason, note.total) == ("Not delivered.", invoice.total)
    assert credit_balance(invoice.buyer_id, "USD") == Money("10000.00", "USD")
    events = AuditEvent.objects.filter(target=request.public_id).order_by("pk")
    assert [(row.event, row.actor) for row in events] == [
        ("credit_request.proposed", staff.public_id),
        ("credit_request.confirmed", second.public_id),
    ]
    assert integrity.differences() == []


def test_nobody_agrees_with_themself_or_about_their_own(invoice, staff, second):
    request = propose(invoice, staff)

    for person in (staff, UserFactory(), invoice.buyer, invoice.seller):
        with pytest.raises(PermissionRefused):
            confirm(request, person)
    type(invoice.seller).objects.filter(pk=invoice.seller_id).update(is_staff=True)
    invoice.seller.refresh_from_db()
    with pytest.raises(PermissionRefused):
        confirm(request, invoice.seller)
    with pytest.raises(ReasonRequired):
        confirm(request, second, reason=" ")

    request.refresh_from_db()
    assert (request.status, Invoice.objects.count()) == ("proposed", 1)


def test_one_person_is_enough_up_to_the_limit_or_on_the_freelancers_word(invoice, staff):
    assert propose(invoice, staff, "100.00").kind == "credit_note"

    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    assert propose(invoice, staff).kind == "credit_note"
    assert not CreditRequest.objects.exists()


def test_one_request_waits_at_a_time_and_ends_once(invoice, staff, second):
    request = propose(invoice, staff)
    with pytest.raises(CreditProposed):
        propose(invoice, second, "6000.00")

    dropped = drop(request, staff)

    assert (dropped.status, Invoice.objects.count()) == ("dropped", 1)
    with pytest.raises(CreditRequestTransitionRefused):
        confirm(request, second)
    with pytest.raises(PermissionRefused):
        drop(propose(invoice, second, "6000.00"), UserFactory())


def test_the_admin_proposes_and_another_agrees(invoice, staff, second, client_for):
    invoices = reverse("admin:invoicing_invoice_changelist")
    requests = reverse("admin:wallets_creditrequest_changelist")
    ask = {"action": "credit", "_selected_action": [invoice.pk]}

    proposed = client_for(staff).post(
        invoices, {**ask, "amount": "", "reason": "Not delivered."}, follow=True
    )
    [request] = CreditRequest.objects.all()
    decide = {"action": "confirm", "_selected_action": [request.pk]}
    own = client_for(staff).post(requests, {**decide, "reason": "Me."}, follow=True)
    still = CreditRequest.objects.get().status
    asked = client_for(second).post(requests, decide)
    agreed = client_for(second).post(requests, {**decide, "reason": "I agree."}, follow=True)

    assert "waits for a second person" in proposed.content.decode()
    assert ("Only other staff" in own.content.decode(), still) == (True, "proposed")
    assert "10,000.00" in asked.content.decode()
    assert f"Agree: {invoice.number}" in agreed.content.decode()
    assert CreditRequest.objects.get().status == "done"


@pytest.mark.parametrize("end", [confirm, drop])
def test_a_form_that_is_sent_again_after_the_decision_proposes_nothing(
    invoice, staff, second, client_for, end
):
    page = reverse("admin:invoicing_invoice_changelist")
    ask = {"action": "credit", "_selected_action": [invoice.pk], "key": str(uuid4())}
    form = {**ask, "amount": "6000.00", "reason": "Not delivered."}
    client_for(staff).post(page, form)
    request = CreditRequest.objects.get()
    end(request, second)
    before = traces()

    again = client_for(staff).post(page, form, follow=True)

    request.refresh_from_db()
    assert f"its request is {request.status}." in again.content.decode()
    assert (traces(), CreditRequest.objects.count()) == (before, 1)


def test_another_form_or_another_person_proposes_anew(invoice, staff, second):
    first = propose(invoice, staff, request_key=(key := uuid4()))
    assert propose(invoice, staff, request_key=key) == first
    drop(first, staff)

    again = propose(invoice, staff, request_key=uuid4())
    drop(again, staff)
    third = propose(invoice, second, request_key=key)

    assert len({first.pk, again.pk, third.pk}) == 3


def mails(template):
    """To whom and with which words and page, in order of the address."""
    jobs = Job.objects.filter(topic="mail.send", payload__template=template)
    rows = [(job.payload["to"], job.payload["context"]) for job in jobs]
    return sorted(
        (to, context["reason"], context.get("words"), context["path"]) for to, context in rows
    )


def test_those_who_can_agree_are_told_of_a_request(invoice, staff, second):
    UserFactory(is_staff=True, is_active=False)
    type(invoice.buyer).objects.filter(pk=invoice.buyer_id).update(is_staff=True)

    propose(invoice, staff)
    with pytest.raises(CreditProposed):
        propose(invoice, staff)

    requests = {"page": ["admin:wallets_creditrequest_changelist"]}
    assert mails("credit_proposed") == [("second@example.com", "Not delivered.", None, requests)]
    context = Job.objects.get(payload__template="credit_proposed").payload["context"]
    assert (context["number"], context["proposer"]) == (invoice.number, staff.name)
    assert context["amount"] == {"money": ["10000.00", "USD"]}


def test_who_proposed_it_is_told_how_it_ended(invoice, staff, second):
    dropped, kept = propose(invoice, staff), "Wait for their answer."
    drop(dropped, second, kept)
    agreed = propose(invoice, staff)
    note = confirm(agreed, second)

    pages = [
        {"page": ["admin:wallets_creditrequest_change", str(request.pk)]}
        for request in (dropped, agreed)
    ]
    assert mails("credit_decided") == [
        (
            staff.email,
            "I agree.",
            f"{second.name} agreed: credit note {note.number} is issued.",
            pages[1],
        ),
        (staff.email, kept, f"{second.name} let it go: nothing is credited.", pages[0]),
    ]


def test_who_lets_their_own_go_is_told_nothing(invoice, staff):
    drop(propose(invoice, staff), staff)

    assert mails("credit_decided") == []


def test_another_note_than_the_one_agreed_on_is_seen(invoice, staff, second):
    confirm(propose(invoice, staff), second)

    corrupt("UPDATE wallets_creditrequest SET amount_minor = amount_minor - 1")

    assert fired() == {"credit_notes_match_invoices"}


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_credit_request_status_valid", "status = 'wanted', decided_at = NULL"),
        ("wallets_credit_request_amount_positive", "amount_minor = 0"),
        ("wallets_credit_request_has_a_reason", "reason = ' '"),
        ("wallets_credit_request_decided_iff_ended", "decided_at = now()"),
        ("wallets_credit_request_note_iff_done", "note_id = invoice_id"),
        (
            "wallets_credit_request_confirmed_by_another",
            "status = 'done', note_id = invoice_id, decided_at = now(), decided_by_id = proposed_by_id",
        ),
    ],
)
def test_the_database_refuses_the_request(invoice, staff, rule, changes):
    assert_refused(rule, propose(invoice, staff), changes)


def test_the_database_refuses_a_second_one_that_waits(invoice, staff):
    request = propose(invoice, staff)

    with refused_by("wallets_credit_request_one_open_per_invoice"):
        copy(request)


def test_the_database_refuses_one_that_was_sent_before(invoice, staff):
    request = propose(invoice, staff, request_key=uuid4())
    drop(request, staff)

    with refused_by("wallets_credit_request_one_per_request"):
        copy(request)
