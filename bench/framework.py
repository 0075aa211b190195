"""What a measurement is, how it is run beside its peer, and where its figures go."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import pkgutil
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

ROUNDS = 5
"""How often each side is measured; medians count."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and what the peer took for the same in the same run."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    goal: str = ""
    at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))

    @property
    def ratio(self) -> float | None:
        """Value over the peer's value."""
        return round(self.value / self.peer_value, 3) if self.peer_value else None

    def as_json(self) -> str:
        """The figure as one line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": self.value,
                "unit": self.unit,
                "peer": self.peer,
                "peer_value": self.peer_value,
                "ratio": self.ratio,
                "goal": self.goal,
                "at": self.at,
            }
        )


class Bench(Protocol):
    """A module `bench_*.py`: what it is called, what it should reach, and how it is run."""

    NAME: str
    GOAL: str

    def run(self) -> list[Figure]:
        """Measure."""


def discover() -> dict[str, Bench]:
    """All measurements by name."""
    package = importlib.import_module("bench")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__, "bench."))
    modules = [importlib.import_module(name) for name in names if name.startswith("bench.bench_")]
    return {module.NAME: cast(Bench, module) for module in modules}


def alternate(
    ours: Callable[[], float], peers: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Medians of both sides, measured in turns so that a busy moment of the machine meets both."""
    if rounds < 3:
        raise ValueError("A median needs at least three rounds.")
    pairs = [(ours(), peers()) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def table(figures: Iterable[Figure]) -> str:
    """Figures for people."""
    rows = [("measurement", "value", "peer", "ratio", "goal")]
    for figure in figures:
        peer = f"{figure.peer_value:g} ({figure.peer})" if figure.peer_value is not None else "-"
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else "-"
        rows.append((figure.name, f"{figure.value:g} {figure.unit}", peer, ratio, figure.goal))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def keep(figures: Sequence[Figure], path: Path) -> None:
    """Append each figure as a line of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{figure.as_json()}\n" for figure in figures)
