"""What it costs to take a status of a call, beside bare views that store a row and check nothing.

One bare view runs under the settings of ours, the other without any middleware.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, cast
from urllib.parse import urlsplit

from bench.framework import Figure
from tests import databases

NAME = "intake"
GOAL = "statuses a second at least 0.5 times what a bare view takes, aim 0.7"

REQUESTS = 200
ROUNDS = 31  # short ones in turns: whatever else the machine does falls on all sides
BARE = {"bare": "bare view, same settings", "stripped": "bare view, no middleware"}
DATABASE = "callsphere_bench_intake"
_TABLE = b"""
CREATE TABLE bench_event (id uuid PRIMARY KEY, payload jsonb NOT NULL);
GRANT INSERT ON bench_event TO callsphere_app
"""


def run() -> list[Figure]:
    """Requests a second of one process by clock and by CPU, all sides in turns, on one database."""
    databases.create_database(DATABASE)
    try:
        with databases.owner_connection(DATABASE) as owner:
            owner.execute(_TABLE)
        with ExitStack() as stack:
            sides = {side: stack.enter_context(_server(side)) for side in ("ours", *BARE)}
            return _figures(sides)
    finally:
        databases.drop_database(DATABASE)


def _figures(sides: dict[str, subprocess.Popen[str]]) -> list[Figure]:
    for server in sides.values():
        _serve(server)  # first requests read tokens and fill caches
    rounds = [{side: _serve(server) for side, server in sides.items()} for _ in range(ROUNDS)]
    figures = []
    for kind, words in (("wall_s", "by clock"), ("cpu_s", "by CPU of the process")):
        rate = {side: REQUESTS / statistics.median(each[side][kind] for each in rounds) for side in sides}
        for side, peer in BARE.items():
            figures.append(
                Figure(
                    f"statuses of calls a second, {words}",
                    round(rate["ours"], 1),
                    "1/s",
                    peer=peer,
                    peer_value=round(rate[side], 1),
                    goal="ratio >= 0.5, aim 0.7",
                )
            )
    return figures


def _serve(server: subprocess.Popen[str]) -> dict[str, float]:
    stdin, stdout = cast(IO[str], server.stdin), cast(IO[str], server.stdout)
    stdin.write(f"{REQUESTS}\n")
    stdin.flush()
    found: dict[str, float] = json.loads(stdout.readline())
    return found


@contextmanager
def _server(side: str) -> Iterator[subprocess.Popen[str]]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{DATABASE}").geturl()
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.intake_process", side],
        cwd=databases.ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield server
    finally:
        cast(IO[str], server.stdin).close()
        server.wait(30)
