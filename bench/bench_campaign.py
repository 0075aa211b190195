"""A campaign of 2,000 contacts whose workers die at any moment, at a provider that goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from bench.framework import Figure
from tests import databases

NAME = "campaign"
GOAL = "nobody called twice for one attempt, never more than five at once, and all contacts done"

SIZE = 2_000


def run() -> list[Figure]:
    """Live the campaign once (BENCH_SEED repeats one); the figures are counts."""
    size = int(os.environ.get("BENCH_CONTACTS", SIZE))
    lived = live(size, os.environ.get("BENCH_SEED", ""))
    what = f"of {size:,} contacts, seed {lived['seed']}"
    return [
        Figure(f"calls that rang {what}", lived["rang"], "calls"),
        Figure(f"claims that died with a worker {what}", lived["died"], "claims"),
        Figure(f"calls that the provider refused or was silent about {what}", lived["wrong"], "calls"),
        Figure(f"contacts done {what}", lived["done"], "contacts", peer="all", peer_value=size, goal="1.00"),
        Figure(f"calls at a time at most {what}", lived["most"], "calls", goal="<= 5"),
        Figure(f"faults {what}", lived["faults"], "faults", goal="0"),
    ]


def live(size: int, seed: str) -> dict[str, Any]:
    """Return what a simulated campaign saw."""
    database = "callsphere_bench_campaign"
    databases.create_database(database)
    try:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        done = subprocess.run(
            [sys.executable, "-m", "bench.campaign_process", str(size), seed],
            cwd=databases.ROOT,
            env={**os.environ, "DATABASE_URL": url},
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
