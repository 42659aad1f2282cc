"""Questions to somebody outside: several at a time, each with its own end, and in time."""

import threading

import pytest

from common import context
from outbox.asking import AT_ONCE, Askers, NotAsked
from outbox.models import Job
from outbox.registry import Question

LONG = 60.0


def about(*subjects, **job) -> list[Question]:
    return [Question(subject, [Job(topic="test.topic", **job)]) for subject in subjects]


def answers(questions) -> list:
    return sorted(question.answer for question in questions)


def test_each_is_asked_once_and_several_at_a_time():
    asked, together = [], threading.Barrier(4, timeout=LONG)

    def ask(number: int) -> int:
        asked.append(number)
        together.wait()
        return -number

    with Askers(ask, at_once=4) as askers:
        askers.put(about(*range(8)), seconds=LONG)
        told = askers.gather(most=8, seconds=LONG)

    assert answers(told) == [-7, -6, -5, -4, -3, -2, -1, 0]
    assert sorted(asked) == list(range(8))
    assert askers.open == 0


def test_no_more_are_asked_at_once_than_may_be():
    threads = set()

    with Askers(lambda _: threads.add(threading.get_ident())) as askers:
        askers.put(about(*range(5 * AT_ONCE)), seconds=LONG)
        askers.gather(most=5 * AT_ONCE, seconds=LONG)

    assert len(askers._threads) == AT_ONCE
    assert len(threads) <= AT_ONCE


def test_one_that_fails_fails_alone():
    def ask(number: int) -> str:
        if number == 2:
            raise ValueError(number)
        return "told"

    with Askers(ask) as askers:
        askers.put(about(1, 2, 3), seconds=LONG)
        told = askers.gather(most=3, seconds=LONG)

    assert {one.about: (one.answer, repr(one.error)) for one in told} == {
        1: ("told", "None"),
        2: (None, "ValueError(2)"),
        3: ("told", "None"),
    }


def test_what_would_come_too_late_is_not_asked():
    asked = []

    with Askers(asked.append) as askers:
        askers.put(about(1, 2), seconds=0)
        told = askers.gather(most=2, seconds=LONG)

    assert asked == []
    assert [type(one.error) for one in told] == [NotAsked, NotAsked]


def test_what_was_told_is_there_while_others_are_asked_and_more_may_be_put():
    wakes = threading.Event()

    def ask(number: int) -> int:
        assert number or wakes.wait(LONG)
        return number

    with Askers(ask) as askers:
        askers.put(about(0, 1), seconds=LONG)
        assert answers(askers.gather(most=1, seconds=LONG)) == [1]
        assert askers.open == 1
        assert askers.gather(most=1, seconds=0) == []
        askers.put(about(2, 3), seconds=LONG)
        assert answers(askers.gather(most=2, seconds=LONG)) == [2, 3]
        wakes.set()
        assert answers(askers.gather(most=9, seconds=LONG)) == [0]


@pytest.mark.parametrize(
    "leave", [Askers.give_up, lambda askers: askers.__exit__(None, None, None)]
)
def test_whose_turn_has_not_come_is_not_asked_once_it_is_given_up(leave):
    asked, begun, ends = [], threading.Event(), threading.Event()

    def ask(number: int) -> int:
        asked.append(number)
        begun.set()
        assert ends.wait(LONG)
        return number

    with Askers(ask, at_once=1) as askers:
        askers.put(about(1, 2, 3), seconds=LONG)
        assert begun.wait(LONG)
        threading.Timer(0.05, ends.set).start()
        leave(askers)
        told = askers.gather(most=1, seconds=LONG)

    assert asked == [1]
    assert [one.answer for one in told if one.error is None] in ([1], [])


def test_threads_know_whose_request_it_is():
    with Askers(lambda _: context.request_id.get()) as askers:
        askers.put(about(1, request_id="first"), seconds=LONG)
        askers.put(about(2, request_id="second"), seconds=LONG)
        told = askers.gather(most=2, seconds=LONG)

    assert answers(told) == ["first", "second"]
