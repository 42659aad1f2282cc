"""The provider in bad moods, whose habits the chaos run and its controls count on."""

import time
from dataclasses import replace

import pytest

from chaos.simulator import MOODS, MoodySimulator
from config.devservices.simulator.behaviour import PAYS
from config.devservices.simulator.book import Book, Payout
from config.devservices.simulator.server import Hook


@pytest.fixture
def provider(tmp_path):
    book = Book(tmp_path / "book.jsonl")
    server = MoodySimulator(("127.0.0.1", 0), book=book, hook=Hook(address="", secret="x"))
    yield server
    server.server_close()
    book.close()


def order(key):
    return {"key": key, "amount_minor": 1000, "currency": "USD"}


def key_in_mood(provider, **habits):
    return next(
        f"wd_{number}"
        for number in range(10_000)
        if all(
            getattr(provider.behaviour(order(f"wd_{number}")), name) == value
            for name, value in habits.items()
        )
    )


def test_most_keys_are_paid_and_the_same_key_meets_the_same_mood(provider):
    moods = [provider.behaviour(order(f"wd_{number}")) for number in range(1000)]

    assert sum(share for share, _ in MOODS) == 33
    assert 600 < moods.count(PAYS) < 740
    assert moods[:50] == [provider.behaviour(order(f"wd_{number}")) for number in range(50)]


def test_a_decline_is_forgotten_when_it_is_asked_for_again(provider):
    key = key_in_mood(provider, status="declined")

    declined, _ = provider.accept(order(key))
    paid, _ = provider.accept(order(key))

    assert (declined.status, paid.status) == ("declined", "paid")
    assert provider.book.find(key) == paid


def test_what_a_killed_provider_left_pending_is_paid_after_its_restart(provider, monkeypatch):
    left = provider.book.write(Payout("wd_1", "pending", 1000, "USD", "SIM00000001"))
    monkeypatch.setattr(MoodySimulator, "serve_forever", lambda self: None)

    provider.start()

    deadline = time.monotonic() + 60
    while provider.book.find("wd_1").status == "pending" and time.monotonic() < deadline:
        time.sleep(0.05)
    paid = provider.book.find("wd_1")
    assert replace(paid, at="") == replace(left, status="paid", at="")
