import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from outbox.enums import Beat
from outbox.models import Heartbeat, Job
from outbox.services import enqueue, heartbeat
from tests.builders import (
    active_project,
    paid_invoice,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT, UserFactory
from tests.rules import checksums
from wallets.models import Journal

pytestmark = pytest.mark.django_db

FREELANCERS_PAGES = ["wallets:wallet", "wallets:statement", "wallets:statement-csv"]


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


def text_of(response):
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("name", FREELANCERS_PAGES)
def test_a_wallet_is_for_freelancers(client_for, commissioner, freelancer, stranger, project, name):
    paid_invoice(project)
    address = reverse(name)

    asked = client_for(None).get(address)
    assert (asked.status_code, asked.url) == (302, f"/accounts/login/?next={address}")
    assert client_for(commissioner).get(address).status_code == 403
    assert client_for(freelancer).get(address).status_code == 200
    strange = client_for(stranger).get(address)
    assert strange.status_code == 200
    assert "3,166.67" not in strange.getvalue().decode()


@pytest.mark.parametrize("name", [*FREELANCERS_PAGES, "dashboard", "status"])
def test_pages_are_read_by_get_alone_and_change_nothing(client_for, freelancer, project, name):
    paid_invoice(project)
    client = client_for(freelancer)
    before = checksums()

    assert client.post(reverse(name)).status_code == 405
    b"".join(client.get(reverse(name)))
    assert checksums() == before


def test_the_wallet_shows_balances_chart_and_latest_lines(client_for, freelancer, project):
    for position in (1, 2, 3):
        paid_invoice(project, position=position)

    with time_machine.travel(AT, tick=False):
        response = client_for(freelancer).get(reverse("wallets:wallet"))

    text = text_of(response)
    [balance] = response.context["balances"]
    assert (balance.available, balance.pending, balance.lifetime_earnings) == (950_000, 0, 950_000)
    assert str(response.context["chart"].total.amount) == "9500.00"
    assert '"values": ["0.00", ' in text
    assert '"9500.00"]' in text
    assert [str(row.balance_after.amount) for row in response.context["statement"].rows] == [
        "9500.00",
        "6333.34",
        "3166.67",
    ]


def test_an_empty_wallet_says_so(client_for, freelancer):
    text = text_of(client_for(freelancer).get(reverse("wallets:wallet")))

    assert "Your wallet is empty" in text
    assert "statement.csv" not in text


def test_the_currency_is_switched(client_for, freelancer):
    paid_invoice(active_project(freelancer=freelancer))
    paid_invoice(active_project(freelancer=freelancer, budget="1001", currency="JPY", tasks=2))
    client = client_for(freelancer)

    for name in ("wallets:wallet", "wallets:statement"):
        dollars = client.get(reverse(name))
        yen = client.get(reverse(name), {"currency": "JPY"})
        nonsense = client.get(reverse(name), {"currency": "<script>"})
        assert dollars.context["currency"] == nonsense.context["currency"] == "USD"
        assert yen.context["currency"] == "JPY"
        assert [str(row.amount) for row in yen.context["statement"].rows] == ["JP¥476"]


def test_the_statement_goes_on_in_pages(client_for, freelancer):
    project = active_project(freelancer=freelancer, tasks=26, budget="2600.00")
    for position in range(1, 27):
        paid_invoice(project, position=position)
    client = client_for(freelancer)

    first = client.get(reverse("wallets:statement"))
    place = first.context["statement"].older
    older = client.get(reverse("wallets:statement"), {"before": place})
    end = client.get(reverse("wallets:statement"), {"before": Journal.objects.earliest("pk").pk})

    assert len(first.context["statement"].rows) == 25
    assert [str(row.balance_after.amount) for row in older.context["statement"].rows] == ["95.00"]
    assert f"?currency=USD&amp;before={place}" in first.content.decode()
    assert "Nothing older" in text_of(end)
    for nonsense in ("-1", "x", "٣", "9" * 30):
        shown = client.get(reverse("wallets:statement"), {"before": nonsense})
        assert shown.context["statement"].is_newest


def test_the_statement_is_exported_byte_for_byte(client_for, commissioner, freelancer):
    project = active_project(
        commissioner=commissioner, freelancer=freelancer, title='=HYPERLINK("x", "ü")', tasks=2
    )
    numbers = [paid_invoice(project, position=n).number for n in (1, 2)]
    times = [f"{row.posted_at:%Y-%m-%d %H:%M:%S}" for row in Journal.objects.order_by("pk")]

    with time_machine.travel(AT, tick=False):
        response = client_for(freelancer).get(reverse("wallets:statement-csv"))

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        'attachment; filename="tranche-statement-USD-2026-11-23.csv"'
    )
    assert "no-store" in response["Cache-Control"]
    title = '"\'=HYPERLINK(""x"", ""ü"")"'
    assert b"".join(response.streaming_content).decode() == (
        "\ufeffTime (UTC),Kind,Invoice,Project,Milestone,Amount,Balance,Currency\r\n"
        f"{times[1]},Milestone payment,{numbers[1]},{title},Part 2,4750.00,9500.00,USD\r\n"
        f"{times[0]},Milestone payment,{numbers[0]},{title},Part 1,4750.00,4750.00,USD\r\n"
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_the_export_is_taken_for_a_formula(client_for, freelancer, start):
    project = active_project(freelancer=freelancer, title=f"{start}1+1", tasks=1)
    paid_invoice(project)

    exported = b"".join(client_for(freelancer).get(reverse("wallets:statement-csv")))

    assert f",'{start}1+1,Part 1,9500.00," in exported.decode()


def test_the_dashboard_asks_strangers_to_sign_in(client_for):
    assert client_for(None).get(reverse("dashboard")).url == "/accounts/login/?next=/dashboard/"


def test_each_role_has_its_part_of_the_dashboard(
    client_for, commissioner, freelancer, stranger, project
):
    paid_invoice(project, position=1)
    sent_invoice(project, position=2)
    submitted_milestone(project, position=3)

    def parts(user):
        response = client_for(user).get(reverse("dashboard"))
        assert response.status_code == 200
        return [name for name in ("freelancer", "commissioner") if response.context.get(name)]

    assert parts(freelancer) == ["freelancer"]
    assert parts(commissioner) == ["commissioner"]
    assert parts(stranger) == ["freelancer", "commissioner"]
    assert parts(UserFactory()) == []


@pytest.mark.usefixtures("stopped_clock")
def test_dashboards_lead_to_what_waits(client_for, commissioner, freelancer, project):
    paid_invoice(project, position=1)
    open_invoice = sent_invoice(project, position=2)
    milestone = submitted_milestone(project, position=3)

    seller = text_of(client_for(freelancer).get(reverse("dashboard")))
    buyer = text_of(client_for(commissioner).get(reverse("dashboard")))

    for part in ("3,166.67", "Hello, Fred", "Monday, 23 November 2026", open_invoice.number):
        assert part in seller
    assert reverse("wallets:pay", args=[open_invoice.public_id]) in buyer
    assert reverse("milestones:review", args=[milestone.public_id]) in buyer
    assert "3,333.33" in buyer
    assert "3,166.67" not in buyer


def test_the_dashboard_asks_as_much_for_twelve_rows_as_for_three(client_for, stranger):
    sold = active_project(freelancer=stranger, tasks=12)
    bought = active_project(commissioner=stranger, tasks=12)
    counts = []
    for positions in (range(1, 4), range(4, 13)):
        for position in positions:
            sent_invoice(sold, position=position)
            sent_invoice(bought, position=position)
        active_project(commissioner=stranger, title=f"Work {len(positions)}")
        client = client_for(stranger)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("dashboard"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_status_page_is_for_everybody(client_for, freelancer):
    for user in (None, freelancer):
        response = client_for(user).get(reverse("status"))
        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]


def test_the_status_page_tells_who_is_silent(client_for):
    for name in (Beat.RELAY, Beat.BROKER, Beat.WORKER):
        heartbeat(name)
    client = client_for(None)

    silent = client.get(reverse("status"))
    heartbeat(Beat.SCHEDULER)
    well = client.get(reverse("status"))
    Heartbeat.objects.filter(name=Beat.WORKER).update(at="2026-01-01T00:00Z")
    late = client.get(reverse("status"))

    def up(response):
        return [part.is_up for part in response.context["status"].parts]

    assert up(silent) == [True, True, True, False]
    assert "No sign of life" in text_of(silent)
    assert up(well) == [True, True, True, True]
    assert "Everything works" in text_of(well)
    assert up(late) == [True, True, False, True]


def test_the_status_page_tells_of_work_that_waits(client_for):
    for name in Beat:
        heartbeat(name)
    enqueue("heartbeat.worker", key="late")
    Job.objects.filter(key="late").update(due_at="2026-01-01T00:00Z")

    response = client_for(None).get(reverse("status"))

    assert response.context["status"].is_late
    assert "Something is not as it should be" in text_of(response)


def test_htmx_gets_the_status_alone(client_for):
    response = client_for(None).get(reverse("status"), headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
