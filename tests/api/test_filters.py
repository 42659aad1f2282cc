"""Each filter of each list keeps what it names and leaves out the rest."""

import pytest

from gigs.services import application_reject
from tests.builders import (
    active_project,
    open_gig,
    pay,
    pending_application,
    sent_invoice,
)
from tests.factories import AT
from wallets.models import Payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(commissioner, freelancer):
    """Two projects of the same two people; the first has one invoice paid and one sent."""
    people = {"commissioner": commissioner, "freelancer": freelancer}
    first = active_project(**people, title="First")
    second = active_project(**people, title="Second", tasks=1)
    paid, sent = sent_invoice(first, position=1), sent_invoice(first, position=2)
    other = sent_invoice(second)
    pay(paid)
    pay(other)
    rejected = pending_application(gig=open_gig(by=commissioner, title="Third"), by=freelancer)
    application_reject(application_id=rejected.pk, by=commissioner, at=AT)
    return {
        "first": first,
        "second": second,
        "first gig": first.gig,
        "second gig": second.gig,
        "first milestone": paid.milestone,
        "second milestone": sent.milestone,
        "third milestone": first.milestones.get(position=3),
        "other milestone": other.milestone,
        "paid": paid,
        "sent": sent,
        "other": other,
        "first application": first.application,
        "second application": second.application,
        "rejected": rejected,
        "payment": Payment.objects.get(invoice=paid),
        "other payment": Payment.objects.get(invoice=other),
    }


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("applications", "", {"first application", "second application", "rejected"}),
        ("applications", "status=rejected", {"rejected"}),
        ("applications", "gig_id={first gig}", {"first application"}),
        ("applications", "gig_id={first gig}&status=rejected", set()),
        ("projects", "", {"first", "second"}),
        ("projects", "status=completed", {"second"}),
        ("projects", "gig_id={first gig}", {"first"}),
        ("milestones", "status=planned", {"third milestone"}),
        ("milestones", "project_id={second}", {"other milestone"}),
        ("milestones", "project_id={first}&status=settled", {"first milestone"}),
        ("invoices", "", {"paid", "sent", "other"}),
        ("invoices", "status=sent", {"sent"}),
        ("invoices", "project_id={first}", {"paid", "sent"}),
        ("invoices", "task_id={first milestone}", {"paid"}),
        ("invoices", "project_id={second}&status=sent", set()),
        ("payments", "", {"payment", "other payment"}),
        ("payments", "invoice_id={paid}", {"payment"}),
        ("payments", "invoice_id={sent}", set()),
        ("payments", "status=succeeded", {"payment", "other payment"}),
        ("payments", "status=failed", set()),
    ],
)
def test_a_filter_keeps_what_it_names(api, commissioner, lived, path, query, expected):
    names = {row.public_id: name for name, row in lived.items()}
    ids = {name: row.public_id for name, row in lived.items()}

    answer = api(commissioner).get(f"/api/v1/{path}/?{query.format(**ids)}")

    assert answer.status_code == 200
    assert {names[row["id"]] for row in answer.json()["results"]} == expected


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("invoices", "project_id={first gig}"),
        ("invoices", "status=lost"),
        ("payments", "invoice_id=1"),
        ("projects", "status="),
        ("milestones", "colour=red"),
    ],
)
def test_a_filter_that_makes_no_sense_is_400(api, commissioner, lived, path, query):
    ids = {name: row.public_id for name, row in lived.items()}

    answer = api(commissioner).get(f"/api/v1/{path}/?{query.format(**ids)}")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [query.split("=")[0]]
