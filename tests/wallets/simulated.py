"""The payout simulator in a thread of the tests: real HTTP, a book of the test's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.devservices.simulator.book import Book
from config.devservices.simulator.server import Hook, Simulator

SECRET = "tests-only"


@contextmanager
def simulator(folder: Path, *, hook: str = "") -> Iterator[Simulator]:
    """A provider that listens until the end of the block."""
    book = Book(folder / "book.jsonl")
    server = Simulator(("127.0.0.1", 0), book=book, hook=Hook(address=hook, secret=SECRET))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        book.close()


def address(server: Simulator) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"
