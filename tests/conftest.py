"""People and clients that every test may ask for."""

import gc
from math import inf

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings

from accounts.enums import Role, Scope
from accounts.services import role_add
from accounts.services.access import TokenGrant, token_issue
from outbox import turns
from tests import scheduling
from tests.factories import (
    AT,
    PASSWORD,
    CommissionerFactory,
    FreelancerFactory,
    UserFactory,
)
from tests.installation import running_installation
from tests.listed import ListingClient
from tests.template import template
from tests.wallets.simulated import address, simulator

settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")


def pytest_collection_finish():
    """What is loaded by now stays; looking through it again and again took a tenth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: scheduling.longest_first(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return scheduling.FoldersTogether(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Each worker's database is a copy of one that was migrated once."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """One running installation for everything that only uses it."""
    with running_installation(tmp_path_factory, name="shared") as running:
        yield running


@pytest.fixture
def at():
    return AT


@pytest.fixture
def stopped_clock():
    """It is AT all the time."""
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def commissioner(db):
    return CommissionerFactory(email="commissioner@example.com", name="Clara Commissioner")


@pytest.fixture
def freelancer(db):
    return FreelancerFactory(email="freelancer@example.com", name="Fred Freelancer")


@pytest.fixture
def stranger(db):
    """Holds both roles, and is concerned in nothing."""
    user = CommissionerFactory(email="stranger@example.com", name="Sam Stranger")
    return role_add(role=Role.FREELANCER, by=user, at=AT)


@pytest.fixture
def staff(db):
    return UserFactory(
        email="staff@example.com", name="Stella Staff", is_staff=True, is_superuser=True
    )


@pytest.fixture
def client_for():
    """A browser that is signed in as the user; None for an anonymous one."""

    def make(user) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def sure_client_for(client_for):
    """A browser of somebody who has just given the password again."""

    def make(user) -> Client:
        client = client_for(user)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        return client

    return make


@pytest.fixture
def withdrawing_api(db):
    """An API client with a token that may withdraw money, too."""

    def make(user) -> ListingClient:
        client = ListingClient(raise_request_exception=False)
        grant = TokenGrant(name="withdrawals", scopes=tuple(Scope))
        _, secret = token_issue(grant=grant, by=user, at=timezone.now())
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make


@pytest.fixture
def provider(tmp_path, settings):
    """The payout provider: the simulator, listening, with an empty book."""
    settings.PAYOUT_TIMEOUT_SECONDS = 2.0
    with simulator(tmp_path) as server:
        settings.SANDBOX_PAYOUT_URL = address(server)
        yield server


@pytest.fixture
def api(db):
    """An API client with a token of the user; None for an anonymous one."""

    def make(user) -> ListingClient:
        client = ListingClient(raise_request_exception=False)
        if user is not None:
            _, secret = token_issue(grant=TokenGrant(name="tests"), by=user, at=timezone.now())
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make


@pytest.fixture(autouse=True)
def _no_turns(monkeypatch):
    """What a test runs does nothing else that is due; the tests of turns switch them on."""
    monkeypatch.setattr(turns, "_owed", -inf)


@pytest.fixture(autouse=True)
def _empty_ledger(request):
    """Tests with real transactions leave an empty ledger behind: its tables are not Django's."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        return
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE wallets_entry, wallets_journal, wallets_balance, wallets_account")
