"""What was measured, and the table of targets that it is compared with."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """One repeat: so many settlements in so many seconds, and the CPU seconds that they took."""

    count: int
    wall: float
    backend: float
    client: float = 0.0

    @property
    def rate(self) -> float:
        return self.count / self.wall

    @property
    def backend_us(self) -> float:
        return MICRO * self.backend / self.count

    @property
    def client_us(self) -> float:
        return MICRO * self.client / self.count


@dataclass(slots=True)
class Series:
    """The repeats of one thing; its figures are medians."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    def median(self, of: Callable[[Sample], float]) -> float:
        return statistics.median(of(sample) for sample in self.samples)

    @property
    def rate(self) -> float:
        return self.median(lambda sample: sample.rate)

    @property
    def total_us(self) -> float:
        """CPU of both sides: what one settlement takes of the machine, whoever else is on it."""
        return self.median(lambda sample: sample.backend_us + sample.client_us)

    def line(self) -> str:
        backend = self.median(lambda sample: sample.backend_us)
        client = self.median(lambda sample: sample.client_us)
        return f"| {self.name} | {self.rate:,.0f} | {backend:,.0f} | {client:,.0f} |"


HEAD = "| | settlements/s | backend CPU µs | Python CPU µs |\n|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """A target: what it is about, what came out, what was wanted; `is_met` None is not judged."""

    measure: str
    measured: str
    target: str
    is_met: bool | None

    def line(self) -> str:
        verdict = {True: "ok", False: "**missed**", None: "not judged"}[self.is_met]
        return f"| {self.measure} | {self.measured} | {self.target} | {verdict} |"


def at_least(measure: str, value: float, target: float, *, note: str = "", unit: str = "") -> Row:
    """A ratio or a rate that must not be smaller."""
    return Row(measure, _shown(value, unit, note), f"≥ {target:,g}{unit}", value >= target)


def at_most(measure: str, value: float, target: float, *, note: str = "", unit: str = "") -> Row:
    """A ratio or a time that must not be larger."""
    return Row(measure, _shown(value, unit, note), f"≤ {target:,g}{unit}", value <= target)


def unjudged(row: Row, why: str) -> Row:
    """The row at a size or on a machine that its target is not about."""
    return Row(row.measure, f"{row.measured}; {why}", row.target, None)


def _shown(value: float, unit: str, note: str) -> str:
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return f"{digits}{unit}{f' ({note})' if note else ''}"


def print_table(rows: Sequence[Row]) -> None:
    print("\n| measure | measured | target | |\n|---|---|---|---|")
    for row in rows:
        print(row.line())
