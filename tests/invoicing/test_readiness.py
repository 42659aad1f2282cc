"""What future invoices lack, and that nobody is hired before where the operator requires it."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.selectors import buyer_copy, seller_copy
from gigs.enums import GigStatus
from gigs.exceptions import AlreadyApplied, LegalDataIncomplete
from gigs.models import Application, Project
from gigs.services import application_submit, gig_match
from invoicing.selectors import MANDATE_VERSION
from invoicing.services import mandate_accept
from invoicing.services.readiness import project_readiness
from invoicing.tax.requirements import requirements
from tests.builders import active_project, open_gig, pending_application
from tests.factories import AT, CommissionerFactory, FreelancerFactory
from tests.parties import (
    AUSTRALIAN,
    AUTHORITY,
    FRENCH,
    GERMAN,
    INDIAN,
    REACHABLE,
    buyer,
    organisation,
    seller,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


def missing(sells, buys, *, has_mandate=True, is_self_billed=False):
    found = requirements(
        seller_copy(sells),
        buyer_copy(buys),
        has_mandate=has_mandate,
        is_self_billed=is_self_billed,
        on=TODAY,
    )
    return [(str(row.side), row.field) for row in found]


def test_nobody_without_legal_data_is_ready():
    assert missing(FreelancerFactory(), CommissionerFactory(), has_mandate=False) == [
        ("seller", "street"),
        ("seller", "postcode"),
        ("seller", "city"),
        ("seller", "country"),
        ("buyer", "street"),
        ("buyer", "postcode"),
        ("buyer", "city"),
        ("buyer", "country"),
        ("seller", "tax_status"),
        ("buyer", "buyer_kind"),
        ("seller", "mandate"),
    ]


@pytest.mark.parametrize(
    ("sells", "buys", "lacks"),
    [
        (seller, buyer, []),
        (seller, lambda: organisation(FRENCH), []),
        (lambda: seller({**GERMAN, "vat_id": ""}), buyer, [("seller", "vat_id")]),
        (lambda: seller({**GERMAN, "vat_id": "", "tax_number": "181/815/08155"}), buyer, []),
        (
            lambda: seller({**GERMAN, "vat_id": "", "tax_number": "181/815/08155"}),
            lambda: organisation(FRENCH),
            [("seller", "vat_id")],
        ),
        (
            lambda: seller({**GERMAN, "vat_id": ""}, status="small_business"),
            buyer,
            [("seller", "vat_id")],
        ),
        (
            lambda: seller(INDIAN),
            lambda: organisation({**INDIAN, "vat_id": "", "region": ""}),
            [("buyer", "region")],
        ),
        (
            seller,
            lambda: organisation({**FRENCH, "country": "HK", "vat_id": "", "postcode": ""}),
            [],
        ),
        (lambda: seller(REACHABLE), lambda: buyer(REACHABLE), []),
        (
            lambda: seller({**REACHABLE, "contact_phone": "", "contact_email": ""}),
            lambda: buyer(REACHABLE),
            [("seller", "contact_phone"), ("seller", "contact_email")],
        ),
        (
            lambda: seller({**REACHABLE, "contact_phone": ""}),
            lambda: organisation(
                {
                    **FRENCH,
                    **AUTHORITY,
                    "electronic_address_scheme": "EM",
                    "electronic_address": "a@example.com",
                }
            ),
            [],
        ),
        (
            seller,
            lambda: buyer({**GERMAN, **AUTHORITY}),
            [
                ("seller", "contact_phone"),
                ("seller", "contact_email"),
                ("seller", "electronic_address"),
            ],
        ),
    ],
)
def test_each_case_asks_for_what_it_needs(sells, buys, lacks):
    assert missing(sells(), buys()) == lacks


@pytest.mark.parametrize(
    ("sells", "buys", "lacks"),
    [
        (seller, buyer, []),
        (seller, lambda: buyer(kind="consumer"), [("buyer", "buyer_kind")]),
        (lambda: seller(INDIAN), lambda: organisation(INDIAN), [("seller", "tax_status")]),
        (lambda: seller(AUSTRALIAN), lambda: organisation(AUSTRALIAN), []),
        (
            lambda: seller({**AUSTRALIAN, "vat_id": ""}, status="not_registered"),
            lambda: organisation({**AUSTRALIAN, "vat_id": ""}),
            [("seller", "tax_status"), ("buyer", "vat_id")],
        ),
    ],
)
def test_not_everybody_writes_the_invoices_of_another(sells, buys, lacks):
    assert missing(sells(), buys(), is_self_billed=True) == lacks


def test_a_self_billed_gig_needs_the_mandate_and_a_business(settings):
    freelancer, consumer = seller(), buyer(kind="consumer")
    gig = open_gig(by=consumer, is_self_billed=True)
    application = pending_application(gig=gig, by=freelancer)
    settings.REQUIRE_LEGAL_DATA = True

    with pytest.raises(LegalDataIncomplete, match="Only a business can write"):
        gig_match(gig_id=gig.pk, application_id=application.pk, by=consumer, at=AT)
    assert not Project.objects.exists()

    buyer(user=consumer)
    with pytest.raises(LegalDataIncomplete, match="Fred Freelancer has to complete"):
        gig_match(gig_id=gig.pk, application_id=application.pk, by=consumer, at=AT)
    mandate_accept(version=MANDATE_VERSION, by=freelancer, at=AT)
    project = gig_match(gig_id=gig.pk, application_id=application.pk, by=consumer, at=AT)

    assert project.is_self_billed is True
    assert project_readiness(project, by=freelancer, on=TODAY).is_ready


def test_each_side_is_told_what_it_can_settle(client_for):
    project = active_project(freelancer=seller())
    url = reverse("invoicing:readiness", args=[project.public_id])

    told = project_readiness(project, by=project.freelancer, on=TODAY)
    sees = {
        person: client_for(person).get(url).content.decode()
        for person in (project.freelancer, project.commissioner)
    }

    assert [row.field for row in told.own] == ["mandate"]
    assert "Accept the mandate" in sees[project.freelancer]
    assert "Choose your country." not in sees[project.freelancer]
    assert "Choose your country." in sees[project.commissioner]
    assert "Accept the mandate" not in sees[project.commissioner]


def test_a_project_whose_parties_are_complete_is_ready(client_for):
    project = active_project(freelancer=seller(), commissioner=buyer())
    mandate_accept(version=MANDATE_VERSION, by=project.freelancer, at=AT)
    url = reverse("invoicing:readiness", args=[project.public_id])

    assert "Nothing is missing" in client_for(project.commissioner).get(url).content.decode()


def test_without_the_requirement_nothing_is_refused():
    assert active_project().status == "active"


def test_applying_needs_the_freelancers_part_alone(settings):
    settings.REQUIRE_LEGAL_DATA = True
    gig, freelancer = open_gig(), seller()

    with pytest.raises(LegalDataIncomplete, match="Accept the mandate") as refusal:
        pending_application(gig=gig, by=freelancer)
    assert "country" not in refusal.value.message
    assert not Application.objects.exists()

    mandate_accept(version=MANDATE_VERSION, by=freelancer, at=AT)
    assert pending_application(gig=gig, by=freelancer).status == "pending"


def test_a_match_waits_for_both(settings):
    application = pending_application(by=seller())
    gig = application.gig
    settings.REQUIRE_LEGAL_DATA = True

    with pytest.raises(LegalDataIncomplete) as refusal:
        gig_match(gig_id=gig.pk, application_id=application.pk, by=gig.commissioner, at=AT)

    assert "Choose your country." in refusal.value.message
    assert "Fred Freelancer has to complete their legal data first." in refusal.value.message
    assert "mandate" not in refusal.value.message
    gig.refresh_from_db()
    application.refresh_from_db()
    assert (gig.status, application.status) == (GigStatus.OPEN, "pending")
    assert not Project.objects.exists()

    buyer(user=gig.commissioner)
    mandate_accept(version=MANDATE_VERSION, by=application.freelancer, at=AT)
    project = gig_match(gig_id=gig.pk, application_id=application.pk, by=gig.commissioner, at=AT)
    assert project.status == "active"


def test_the_apply_form_asks_for_the_mandate(client_for):
    freelancer = seller()
    url = reverse("invoicing:mandate")
    ask = {"HX-Request": "true"}

    first = client_for(freelancer).get(url, headers=ask).content.decode()
    mandate_accept(version=MANDATE_VERSION, by=freelancer, at=AT)
    second = client_for(freelancer).get(url, headers=ask).content.decode()

    assert "Read and accept the mandate" in first
    assert "Read and accept the mandate" not in second


def test_a_second_application_is_refused_before_legal_data_count(settings):
    application = pending_application(by=FreelancerFactory())
    settings.REQUIRE_LEGAL_DATA = True

    with pytest.raises(AlreadyApplied):
        application_submit(
            gig_id=application.gig_id, pitch="Me.", links=[], by=application.freelancer, at=AT
        )
