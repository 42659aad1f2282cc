import pytest

from tests.builders import active_project, open_gig
from tests.factories import FreelancerFactory
from tests.parties import buyer, seller

pytestmark = pytest.mark.django_db


def test_a_party_reads_what_the_invoices_lack(api):
    project = active_project(freelancer=seller(), commissioner=buyer())

    shown = api(project.commissioner).get(f"/api/v1/projects/{project.public_id}/readiness/")

    assert shown.json() == {
        "is_ready": False,
        "is_required": False,
        "missing": [
            {
                "side": "seller",
                "field": "mandate",
                "detail": "Accept the mandate to issue invoices in your name (Settings, Mandate).",
            }
        ],
    }


def test_where_it_is_required_an_application_is_409(api, refused, settings):
    settings.REQUIRE_LEGAL_DATA = True
    gig = open_gig()

    answer = api(FreelancerFactory()).post(
        f"/api/v1/gigs/{gig.public_id}/applications/", {"pitch": "Me."}, format="json"
    )

    refused(answer, 409, "legal_data_incomplete")
