"""The frame of the measurements: what a figure says and how two sides are compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.framework import Figure, alternate, discover, keep, table


def test_figure_is_one_json_line_with_the_promised_keys(tmp_path: Path) -> None:
    figure = Figure(
        "ping", 0.3, "s", peer="sipp", peer_value=0.2, goal="ratio <= 2", at="2026-01-01T00:00:00+00:00"
    )
    path = tmp_path / "local" / "bench.jsonl"
    keep([figure, figure], path)
    lines = path.read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "name": "ping",
        "value": 0.3,
        "unit": "s",
        "peer": "sipp",
        "peer_value": 0.2,
        "ratio": 1.5,
        "goal": "ratio <= 2",
        "at": "2026-01-01T00:00:00+00:00",
    }


def test_sides_take_turns_and_medians_count() -> None:
    turns: list[str] = []
    ours, peers = iter([9.0, 1.0, 2.0]), iter([5.0, 4.0, 100.0])

    def measure(side: str) -> float:
        turns.append(side)
        return next(ours if side == "ours" else peers)

    assert alternate(lambda: measure("ours"), lambda: measure("peer"), rounds=3) == (2.0, 5.0)
    assert turns == ["ours", "peer"] * 3
    with pytest.raises(ValueError, match="three"):
        alternate(lambda: 1.0, lambda: 1.0, rounds=2)


def test_table_is_aligned_for_people() -> None:
    assert table(
        [Figure("ping", 0.3, "s", "sipp", 0.2, "ratio <= 2"), Figure("rows", 7, "queries")]
    ).splitlines() == [
        "measurement  value      peer        ratio  goal",
        "ping         0.3 s      0.2 (sipp)  1.50   ratio <= 2",
        "rows         7 queries  -           -",
    ]


def test_measurements_are_found_by_name() -> None:
    assert "ping" in discover()
