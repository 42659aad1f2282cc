"""What a page or a list asks the database does not grow with its rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.access import TokenGrant, token_issue
from common.models import PublicIdModel
from gigs.models import Gig
from tests.builders import (
    active_project,
    open_gig,
    pay,
    pending_application,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT, FreelancerFactory
from tests.meta.routes import NAMES_OBJECT, Address, Caller, routes
from tests.wallets.withdrawing import request
from wallets.services import payment_method_add

pytestmark = pytest.mark.django_db

FEW, MANY = 3, 12
WITHOUT_ROWS = {"readyz", "api/"}
CANDIDATES = (
    "gigs/<gig_id:gig_id>/candidates/",
    "api/v1/gigs/<gig_id:gig_id>/applications/",
)
PARTS_OF_GIGS = ("gigs/<gig_id:gig_id>/", "api/v1/gigs/<gig_id:gig_id>/")
PARTS_OF_PROJECTS = ("projects/<prj_id:project_id>/", "api/v1/projects/<prj_id:project_id>/")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level("CRITICAL", "django.request")


def one_more(commissioner: User, freelancer: User, popular: Gig) -> None:
    """One more row in every list of the two people, and of staff."""
    number = Gig.objects.count()
    gig = open_gig(by=commissioner, title=f"Gig {number}")
    pending_application(gig=gig, by=freelancer)
    pending_application(gig=popular, by=FreelancerFactory())
    project = active_project(
        commissioner=commissioner, freelancer=freelancer, title=f"Project {number}"
    )
    pay(sent_invoice(project, position=1))
    sent_invoice(project, position=2)
    submitted_milestone(project, position=3)
    request(freelancer, amount="10.00")
    for user in (commissioner, freelancer):
        token_issue(grant=TokenGrant(name="Script"), by=user, at=AT)
    payment_method_add(
        provider="sandbox", token="test_ok", is_default=False, by=commissioner, at=AT
    )


def queries(caller: Caller, address: Address) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        answer = caller.call("GET", address, {})
        assert answer.status_code < 500, address.path
        if answer.streaming:
            answer.getvalue()
    return [query["sql"] for query in captured]


def lists() -> list[Address]:
    """Every address that names no object: what may be a list is on one of them."""
    own = [
        route for route in routes() if not NAMES_OBJECT.search(route) and not set("<(") & set(route)
    ]
    return [Address(route, f"/{route}") for route in own if route not in WITHOUT_ROWS]


def differences(few: dict[str, list[str]], many: dict[str, list[str]]) -> str:
    return "\n".join(
        f"{name}: {len(few[name])} queries for {FEW} rows, {len(many[name])} for {MANY}, such as "
        + next((query for query in many[name] if query not in few[name]), "")[:300]
        for name in few
        if len(few[name]) != len(many[name])
    )


def test_every_list_takes_as_many_queries_for_three_rows_as_for_twelve(
    commissioner, freelancer, staff
):
    popular = open_gig(by=commissioner)
    asked = [(who, page) for who in (commissioner, freelancer, staff) for page in lists()]
    asked = [(who, page) for who, page in asked if (page.door == "admin") == who.is_staff]
    asked += [(commissioner, _page_of(route, popular)) for route in CANDIDATES]
    callers = {who: Caller(who) for who in (commissioner, freelancer, staff)}

    def count() -> dict[str, list[str]]:
        return {f"{page.path} {who}": queries(callers[who], page) for who, page in asked}

    for _ in range(FEW):
        one_more(commissioner, freelancer, popular)
    count()
    few = count()
    for _ in range(MANY - FEW):
        one_more(commissioner, freelancer, popular)

    assert len(asked) > 80
    assert differences(few, count()) == ""


def test_every_page_takes_as_many_queries_for_three_milestones_as_for_twelve(
    commissioner, freelancer
):
    few, many = ({}, {})
    for found, tasks in (({}, FEW), (few, FEW), (many, MANY)):
        project = active_project(
            commissioner=commissioner,
            freelancer=freelancer,
            tasks=tasks,
            title=f"Project {Gig.objects.count()}",
        )
        for position in range(1, tasks + 1):
            sent_invoice(project, position=position)
        pages = [_page_of(route, project.gig) for route in PARTS_OF_GIGS]
        pages += [_page_of(route, project) for route in PARTS_OF_PROJECTS]
        for who in (commissioner, freelancer):
            caller = Caller(who)
            found |= {f"{page.route} {who}": queries(caller, page) for page in pages}

    assert len(few) == 8
    assert differences(few, many) == ""


def _page_of(route: str, row: PublicIdModel) -> Address:
    return Address(route, "/" + NAMES_OBJECT.sub(row.public_id, route))
