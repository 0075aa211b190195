"""What a page of the log of calls takes of a busy tenant's, however deep, and by each filter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

from bench.framework import Figure
from tests import databases

NAME = "calls"
GOAL = "a page 500,000 calls deep within 1.25 times the first, of one tenant's 1 and 5 million (BENCH_CALLS)"

SIZES = "1000000,5000000"
DEEP = 500_000


def run() -> list[Figure]:
    """Milliseconds of the database for each page, planning included, in the median of 21."""
    figures: list[Figure] = []
    for size in map(int, os.environ.get("BENCH_CALLS", SIZES).split(",")):
        figures += _figures(size, _measure(size))
    return figures


def _figures(size: int, found: dict[str, float]) -> list[Figure]:
    first, deep = found.pop("first"), found.pop("deep")
    depth = min(DEEP, size // 2)
    compared = Figure(
        f"page {depth:,} deep of {size:,} calls",
        round(deep, 3),
        "ms",
        peer="first page",
        peer_value=round(first, 3),
        goal="ratio <= 1.25",
    )
    return [compared, *(Figure(f"{name}, of {size:,}", round(ms, 3), "ms") for name, ms in found.items())]


def _measure(size: int) -> dict[str, float]:
    database = "callsphere_bench_calls"
    databases.create_database(database)
    try:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        done = subprocess.run(
            [sys.executable, "-m", "bench.calls_process", str(size), str(min(DEEP, size // 2))],
            cwd=databases.ROOT,
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found
    finally:
        databases.drop_database(database)
