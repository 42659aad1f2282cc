"""The limit: raw.sql, driven by pgbench."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.money.figures import Sample
from benchmarks.money.place import WORK, BackendCpu, Place
from config.devservices.postgres import SUPERUSER

SQL = Path(__file__).with_name("raw.sql")
THREADS = 2
NEXT = "SELECT nextval('raw.turn') AS turn \\gset\n"


class Raw:
    """A schema with the rows of a slice of the stock, made again before each repeat."""

    def __init__(self, place: Place, ids: Sequence[int]) -> None:
        self._place = place
        self._first, self._last = ids[0] - 1, ids[-1]

    def prepare(self) -> None:
        run_psql(
            self._place, "-v", f"first={self._first}", "-v", f"last={self._last}", "-f", str(SQL)
        )

    def single(self, *, clients: int, each: int, chain: bool = True, shards: int = 64) -> Sample:
        """raw.settle() by so many clients; the fees go to so many rows."""
        self.prepare()
        call = f"SELECT raw.settle(nextval('raw.turn') + 1, {str(chain).lower()}, {shards});"
        return pgbench(self._place, call, clients=clients, each=each)

    def bound(self, *, clients: int, each: int) -> Sample:
        """raw.settle() on the product's own tables; the slice can be settled once."""
        self.prepare()
        call = "SELECT raw.settle_bound(nextval('raw.turn') + 1);"
        return pgbench(self._place, call, clients=clients, each=each)

    def batch(self, *, size: int, clients: int, each: int, chain: bool = True) -> Sample:
        """raw.settle_batch() of so many milestones at once."""
        return self._batch("settle_batch", size=size, clients=clients, each=each, chain=chain)

    def bound_batch(self, *, size: int, clients: int, each: int) -> Sample:
        """raw.settle_batch() on the product's own tables; the slice can be settled once."""
        return self._batch("settle_batch_bound", size=size, clients=clients, each=each, chain=True)

    def _batch(self, name: str, *, size: int, clients: int, each: int, chain: bool) -> Sample:
        self.prepare()
        low = f"{self._first} + 1 + (:turn - {self._first}) * {size}"
        ids = f"array(SELECT generate_series({low}, {low} + {size - 1}))"
        call = f"{NEXT}SELECT raw.{name}({ids}, {str(chain).lower()});"
        return pgbench(self._place, call, clients=clients, each=each, size=size, mode="simple")


def pgbench(
    place: Place, script: str, *, clients: int, each: int, size: int = 1, mode: str = "prepared"
) -> Sample:
    """Run the script `each` times in each client."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            place.pgbench, "-h", str(place.server.socket_dir), "-U", SUPERUSER, "-n", "-M", mode,
            "-f", file.name, "-c", str(clients), "-j", str(min(clients, THREADS)),
            "-t", str(each), WORK,
        ]  # fmt: skip
        with BackendCpu(place.postmaster) as cpu:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(done.stderr[-2000:])
    count = clients * each * size
    return Sample(count, count / (float(found[1]) * size), cpu.seconds)


def run_psql(place: Place, *arguments: str) -> None:
    command = [
        place.server.binaries.tool("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
        "-h", str(place.server.socket_dir), "-U", SUPERUSER, "-d", WORK, *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
