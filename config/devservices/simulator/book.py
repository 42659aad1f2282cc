"""The provider's own book: an append-only file of JSON lines, on disk before anybody is told."""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Payout:
    """What became of one payout; a later line about the same key replaces an earlier one."""

    key: str
    status: str
    amount_minor: int
    currency: str
    reference: str
    reason: str = ""
    at: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Book:
    """All payouts by key. Survives kill -9: half a last line was never answered, and is dropped."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._payouts: dict[str, Payout] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        self._load()

    def find(self, key: str) -> Payout | None:
        """What is known of that key."""
        with self.lock:
            return self._payouts.get(key)

    def payouts(self) -> list[Payout]:
        """The whole book."""
        with self.lock:
            return list(self._payouts.values())

    def write(self, payout: Payout) -> Payout:
        """Put a payout, or its new state, on disk."""
        with self.lock:
            dated = replace(payout, at=datetime.now(UTC).isoformat())  # noqa: TID251 - its own clock
            self._file.write(json.dumps(dated.as_dict()).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._payouts[dated.key] = dated
            return dated

    def open(self, order: Mapping[str, Any], *, status: str, reason: str, less: int = 0) -> Payout:
        """Write the first line about an order; `less` is what a wrong payout falls short by."""
        return self.write(
            Payout(
                key=str(order["key"]),
                status=status,
                amount_minor=int(order["amount_minor"]) - less,
                currency=str(order["currency"]),
                reference=f"SIM{len(self._payouts) + 1:08d}",
                reason=reason,
            )
        )

    def close(self) -> None:
        self._file.close()

    def _load(self) -> None:
        self._file.seek(0)
        whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            payout = Payout(**json.loads(line))
            self._payouts[payout.key] = payout
        self._file.truncate(whole)
        self._file.seek(0, os.SEEK_END)
