"""The provider in bad moods, whose habits the chaos run and its controls count on."""

import json
import random
import signal
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from chaos.apps import SWITCHES
from chaos.faults import FAULTS, Storm
from chaos.installation import Installation
from chaos.simulator import MOODS, MoodySimulator
from config.devservices.child import Child, Program
from config.devservices.simulator.agenda import THREADS, Agenda
from config.devservices.simulator.behaviour import BY_ACCOUNT, PAYS, Behaviour
from config.devservices.simulator.book import Book, Payout
from config.devservices.simulator.server import Hook
from tests.factories import AT
from tests.wallets.withdrawing import REQUEST_LOST, funded, request
from wallets import services
from wallets.enums import PayoutResult
from wallets.services import withdrawal_sending


@pytest.fixture
def moody(tmp_path):
    book = Book(tmp_path / "book.jsonl")
    server = MoodySimulator(("127.0.0.1", 0), book=book, hook=Hook(address="", secret="x"))
    yield server
    server.server_close()
    book.close()


def order(key):
    return {"key": key, "amount_minor": 1000, "currency": "USD"}


def key_in_mood(moody, **habits):
    return next(
        f"wd_{number}"
        for number in range(10_000)
        if all(
            getattr(moody.behaviour(order(f"wd_{number}")), name) == value
            for name, value in habits.items()
        )
    )


def test_most_keys_are_paid_and_the_same_key_meets_the_same_mood(moody):
    moods = [moody.behaviour(order(f"wd_{number}")) for number in range(1000)]

    assert sum(share for share, _ in MOODS) == 33
    assert 600 < moods.count(PAYS) < 740
    assert moods[:50] == [moody.behaviour(order(f"wd_{number}")) for number in range(50)]


def test_of_some_first_the_request_is_lost_and_then_the_answer(moody):
    key = key_in_mood(moody, is_request_lost=True, is_answer_lost=True)

    first, _ = moody.accept(order(key))
    second, habit = moody.accept(order(key))
    third, later = moody.accept(order(key))

    assert (first, second.status, habit.is_answer_lost) == (None, "paid", True)
    assert (third, later.is_answer_lost) == (second, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("control", "first"), [("timeout-fails", PayoutResult.DECLINED), ("resend-fails", None)]
)
def test_controls_take_silence_for_a_refusal(monkeypatch, freelancer, provider, control, first):
    """Both where a withdrawal is sent and where it is sent again, or only there."""
    for module in (services, withdrawal_sending):
        monkeypatch.setattr(module, "withdrawal_send", module.withdrawal_send)
    silent = Behaviour(is_request_lost=True, is_answer_lost=True, webhooks=0)
    monkeypatch.setitem(BY_ACCOUNT, REQUEST_LOST, silent)
    withdrawal = request(funded(freelancer), number=REQUEST_LOST)
    SWITCHES[control]()

    claimed = services.withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)
    sent = services.withdrawal_send(claimed)  # its request is lost
    uncertain = services.withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=None, at=AT)
    resent = services.withdrawal_look(uncertain)

    assert (sent and sent.result) == first
    assert resent.result == PayoutResult.DECLINED
    assert [payout.status for payout in provider.book.payouts()] == ["paid"]


def test_a_decline_is_forgotten_when_it_is_asked_for_again(moody):
    key = key_in_mood(moody, status="declined")

    declined, _ = moody.accept(order(key))
    paid, _ = moody.accept(order(key))

    assert (declined.status, paid.status) == ("declined", "paid")
    assert moody.book.find(key) == paid


def test_what_a_killed_provider_left_pending_is_paid_after_its_restart(moody, monkeypatch):
    left = moody.book.write(Payout("wd_1", "pending", 1000, "USD", "SIM00000001"))
    monkeypatch.setattr(MoodySimulator, "serve_forever", lambda self: None)

    moody.start()

    deadline = time.monotonic() + 60
    while moody.book.find("wd_1").status == "pending" and time.monotonic() < deadline:
        time.sleep(0.05)
    paid = moody.book.find("wd_1")
    assert replace(paid, at="") == replace(left, status="paid", at="")


def test_a_restarted_provider_tells_again_what_came_back_lately(monkeypatch, tmp_path):
    """By four threads, however many events wait."""
    told, answered = [], threading.Event()

    def deliver(self, event_id, body):
        answered.wait(60)
        told.append(json.loads(body)["data"]["key"])
        return 200

    monkeypatch.setattr(Hook, "deliver", deliver)
    monkeypatch.setattr(MoodySimulator, "serve_forever", lambda self: None)
    book = Book(tmp_path / "book")
    hook = Hook(address="http://127.0.0.1:1/", secret="x")
    with MoodySimulator(("127.0.0.1", 0), book=book, hook=hook) as server:
        for number in range(50):
            book.write(Payout(f"wd_{number}", "returned", 1000, "USD", f"SIM{number:08d}"))
        before = threading.active_count()
        with monkeypatch.context() as patched:
            patched.setattr("chaos.simulator.LATELY", timedelta(0))
            server.start()
        assert threading.active_count() == before

        server.start()

        assert threading.active_count() == before + 4
        answered.set()
        deadline = time.monotonic() + 60
        while len(told) < 50 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert sorted(told) == sorted(f"wd_{number}" for number in range(50))
    book.close()


def test_an_event_that_is_not_heard_is_told_again_under_its_own_name(monkeypatch, tmp_path):
    told = []

    def deliver(self, event_id, body):
        told.append(event_id)
        return 599 if len(told) < 3 else 200

    monkeypatch.setattr(Hook, "deliver", deliver)
    monkeypatch.setattr("config.devservices.simulator.server.HOOK_PAUSE", 0.01)
    book = Book(tmp_path / "book")
    hook = Hook(address="http://127.0.0.1:1/", secret="x", tries=5)
    with MoodySimulator(("127.0.0.1", 0), book=book, hook=hook) as server:
        server.tell(Payout("wd_1", "paid", 1000, "USD", "SIM00000001"), 1)
        deadline = time.monotonic() + 60
        while len(told) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)

    assert told == 3 * told[:1]
    book.close()


def test_a_deed_that_fails_leaves_its_thread_to_the_others(capfd):
    agenda, all_meet = Agenda(), threading.Barrier(THREADS + 1)
    for _ in range(2 * THREADS):
        agenda.add(lambda: 1 / 0)
    for _ in range(THREADS):
        agenda.add(all_meet.wait)

    all_meet.wait(60)

    agenda.close()
    assert capfd.readouterr().err.count("ZeroDivisionError") == 2 * THREADS


class Still:
    """An installation to which nothing happens."""

    def look_after(self, seconds):
        time.sleep(seconds / 100)


@pytest.fixture
def starting(tmp_path, monkeypatch):
    """An installation of which nothing runs yet."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    installation = Installation(tmp_path)
    for name in ("web", "worker", "relay", "relay-2", "beat", "valkey", "simulator", "postgres"):
        installation.children[name] = Child(Program(name, ("sleep", "60")))
    return installation


@pytest.mark.parametrize("name", FAULTS)
def test_a_strike_at_what_does_not_run_hits_nobody(starting, monkeypatch, name):
    monkeypatch.setattr(Installation, "signal", lambda *_: pytest.fail("nobody is there"))
    _, strike = FAULTS[name]

    assert strike(Storm(starting, random.Random(1))) is False


def test_a_strike_at_what_runs_hits_it(starting):
    child = starting.children["beat"]
    child.start()
    _, strike = FAULTS["beat"]

    assert strike(Storm(starting, random.Random(1))) is True

    child.bury()
    assert child.exit_code == -signal.SIGKILL


def test_a_storm_lasts_until_it_has_killed_enough_and_counts_what_it_hit(monkeypatch):
    """Each second blow meets a process that is just starting, and kills nobody."""
    blows = iter(range(1000))
    for name, (weight, _) in list(FAULTS.items()):
        monkeypatch.setitem(FAULTS, name, (weight, lambda _: next(blows) % 2 == 0))
    storm = Storm(Still(), random.Random(1))

    storm.rage(seconds=0.0, kills=5, every=0.01, is_enough=lambda: False)

    made = next(blows)
    assert storm.kills == 5
    assert storm.struck.total() == (made + 1) // 2
