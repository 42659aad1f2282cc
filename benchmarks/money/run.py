"""The sections of a run in their order, and the targets that their figures are compared with."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.db import connection

from benchmarks.money import clients, drain, flush, orm, ours, peer, reads
from benchmarks.money.figures import (
    HEAD,
    Row,
    Sample,
    Series,
    at_least,
    at_most,
    print_table,
    unjudged,
)
from benchmarks.money.place import WORK, Place, work_in
from benchmarks.money.raw import Raw
from benchmarks.money.stock import Stock
from config.devservices.postgres import SUPERUSER

if TYPE_CHECKING:
    from benchmarks.money.__main__ import Sizes

CLIENTS = 8
PROCESSES = 2
BATCHES = (100, 1_000)
LARGE = f"batches of {max(BATCHES):,}, {PROCESSES} clients"
MILLION = 1_000_000
BOOKS = 10 * MILLION
QUEUE = 50_000


def run(
    place: Place, sizes: "Sizes", *, waiting: int, entries: int, sections: Collection[str]
) -> list[Row]:
    """Measure the sections, print what each found, and the table of targets at the end."""
    connection.settings_dict["OPTIONS"]["options"] += " -c statement_timeout=0"
    call_command("provision", verbosity=0)
    rows: list[Row] = []
    if "books" in sections:
        rows += _books(entries)
    work_in(WORK)
    place.environment["DATABASE_URL"] = place.server.url(SUPERUSER, WORK)
    stock = Stock()
    batch_rate = None
    if "core" in sections:
        core = Core(place, stock, sizes)
        core.measure()
        rows = core.rows() + rows
        batch_rate = core.best(core.ours_batch)
    if "flush" in sections:
        rows += _flush(place, stock, sizes)
    if "hordak" in sections:
        rows += _hordak(place, sizes)
    if "drain" in sections:
        rows += _drain(place, stock, waiting, batch_rate)
    print_table(rows)
    return rows


class Core:
    """The raw limit, ours and the ORM's yardstick in turn, so that a neighbour disturbs all alike."""

    def __init__(self, place: Place, stock: Stock, sizes: "Sizes") -> None:
        self._place, self._stock, self._sizes = place, stock, sizes
        most = max(BATCHES) * PROCESSES * sizes.batches
        singles = max(sizes.raw_clients) * sizes.singles
        self._slice = stock.take(max(most, singles, CLIENTS * sizes.singles) + 2 * max(BATCHES))
        self._raw = Raw(place, self._slice)
        self.raw_batch: dict[tuple[int, int], Series] = {}
        self.raw_single: dict[int, Series] = {}
        self.ours_batch: dict[tuple[int, int], Series] = {}
        self.ours_single = Series(f"ours, single, {CLIENTS} clients")
        self.bound = Series(f"raw on our tables, single, {CLIENTS} clients")
        self.bound_batch = Series(f"raw on our tables, {LARGE}")
        self.yardstick = Series(f"ORM service, single, {CLIENTS} clients")
        self.bare = Series(f"raw without chain, {LARGE}")

    def measure(self) -> None:
        for _ in range(self._sizes.repeats):
            self._singles()
            self._batches()
        print(f"\n{HEAD}")
        for series in (
            *self.raw_single.values(),
            self.bound,
            self.ours_single,
            self.yardstick,
            *self.raw_batch.values(),
            self.bare,
            self.bound_batch,
            *self.ours_batch.values(),
        ):
            print(series.line(), flush=True)

    def _singles(self) -> None:
        sizes, postmaster = self._sizes, self._place.postmaster
        for count in sizes.raw_clients:
            series = self.raw_single.setdefault(count, Series(f"raw, single, {count} clients"))
            series.samples.append(self._raw.single(clients=count, each=sizes.singles))
        bound = Raw(self._place, self._stock.take(CLIENTS * sizes.singles + 1))
        self.bound.samples.append(bound.bound(clients=CLIENTS, each=sizes.singles))
        self.ours_single.samples.append(
            ours.single(self._stock, each=sizes.singles, processes=CLIENTS, postmaster=postmaster)
        )
        self._raw.prepare()
        ids = self._slice[: CLIENTS * max(30, sizes.singles // 2)]
        self.yardstick.samples.append(
            clients.run(
                orm.bill, clients.chunks(ids, 1), clients=CLIENTS, warm=10, postmaster=postmaster
            )
        )

    def _batches(self) -> None:
        each = self._sizes.batches
        for size in BATCHES:
            for count in (1, PROCESSES):
                about = f"batches of {size:,}, {count} client{'s' if count > 1 else ''}"
                raw = self.raw_batch.setdefault((size, count), Series(f"raw, {about}"))
                raw.samples.append(self._raw.batch(size=size, clients=count, each=each))
                mine = self.ours_batch.setdefault((size, count), Series(f"ours, {about}"))
                mine.samples.append(self._ours_batch(size, count, each))
        largest = {"size": max(BATCHES), "clients": PROCESSES, "each": each}
        self.bare.samples.append(self._raw.batch(**largest, chain=False))
        bound = Raw(self._place, self._stock.take(max(BATCHES) * PROCESSES * (each + 1)))
        self.bound_batch.samples.append(bound.bound_batch(**largest))

    def _ours_batch(self, size: int, processes: int, each: int) -> Sample:
        return ours.batch(
            self._stock,
            size=size,
            each=each,
            processes=processes,
            postmaster=self._place.postmaster,
        )

    def best(self, of: dict[tuple[int, int], Series]) -> float:
        """The highest rate of batches of 1,000."""
        return max(series.rate for (size, _), series in of.items() if size == max(BATCHES))

    def rows(self) -> list[Row]:
        key = (max(BATCHES), PROCESSES)
        raw, mine = self.raw_batch[key], self.ours_batch[key]
        single = self.raw_single[CLIENTS]
        return [
            at_least(
                "batch of 1,000 / raw batch",
                self.best(self.ours_batch) / self.best(self.raw_batch),
                0.6,
                note=f"by CPU {raw.total_us / mine.total_us:.2f}, and "
                f"{raw.total_us / self.bound_batch.total_us:.2f} for raw on our tables",
            ),
            at_least(
                f"single, {CLIENTS} clients / raw single function",
                self.ours_single.rate / single.rate,
                0.5,
                note=f"by CPU {single.total_us / self.ours_single.total_us:.2f}, and "
                f"{single.total_us / self.bound.total_us:.2f} for raw on our tables",
            ),
            at_least(
                f"single, {CLIENTS} clients / ORM service with the same rows",
                self.ours_single.rate / self.yardstick.rate,
                5,
                note=f"by CPU {self.yardstick.total_us / self.ours_single.total_us:.2f}",
            ),
        ]


def _flush(place: Place, stock: Stock, sizes: "Sizes") -> list[Row]:
    each = flush.CLIENTS * sizes.flush * sizes.repeats * 2
    hot, cold = flush.measure(place, stock.take(each), repeats=sizes.repeats, each=sizes.flush)
    print(f"\n2 ms flush, {flush.CLIENTS} clients\n{HEAD}\n{hot.line()}\n{cold.line()}")
    what = f"2 ms flush, {flush.CLIENTS} clients: hot fee account / none"
    return [at_least(what, hot.rate / cold.rate, 0.8)]


def _hordak(place: Place, sizes: "Sizes") -> list[Row]:
    mine = peer.ours(single=sizes.singles * 2, bulks=sizes.batches)
    found = peer.theirs(
        place, single=sizes.singles * 2, bulks=sizes.batches, entries=sizes.hordak_entries
    )
    if isinstance(found, str):
        print(f"\ndjango-hordak was not measured: {found}")
        return [Row("django-hordak", found, "≥ 3x", None)]
    small = reads.at_any_size()
    print(
        f"\nthree legs, one process: ours {mine.single:,.0f}/s and {mine.bulk:,.0f}/s in batches of"
        f" 1,000; hordak {found.single:,.0f}/s and {found.bulk:,.0f}/s. At {found.entries:,}"
        f" entries hordak's balance takes {found.balance_ms:,.1f} ms, its page of a statement"
        f" {found.page_ms:,.0f} ms"
    )
    rows = [
        at_least("journal / hordak's, single", mine.single / found.single, 3, unit="x"),
        at_least("journal / hordak's, bulk of 1,000", mine.bulk / found.bulk, 5, unit="x"),
    ]
    read = [
        at_least("balance / hordak's", found.balance_ms / small.balance, 2_000, unit="x"),
        at_least("statement page / hordak's", found.page_ms / small.page, 100_000, unit="x"),
    ]
    if found.entries < MILLION:
        read = [unjudged(row, f"hordak at {found.entries:,} entries, not 1 M") for row in read]
    return rows + read


def _books(entries: int) -> list[Row]:
    small, large = reads.small(), reads.large(entries)
    rows = [
        at_least(
            "batches with the large books / at 0.3 M entries",
            large.early_us / large.late_us,
            0.75,
            note=f"{large.late_us:.0f} and {large.early_us:.0f} µs a settlement",
        )
    ]
    for name, read in large.reads.items():
        base = small.reads[name if name in small.reads else "statement, first page"]
        rows += [
            at_most(f"{name}: p50 / at 1,000 entries", read.sql / base.sql, 1.3),
            at_most(f"{name}: in SQL", read.sql, 1, unit=" ms"),
            at_most(f"{name}: through the ORM", read.orm, 10, unit=" ms"),
        ]
    news = f"{3 * reads.news_of(large.entries):,} new entries"
    rows += [
        at_most("verify_money, full", large.full, 60, unit=" s"),
        at_most("verify_money, incremental", large.incremental, 1, unit=" s", note=news),
        at_most("differences found", large.differences, 0),
    ]
    print(f"\nlarge books: {large.entries:,} entries; the deep page is number {large.pages:,}")
    if large.entries < BOOKS * 0.95:
        why = f"{large.entries:,} entries, not 10 M"
        rows = [row if row.is_met is False else unjudged(row, why) for row in rows]
    return rows


def _drain(place: Place, stock: Stock, count: int, batch_rate: float | None) -> list[Row]:
    found = drain.drain(place, stock.take(count + drain.PROCESSES))
    sample = found.sample
    print(
        f"\n{sample.count:,} approvals waiting, one relay, one worker with {drain.PROCESSES}"
        f" processes: {sample.wall:.1f} s, {sample.rate:,.0f}/s; CPU µs a milestone: backend"
        f" {sample.backend_us:,.0f}, worker {sample.client_us:,.0f}; worker's largest process"
        f" {found.early:.0f} MiB early, {found.late:.0f} MiB late, {found.most:.0f} MiB at most"
    )
    rows = [at_least("end to end, milestones/s", sample.rate, 3_000)]
    if batch_rate is not None:
        rows.append(at_least("end to end / batch of 1,000", sample.rate / batch_rate, 0.4))
    rows.append(at_most("worker's memory, MiB", found.most, 250, note="largest process"))
    rows.append(at_most("worker's memory, late / early", found.late / found.early, 1.1))
    if count < QUEUE:
        rows = [unjudged(row, f"{count:,} waiting, not {QUEUE:,}") for row in rows]
    return rows
