"""`python -m config.devservices.simulator PORT BOOK WEBHOOK_ADDRESS`; the secret is in the environment."""

import os
import sys
from pathlib import Path

from config.devservices.simulator.book import Book
from config.devservices.simulator.server import Hook, Simulator


def main() -> None:
    port, book, address = sys.argv[1:]
    secret = os.environ["SANDBOX_PAYOUT_SECRETS"].split(",")[0]
    hook = Hook(address=address, secret=secret)
    Simulator(("127.0.0.1", int(port)), book=Book(Path(book)), hook=hook).serve_forever()


if __name__ == "__main__":
    main()
