"""What cannot be undone and has no natural key is done once for each form, however often it is sent."""

import re
from uuid import uuid4

import pytest
from djmoney.money import Money

from gigs.models import Extra
from gigs.services import extra_agree
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice
from tests.builders import (
    active_project,
    fund,
    held_project,
    milestone_of,
    paid_invoice,
    sent_invoice,
)
from tests.factories import AT
from tests.rules import copy, refused_by
from tests.wallets.withdrawing import funded
from wallets import integrity
from wallets.models import Account, Hold, Release
from wallets.services import (
    HoldTerms,
    funds_give_back,
    hold_place,
    invoice_credit,
    staff_credit,
)

pytestmark = pytest.mark.django_db

KEY = re.compile(r'name="key" value="([0-9a-f-]{36})"')
HELD = "/admin/wallets/account/"
INVOICES = "/admin/invoicing/invoice/"


def shown_key(page) -> str:
    return KEY.search(page.content.decode())[1]


def twice(client, path: str, form: dict[str, str]) -> None:
    """Send the same form twice: both answers are the same."""
    first, second = client.post(path, form), client.post(path, form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.headers["Location"] == second.headers["Location"]


def test_a_part_is_given_back_once_a_form(client_for, commissioner, freelancer):
    project = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(project)
    client, milestone = client_for(freelancer), milestone_of(project)
    path = f"/milestones/{milestone.public_id}/give-back/"
    form = {"extent": "part", "amount": "333.34", "key": shown_key(client.get(path))}

    twice(client, path, form)

    assert Release.objects.count() == 1
    assert milestone_of(project).amount.amount == 3000
    client.post(path, {**form, "key": shown_key(client.get(path))})
    assert milestone_of(project).amount.amount == Money("2666.66", "USD").amount
    assert integrity.differences() == []


def test_all_is_given_back_once_and_the_second_form_says_so(freelancer):
    project = held_project(freelancer=freelancer)
    fund(project)
    deed = {"milestone_id": milestone_of(project).pk, "request_key": uuid4(), "by": freelancer}

    first = funds_give_back(**deed, at=AT)

    assert funds_give_back(**deed, at=AT).release == first.release


def test_a_part_is_credited_once_a_form(client_for):
    invoice = sent_invoice()
    client = client_for(invoice.seller)
    path = f"/invoices/{invoice.public_id}/credit/"
    key = shown_key(client.get(path))

    twice(client, path, {"extent": "part", "amount": "100.00", "reason": "Late.", "key": key})

    assert Invoice.objects.filter(kind=InvoiceKind.CREDIT_NOTE).count() == 1
    invoice.refresh_from_db()
    assert invoice.credited == 100


def test_what_is_credited_in_full_is_the_same_note_again():
    invoice = sent_invoice()
    deed = {"invoice_id": invoice.pk, "reason": "x", "request_key": uuid4(), "by": invoice.seller}

    assert invoice_credit(**deed, at=AT) == invoice_credit(**deed, at=AT)


def test_staff_credit_once_a_form(client_for, staff):
    invoice = paid_invoice()
    chosen = {"action": "credit", "_selected_action": [invoice.pk]}
    client = client_for(staff)
    key = shown_key(client.post(INVOICES, chosen))

    twice(client, INVOICES, {**chosen, "amount": "100.00", "reason": "Late.", "key": key})

    invoice.refresh_from_db()
    assert invoice.credited == 100
    again = {"invoice_id": invoice.pk, "amount": Money("100.00", "USD"), "reason": "x", "by": staff}
    assert staff_credit(**again, request_key=uuid4(), at=AT).credits == invoice
    assert integrity.differences() == []


def test_extra_work_is_agreed_once_a_form(client_for):
    project = active_project()
    client = client_for(project.commissioner)
    path = f"/projects/{project.public_id}/extra/"
    key = shown_key(client.get(path))

    twice(client, path, {"amount": "500.00", "reason": "Two more pages.", "key": key})

    project.refresh_from_db()
    assert (Extra.objects.count(), project.extra_minor) == (1, 50_000)


def test_money_is_held_once_a_form(client_for, freelancer, staff):
    account = Account.objects.get(owner=f"user:{funded(freelancer).pk}", kind="available")
    chosen = {"action": "place_hold", "_selected_action": [account.pk]}
    client = client_for(staff)
    form = {
        "amount": "100.00",
        "reason": "Disputed.",
        "clause": "Terms 7.2",
        "review_on": "2999-01-01",
        "key": shown_key(client.post(HELD, chosen)),
    }

    twice(client, HELD, {**chosen, **form})

    assert Hold.objects.get().amount_minor == 10_000
    assert integrity.differences() == []


def test_without_a_key_each_call_counts(freelancer, staff):
    owner = funded(freelancer)
    terms = HoldTerms(Money("10.00", "USD"), "Disputed.", "Terms 7.2", AT.date())

    for _ in range(2):
        hold_place(user_id=owner.pk, terms=terms, by=staff, at=AT)

    assert Hold.objects.count() == 2


def test_the_database_keeps_one_extra_a_request():
    project = active_project()
    extra_agree(
        project_id=project.pk,
        amount=Money("5.00", "USD"),
        reason="More.",
        request_key=uuid4(),
        by=project.commissioner,
        at=AT,
    )

    with refused_by("gigs_extra_one_per_request"):
        copy(Extra.objects.get())


def test_the_database_keeps_one_hold_a_request(freelancer, staff):
    terms = HoldTerms(Money("10.00", "USD"), "Disputed.", "Terms 7.2", AT.date())
    hold = hold_place(
        user_id=funded(freelancer).pk, terms=terms, request_key=uuid4(), by=staff, at=AT
    )

    with refused_by("wallets_hold_one_per_request"):
        copy(hold)


def test_the_database_keeps_one_release_a_request(freelancer):
    project = held_project(freelancer=freelancer)
    fund(project)
    released = funds_give_back(
        milestone_id=milestone_of(project).pk,
        amount=Money("10.00", "USD"),
        request_key=uuid4(),
        by=freelancer,
        at=AT,
    ).release

    with refused_by("wallets_release_one_per_request"):
        copy(released, number="number + 1")


def test_the_database_keeps_one_note_a_request():
    invoice = sent_invoice()
    note = invoice_credit(
        invoice_id=invoice.pk,
        amount=Money("10.00", "USD"),
        reason="x",
        request_key=uuid4(),
        by=invoice.seller,
        at=AT,
    )

    with refused_by("invoicing_credit_note_one_per_request"):
        copy(note, number="number || '1'", position="position + 1")
