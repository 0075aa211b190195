"""Looking for drift at 1,000 tenants: what it asks of Twilio, how evenly, and what it costs a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from bench.framework import Figure
from tests import databases

NAME = "drift"
GOAL = "1,000 tenants within the hour, no faster than TWILIO_SWEEP_RATE, and nothing written"

TENANTS = 1_000
RATE = 20
TICK_S = 2


def run() -> list[Figure]:
    """Sweep once with all tenants due at once, in simulated time; requests and times are counted there.

    The double answers in the same process, so that the last figures are of both together.
    """
    found = sweep(tenants=TENANTS, rate=RATE, tick_s=TICK_S)
    what = f"of {TENANTS:,} tenants, all due at once"
    return [
        Figure(f"requests {what}", found["requests"], "requests", goal=f"<= {TENANTS * 10:,}"),
        Figure(f"writes {what}", found["writes"], "requests", goal="0"),
        Figure(f"sweep {what}", found["sweep_s"], "s", goal="<= 3600"),
        Figure(
            f"requests a second {what}", found["requests"] / found["sweep_s"], "requests", goal=f"<= {RATE}"
        ),
        Figure(
            "busiest 10 s",
            found["busiest_10_s"],
            "requests",
            peer="the rate allows",
            peer_value=RATE * 10,
            goal=f"ratio <= {1 + TICK_S / 10 + 0.05:g}",
        ),
        Figure("a look, worker and double together", found["real_s"] / TENANTS * 1000, "ms"),
        Figure(
            "requests a second that this machine could make", found["requests"] / found["real_s"], "requests"
        ),
    ]


def sweep(**arguments: Any) -> dict[str, Any]:
    """What a sweep with these arguments saw."""
    database = "callsphere_bench_drift"
    databases.create_database(database)
    try:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        done = subprocess.run(
            [sys.executable, "-m", "bench.drift_process", json.dumps(arguments)],
            cwd=databases.ROOT,
            env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found
    finally:
        databases.drop_database(database)
