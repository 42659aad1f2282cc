"""Questions to somebody outside: several at a time, each with its own end, and in time."""

import threading
import time

from common import context
from outbox.rounds import ask_all

IN_TIME = 1.0


def test_each_is_asked_once_and_several_at_a_time():
    asked, together = [], threading.Barrier(4, timeout=60)

    def ask(number: int) -> int:
        asked.append(number)
        together.wait()
        return -number

    told = ask_all({key: key for key in range(8)}, ask, at_once=4)

    assert told.answers == {key: -key for key in range(8)}
    assert told.failed == {}
    assert sorted(asked) == list(range(8))


def test_one_that_fails_fails_alone():
    def ask(number: int) -> str:
        if number == 2:
            raise ValueError(number)
        return "told"

    told = ask_all({1: 1, 2: 2, 3: 3}, ask)

    assert told.answers == {1: "told", 3: "told"}
    assert [(key, repr(error)) for key, error in told.failed.items()] == [(2, "ValueError(2)")]


def test_what_would_come_too_late_is_not_begun():
    """Each ends when it is too late for another one."""
    told = ask_all(
        {key: key for key in range(20)},
        lambda _: time.sleep(IN_TIME),
        at_once=2,
        seconds=IN_TIME,
    )

    assert len(told.answers) == 2
    assert told.failed == {}


def test_a_single_one_is_asked_about_in_this_thread():
    told = ask_all({7: "x"}, lambda _: threading.current_thread())

    assert told.answers == {7: threading.current_thread()}


def test_threads_know_whose_request_it_is():
    token = context.request_id.set("of-this-request")
    try:
        told = ask_all({1: 1, 2: 2}, lambda _: context.request_id.get())
    finally:
        context.request_id.reset(token)

    assert set(told.answers.values()) == {"of-this-request"}
