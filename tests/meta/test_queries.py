"""What a page or a list asks the database does not grow with its rows."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money

from accounts.models import User
from accounts.services.access import TokenGrant, token_issue
from common.models import PublicIdModel
from gigs.models import Gig
from gigs.services import refund_request
from invoicing.documents.fees import FeeCharge
from invoicing.enums import FeeKind, Side
from invoicing.selectors import Wanted
from invoicing.services.exports import export_request, exports_tidy
from invoicing.services.fees import fee_invoices_issue
from tests.builders import (
    active_project,
    credit,
    fund,
    held_project,
    invoice_draft,
    milestone_of,
    open_gig,
    pay,
    pending_application,
    sent_invoice,
    submitted_milestone,
    with_extra,
)
from tests.factories import AT, FreelancerFactory, UserFactory
from tests.meta.routes import NAMES_OBJECT, Address, Caller, routes
from tests.wallets.banking import OURS, table, take
from tests.wallets.withdrawing import request
from wallets.services import HoldTerms, hold_place, payment_method_add

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
    credit(pay(sent_invoice(project, position=1)).invoice, "100.00")
    sent_invoice(project, position=2)
    submitted_milestone(project, position=3)
    request(freelancer, amount="10.00")
    for user in (commissioner, freelancer):
        token_issue(grant=TokenGrant(name="Script"), by=user, at=AT)
    payment_method_add(
        provider="sandbox", token="test_ok", is_default=False, by=commissioner, at=AT
    )
    invoice_draft(with_extra(project))
    one_more_paper(commissioner, freelancer, number)
    held = held_project(commissioner=commissioner, freelancer=freelancer, title=f"Held {number}")
    fund(held, 1)
    refund_request(milestone_id=milestone_of(held).pk, reason="Late.", by=commissioner, at=AT)
    hold_place(
        user_id=freelancer.pk,
        terms=HoldTerms(Money("1.00", "USD"), "Disputed.", "Terms 7.2", AT.date()),
        by=UserFactory(is_staff=True),
        at=AT,
    )
    take(table({"amount": "5.00", "name": "Somebody"}, start=number))


def one_more_paper(commissioner: User, freelancer: User, number: int) -> None:
    """An archive for each side, ended so that another can be asked for, and a fee invoice."""
    for user, side in ((freelancer, Side.SENT), (commissioner, Side.RECEIVED)):
        export_request(wanted=Wanted(side=side), by=user, at=AT)
    exports_tidy(at=AT + timedelta(hours=4))
    month = date(2020 + number // 12, number % 12 + 1, 1)
    charge = FeeCharge(FeeKind.FEE, freelancer.pk, "USD", month, 16667, 0)
    fee_invoices_issue(charges=[charge], at=AT)


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
    commissioner, freelancer, staff, settings
):
    settings.PAYOUT_ACCOUNT_IBAN = OURS
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
