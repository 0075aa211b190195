"""A day with 20,000 registrations, outages of registrars and dying workers, in simulated time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from bench.framework import Figure
from tests import databases

NAME = "registration-day"
GOAL = "no binding lapses while its registrar is there, and no registrar is asked faster than its pace"

SIZE = 20_000
REGISTRARS = 10
HOURS = 24.0
RATE = 20.0
TICK_S = 5


def run() -> list[Figure]:
    """Live the day once; the figures are counts, which a slow machine does not change."""
    day = live(size=SIZE, registrars=REGISTRARS, hours=HOURS, rate=RATE, tick_s=TICK_S)
    pace = RATE * 10
    what = f"of {SIZE:,} registrations in {HOURS:g} h"
    return [
        Figure(f"attempts {what}", day["attempts"], "attempts"),
        Figure(f"claims that died with a worker {what}", day["died"], "claims"),
        Figure(f"bindings lapsed, registrar away {what}", day["lapsed_in_outages"], "bindings"),
        Figure(f"bindings lapsed, registrar there {what}", day["lapsed"], "bindings", goal="0"),
        Figure(
            "busiest 10 s of a registrar",
            day["busiest_10_s"],
            "attempts",
            peer="the pace allows",
            peer_value=pace,
            goal=f"ratio <= {1 + TICK_S / 10:g}",
        ),
    ]


def live(**arguments: Any) -> dict[str, Any]:
    """What a simulated day with these arguments saw."""
    database = "callsphere_bench_registration_day"
    databases.create_database(database)
    try:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        done = subprocess.run(
            [sys.executable, "-m", "bench.registration_day_process", json.dumps(arguments)],
            cwd=databases.ROOT,
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    finally:
        databases.drop_database(database)
