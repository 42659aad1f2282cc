"""The payout simulator: one book, one payout a key, and each misbehaviour as it is documented."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.devservices.environment import free_port
from config.devservices.places import REPOSITORY
from config.devservices.simulator.book import Book, Payout
from tests.wallets.simulated import SECRET, simulator

PAYOUT = Payout("wd_1", "paid", 99_900, "USD", "SIM00000001")


def call(port: int, method: str, path: str, body: object = None, secret: str = SECRET):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {secret}"}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    read = json.loads(answer.read())
    connection.close()
    return answer.status, read


def order(key: str, number: str = "", amount: int = 99_900) -> dict[str, object]:
    destination = {"holder": "Fred", "iban": "", "account_number": number}
    return {"key": key, "amount_minor": amount, "currency": "USD", "destination": destination}


def test_the_book_is_read_again_without_half_a_last_line(tmp_path: Path):
    path = tmp_path / "book.jsonl"
    book = Book(path)
    first = book.write(PAYOUT)
    book.close()
    with path.open("ab") as file:
        file.write(b'{"key": "wd_2", "sta')

    again = Book(path)

    assert again.payouts() == [first]
    again.write(Payout("wd_2", "paid", 1, "USD", "SIM00000002"))
    again.close()
    last = Book(path)
    assert [payout.key for payout in last.payouts()] == ["wd_1", "wd_2"]
    last.close()


def test_a_later_line_about_a_key_replaces_an_earlier_one(tmp_path: Path):
    book = Book(tmp_path / "book.jsonl")
    book.write(PAYOUT)
    book.write(Payout("wd_1", "returned", 99_900, "USD", "SIM00000001"))
    book.close()

    again = Book(tmp_path / "book.jsonl")

    assert [payout.status for payout in again.payouts()] == ["returned"]
    again.close()


def test_it_pays_once_a_key_and_tells_the_same_again(tmp_path: Path):
    with simulator(tmp_path) as server:
        port = server.server_address[1]

        first = call(port, "POST", "/payouts/", order("wd_1"))
        again = call(port, "POST", "/payouts/", order("wd_1", amount=1))

        assert first[0] == 200
        assert (first[1]["status"], first[1]["amount_minor"]) == ("paid", 99_900)
        assert again == first
        assert call(port, "GET", "/payouts/wd_1") == first
        assert call(port, "GET", "/payouts/") == (200, {"payouts": [first[1]]})
        assert call(port, "GET", "/payouts/wd_2")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "secret", "status"),
    [
        ("POST", "/payouts/", order("wd_1"), "another", 401),
        ("GET", "/payouts/", None, "another", 401),
        ("GET", "/elsewhere/", None, SECRET, 401),
        ("POST", "/payouts/", {"key": "wd_1"}, SECRET, 400),
        ("POST", "/payouts/", [], SECRET, 400),
    ],
)
def test_it_refuses_others_and_nonsense(tmp_path: Path, method, path, body, secret, status):
    with simulator(tmp_path) as server:
        assert call(server.server_address[1], method, path, body, secret)[0] == status
        assert server.book.payouts() == []


def test_each_misbehaviour_is_documented():
    page = (REPOSITORY / "docs" / "payouts.md").read_text(encoding="utf-8")
    source = (REPOSITORY / "config/devservices/simulator/behaviour.py").read_text(encoding="utf-8")

    numbers = [line.split('"')[1] for line in source.splitlines() if line.startswith('    "0001')]

    assert len(numbers) == 10
    assert all(f"| {number} |" in page for number in numbers)


@pytest.mark.kill
def test_the_process_survives_kill_nine_with_its_book(tmp_path: Path):
    port, book = free_port(), tmp_path / "book.jsonl"
    command = [sys.executable, "-m", "config.devservices.simulator", str(port), str(book), ""]

    def start() -> subprocess.Popen[bytes]:
        environment = {**os.environ, "SANDBOX_PAYOUT_SECRETS": SECRET}
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
        deadline = time.monotonic() + 60
        while True:
            try:
                call(port, "GET", "/payouts/")
                return process
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    first = start()
    answered = call(port, "POST", "/payouts/", order("wd_1"))
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start()
    try:
        assert call(port, "GET", "/payouts/wd_1") == answered
    finally:
        second.kill()
        second.wait()
