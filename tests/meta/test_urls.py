"""Every address denies whoever has no business there, and reading never writes."""

import re

import pytest
from django.urls import reverse

from accounts.models import User
from tests.factories import UserFactory
from tests.meta.routes import NAMES_OBJECT, Address, Caller, addresses, routes
from tests.meta.world import World, build, nowhere
from tests.rules import checksums

pytestmark = pytest.mark.django_db

PUBLIC = {
    "",
    "gigs/",
    "gigs/<gig_id:gig_id>/",
    "status/",
    "status/anchors/",
    "status/anchors.jsonl",
    "healthz",
    "readyz",
    "metrics",
    "accounts/login/",
    "accounts/logout/",
    "accounts/signup/",
    "accounts/inactive/",
    "accounts/confirm-email/",
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$",
    "accounts/login/code/confirm/",
    "accounts/2fa/authenticate/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "accounts/password/reset/key/done/",
    "api/v1/auth/register/",
    "api/v1/auth/token/",
    "api/v1/provider-events/sandbox/",
    "api/v1/schema/",
    "api/v1/docs/",
    "api/v1/redoc/",
    "api/",
}
"""What anybody may ask for; 404 for what is not there or not theirs to see."""

OWN = {
    "gigs/mine/",
    "gigs/applications/",
    "gigs/post/",
    "gigs/post/plan/",
    "gigs/post/split/",
    "gigs/post/review/",
    "gigs/post/discard/",
    "projects/",
    "invoices/",
    "invoices.csv",
    "invoices/new/",
    "invoices/exports/",
    "invoices/fees/",
    "invoices/foreign/",
    "dashboard/",
    "wallet/",
    "wallet/statement/",
    "wallet/statement.csv",
    "credit/",
    "credit/top-up/",
    "payment-methods/",
    "payout-methods/",
    "withdraw/",
    "withdrawals/",
    "settings/",
    "settings/profile/",
    "settings/profile/freelancer/",
    "settings/profile/commissioner/",
    "settings/roles/",
    "settings/legal/",
    "settings/logo/",
    "settings/logo/remove/",
    "settings/logo.png",
    "settings/organisation/",
    "settings/organisation/logo/",
    "settings/organisation/logo/remove/",
    "settings/organisation/logo.png",
    "settings/mandate/",
    "settings/mandate/accept/",
    "settings/mandate/revoke/",
    "settings/tokens/",
    "settings/security/",
    "accounts/reauthenticate/",
    "accounts/email/",
    "accounts/password/change/",
    "accounts/password/set/",
    "accounts/2fa/",
    "accounts/2fa/reauthenticate/",
    "accounts/2fa/totp/activate/",
    "accounts/2fa/totp/deactivate/",
    "accounts/2fa/recovery-codes/",
    "accounts/2fa/recovery-codes/generate/",
    "accounts/2fa/recovery-codes/download/",
    "api/v1/me/",
    "api/v1/me/legal/",
    "api/v1/me/logo/",
    "api/v1/me/mandate/",
    "api/v1/me/organisation/",
    "api/v1/me/organisation/logo/",
    "api/v1/tokens/",
    "api/v1/gigs/",
    "api/v1/applications/",
    "api/v1/projects/",
    "api/v1/milestones/",
    "api/v1/invoices/",
    "api/v1/invoices/drafts/",
    "api/v1/invoice-exports/",
    "api/v1/fee-invoices/",
    "api/v1/foreign-invoices/",
    "api/v1/payments/",
    "api/v1/credit/",
    "api/v1/credit/transactions/",
    "api/v1/credit/top-up/",
    "api/v1/credit/top-up/preview/",
    "api/v1/credit/take-back/",
    "api/v1/credit/take-back/preview/",
    "api/v1/credit/take-backs/",
    "api/v1/credit/transfer-back/",
    "api/v1/credit/transfer-back/preview/",
    "api/v1/payment-methods/",
    "api/v1/payout-methods/",
    "api/v1/wallet/holds/",
    "api/v1/withdrawals/",
    "api/v1/withdrawals/preview/",
    "api/v1/wallet/",
    "api/v1/wallet/clearings/",
    "api/v1/wallet/transactions/",
}
"""What everybody who is signed in has of their own."""

BY_LINE_OR_MOMENT = {
    "wallet/receipts/<slug:currency>/<int:line>.json",
    "api/v1/wallet/receipts/<slug:currency>/<int:line>/",
    "api/v1/wallet/past/",
}
"""What everybody has of their own by line or moment: nobody else's can be named."""

WORKFLOW = {
    "api/gigs/post",
    "api/gigs/match-freelancer",
    "api/project-tasks/submit",
    "api/invoices/auto-generate",
    "api/payments/execute",
}
WORKFLOW |= {f"{route}/" for route in WORKFLOW}
"""The paths of the first specification: they name their objects in the body."""

FOR_ALL_TO_SEE = {
    "gigs/<gig_id:gig_id>/",
    "gigs/<gig_id:gig_id>/apply/",
    "api/v1/gigs/<gig_id:gig_id>/",
    "api/v1/gigs/<gig_id:gig_id>/applications/",
}
"""What a stranger may do with an open gig: read it and apply."""

SIGN_OUT = "admin/logout/"
OF_MODEL = re.compile(r"admin/(accounts|gigs|invoicing|wallets|outbox)/\w+/")
SIGN_IN = ("/accounts/login/?", "/admin/login/?")
IDENTIFIERS = re.compile(r"[a-z]{2,3}_[0-9a-f]{32}|[0-9A-Z]{4}-[0-9]{4}-[0-9]{5}")
CHANCE = re.compile(
    r'"request_id":"[^"]*"|csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": "[^"]*"'
)


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """Refusals are what is asked for; a failure must not drown in them."""
    caplog.set_level("CRITICAL", "django.request")


@pytest.fixture
def world():
    return build()


def signed_in(user: User) -> Caller:
    caller = Caller(user)
    assert caller.browser.get("/settings/security/").status_code == 200
    return caller


def everywhere(world: World) -> list[Address]:
    return [address for route in routes() for address in addresses(route, world)]


def body_for(address: Address, world: World) -> dict:
    """What would be accepted from whoever may send it."""
    if address.door != "api" or not address.public_id:
        return {}
    part = {"amount": {"amount": "1.00", "currency": "USD"}, "remainder": "give_back"}
    bodies = {
        "match": {"application_id": world.first("app")},
        "applications": {"pitch": "I have done this before."},
        "submit": {"message": "Here it is."},
        "request-changes": {"comment": "More."},
        "report": {"message": "No answer."},
        "pay": {"payment_method": "test_ok"},
        "fund": {"payment_method": "test_ok"},
        "give-back": {"amount": part["amount"]},
        "refund": {"reason": "Plans have changed."},
        "decline": {"answer": "Work is under way."},
        "credit": {"amount": part["amount"], "reason": "Less."},
        "extra": {"amount": part["amount"], "reason": "More to do."},
        "draft": {"lines": [{"description": "Hours", "unit_price": part["amount"]}]},
    }
    if "/approve-part/" in address.path:
        return part
    previewed = [
        name
        for name in ("fund", "give-back", "refund", "credit")
        if f"/{name}/preview/" in address.path
    ]
    name = previewed[0] if previewed else address.path.split("/")[-2]
    return bodies.get(name, {})


def test_every_route_is_in_a_list():
    listed = PUBLIC | OWN | BY_LINE_OR_MOMENT | WORKFLOW
    unlisted = {
        route
        for route in routes()
        if route not in listed and not route.startswith("admin/") and not NAMES_OBJECT.search(route)
    }

    assert unlisted == set()
    assert listed - set(routes()) == set()


def test_nobody_gets_past_sign_in(world):
    before, nobody, wrong = checksums(), Caller(None), []

    for address in everywhere(world):
        if address.route in PUBLIC | {SIGN_OUT}:
            continue
        for method in address.methods:
            answer = nobody.call(method, address, body_for(address, world))
            if not _is_denied(address, answer):
                wrong.append(f"{method} {address.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


def _is_denied(address: Address, answer) -> bool:
    if address.door == "api":
        return answer.status_code in (401, 403)
    leads_to_sign_in = answer.status_code == 302 and answer["Location"].startswith(SIGN_IN)
    return leads_to_sign_in or answer.status_code == 405


def test_public_pages_answer_and_change_nothing(world):
    before, nobody, wrong = checksums(), Caller(None), []

    for address in everywhere(world):
        if address.route not in PUBLIC - {"readyz"}:
            continue
        for method in address.methods:
            if (status := nobody.call(method, address, {}).status_code) >= 500:
                wrong.append(f"{method} {address.path}: {status}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


@pytest.mark.parametrize("who", ["stranger", "staff"])
def test_what_belongs_to_others_is_denied_as_if_it_were_not_there(world, request, who):
    caller = signed_in(request.getfixturevalue(who))
    before, nothing, wrong = checksums(), nowhere(world), []

    for route in filter(NAMES_OBJECT.search, routes()):
        missing = addresses(route, nothing)[0]
        expected = {
            method: _said(caller.call(method, missing, body_for(missing, world)))
            for method in missing.methods
        }
        codes = {code for code, _ in expected.values()}
        if codes - {403, 404, 405} or codes == {405}:
            wrong.append(f"{missing.path}: {codes}")
        for address in addresses(route, world):
            if address.public_id != world.open_gig:
                wrong += [
                    f"{method} {address.path}"
                    for method in address.methods
                    if _said(caller.call(method, address, body_for(address, world)))
                    != expected[method]
                ]

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


def test_a_stranger_may_not_manage_an_open_gig(world, stranger):
    caller, before, wrong = signed_in(stranger), checksums(), []

    for address in everywhere(world):
        if address.public_id != world.open_gig or address.route in FOR_ALL_TO_SEE:
            continue
        for method in address.methods:
            status = caller.call(method, address, body_for(address, world)).status_code
            if status not in (403, 404, 405):
                wrong.append(f"{method} {address.path}: {status}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


def _said(answer) -> tuple[int, str]:
    text = CHANCE.sub("", IDENTIFIERS.sub("ID", answer.content.decode()))
    return answer.status_code, text


def test_the_workflow_paths_deny_a_stranger_what_their_body_names(world, stranger):
    caller, before, wrong = signed_in(stranger), checksums(), []

    for asked, missing in zip(named(world), named(nowhere(world)), strict=True):
        route, body = asked
        for path in (f"/{route}", f"/{route}/"):
            address = Address(route, path)
            theirs = _said(caller.call("POST", address, body))
            nothing = _said(caller.call("POST", address, missing[1]))
            if theirs[0] != 404 or theirs != nothing:
                wrong.append(f"{path} {body}: {theirs}, {nothing}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


def named(world: World) -> list[tuple[str, dict]]:
    """What the workflow paths take, about every object of the world."""
    matched, application = world.ids["gig"][-1], world.first("app")
    tasks = [
        {"task_id": task_id, **action}
        for task_id in world.ids["mst"]
        for action in (
            {"action": "submit", "message": "Here it is."},
            {"action": "approve"},
            {"action": "request_changes", "comment": "More."},
        )
    ]
    pays = [{"invoice_id": invoice_id} for invoice_id in world.ids["inv"]]
    pays.append({"invoice_number": world.numbers["invoice"]})
    return [
        ("api/gigs/match-freelancer", {"gig_id": matched, "application_id": application}),
        *(("api/project-tasks/submit", body) for body in tasks),
        *(("api/invoices/auto-generate", {"task_id": task_id}) for task_id in world.ids["mst"]),
        *(("api/payments/execute", {"payment_method": "test_ok", **body}) for body in pays),
    ]


def test_the_staff_door_is_closed_to_people(world, stranger):
    caller, before, wrong = signed_in(stranger), checksums(), []

    for address in everywhere(world):
        if address.door != "admin" or address.route == SIGN_OUT:
            continue
        for method in address.methods:
            answer = caller.call(method, address, {})
            if answer.status_code != 403 and not _is_denied(address, answer):
                wrong.append(f"{method} {address.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


def test_pages_of_a_model_are_closed_to_staff_who_may_not_see_its_rows(world):
    caller, before, wrong = signed_in(UserFactory(is_staff=True)), checksums(), []

    for address in everywhere(world):
        if not OF_MODEL.match(address.route) or address.route.endswith("/<path:object_id>/"):
            continue
        for method in address.methods:
            answer = caller.call(method, address, {})
            is_nowhere = answer.status_code == 302 and answer.url == reverse("admin:index")
            if answer.status_code != 403 and not is_nowhere:
                wrong.append(f"{method} {address.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before


def test_lists_of_ones_own_show_nothing_of_others(world, stranger):
    caller, wrong = signed_in(stranger), []
    theirs = [public_id for public_ids in world.ids.values() for public_id in public_ids]

    for route in OWN | {"", "gigs/", "status/"}:
        answer = caller.call("GET", Address(route, f"/{route}"), {})
        text = (answer.getvalue() if answer.streaming else answer.content).decode()
        is_fine = answer.status_code in (200, 302, 405) or route.startswith(
            (
                "accounts/2fa/",
                "settings/logo.png",
                "settings/organisation/logo.png",
                "api/v1/me/logo/",
                "api/v1/me/organisation/logo/",
            )
        )
        if not is_fine or any(public_id in text for public_id in theirs):
            wrong.append(f"{route}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


def test_anybody_sees_open_gigs_and_no_others(world):
    nobody = Caller(None)
    pages = addresses("gigs/<gig_id:gig_id>/", world)

    statuses = {page.public_id: nobody.call("GET", page, {}).status_code for page in pages}

    assert statuses.pop(world.open_gig) == 200
    assert set(statuses.values()) == {404}
    assert len(statuses) == 3


@pytest.mark.parametrize("who", ["commissioner", "freelancer", "staff"])
def test_reading_writes_nothing(world, request, who):
    caller = signed_in(getattr(world, who, None) or request.getfixturevalue(who))
    before, wrong = checksums(), []

    for address in everywhere(world):
        if address.route == "readyz" or (address.door == "admin") != (who == "staff"):
            continue
        if (status := caller.call("GET", address, {}).status_code) >= 500:
            wrong.append(f"{address.path}: {status}")

    assert not wrong, "\n".join(wrong)
    assert checksums() == before
    assert caller.browser.get("/settings/security/").status_code == 200
