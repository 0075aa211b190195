"""Two hundred escalations at once, while workers are killed: each ends, in time, and nobody is told twice.

Tiers last 30 seconds here, the shortest that a policy takes; how late a tier is asked does not depend on it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

from bench.framework import Figure
from tests import databases

NAME = "escalations"
GOAL = "all end in an accept, a voicemail or an incident; tiers change within 5 s; nobody is told twice"

TENANTS, EACH = 40, 5
WORKERS = 3
KILLED_EVERY_S = 12.0
"""A worker takes some seconds to start: of three, each works for a while before it is killed."""
PATIENCE_S = 600.0
DATABASE = "callsphere_bench_escalations"


def run() -> list[Figure]:
    """Start all, kill workers until all have ended, and look at what became of them."""
    databases.create_database(DATABASE)
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{DATABASE}").geturl()
    environ = {**os.environ, "DATABASE_URL": url}
    try:
        return _figures(_simulate(environ))
    finally:
        databases.drop_database(DATABASE)


def _simulate(environ: dict[str, str]) -> dict[str, float]:
    phones = _process(environ, "bench.escalations_process", "phones")
    workers = [_process(environ, "bench.escalations_process", "workers") for _ in range(WORKERS)]
    over, killed = threading.Event(), [0]
    killer = threading.Thread(target=_kill, args=(environ, workers, over, killed), daemon=True)
    try:
        killer.start()
        _ask(environ, "start", str(TENANTS), str(EACH))
        deadline = time.monotonic() + PATIENCE_S
        while _ask(environ, "open")["open"] and time.monotonic() < deadline:
            time.sleep(1)
        return {**_ask(environ, "judge"), "killed": killed[0]}
    finally:
        over.set()
        killer.join()
        for process in (phones, *workers):
            process.kill()
            process.wait()


def _kill(
    environ: dict[str, str],
    workers: list[subprocess.Popen[str]],
    over: threading.Event,
    killed: list[int],
) -> None:
    """Kill one worker after another, wherever it is, and start another in its place."""
    while not over.wait(random.uniform(0.5, 1.5) * KILLED_EVERY_S):
        place = random.randrange(WORKERS)
        workers[place].kill()
        workers[place].wait()
        workers[place] = _process(environ, "bench.escalations_process", "workers")
        killed[0] += 1


def _figures(found: dict[str, float]) -> list[Figure]:
    return [
        Figure("escalations that ended", found["ended"], "of 200", goal="200"),
        Figure("accepted", found["accepted"], "of 200"),
        Figure("voicemail", found["voicemail"], "of 200"),
        Figure("unanswered, with one open incident each", found["incidents"], "of 200"),
        Figure("latest change of a tier", found["latest_s"], "s", goal="<= 5"),
        Figure("earliest change of a tier", found["earliest_s"], "s", goal=">= 0"),
        Figure("told twice", found["told_twice"], "people", goal="0"),
        Figure("asked twice in a tier", found["asked_twice"], "people", goal="0"),
        Figure("workers killed", found["killed"], "times"),
    ]


def _process(environ: dict[str, str], module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=databases.ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ask(environ: dict[str, str], *arguments: str) -> dict[str, float]:
    process = _process(environ, "bench.escalations_judge", *arguments)
    told, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} failed")
    found: dict[str, float] = json.loads(told)
    return found
