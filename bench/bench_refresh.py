"""What refreshing a registration costs the worker, from claim to stored answer, at Kamailio's registrar."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, cast

from bench.bench_register import register_with_sipp
from bench.bench_worker import process_on
from bench.framework import Figure, alternate
from tests import databases
from tests.peers import HERE
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio

NAME = "refresh"
GOAL = "500 refreshes with digest per CPU second of one worker, PostgreSQL left out; aim 1,000"

REGISTRATIONS = 5_000


class Worker:
    """A worker's process with registrations of its own, all at one registrar."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def cost_s(self) -> float:
        """CPU seconds of the process per refresh, over all registrations once."""
        stdin, stdout = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        stdin.write("once\n")
        stdin.flush()
        result = json.loads(stdout.readline())
        if result["registered"] < REGISTRATIONS:
            raise RuntimeError(f"{result['registered']} of {REGISTRATIONS} are registered")
        return float(result["cpu_s"]) / REGISTRATIONS


def run() -> list[Figure]:
    """Refreshes per CPU second, each challenged once, and sipp's registrations in turns with them.

    Nonces live a minute or so at most registrars: a refresh half an hour later is always challenged.
    """
    with tempfile.TemporaryDirectory() as name, worker(Path(name, "worker")) as ours:
        ours.cost_s()  # the first binding of each, caches, sockets
        value, peer_value = alternate(ours.cost_s, lambda: _sipp(Path(name, "sipp")))
    return [
        Figure(
            "refreshes with digest per CPU second of a worker",
            round(1 / value),
            "",
            peer="sipp",
            peer_value=round(1 / peer_value),
            goal=">= 500, aim 1000",
        )
    ]


def _sipp(folder: Path) -> float:
    with _registrar(folder) as port:
        return register_with_sipp(port, REGISTRATIONS) / REGISTRATIONS


@contextmanager
def _registrar(folder: Path) -> Iterator[int]:
    folder.mkdir(exist_ok=True)
    pair = Authority(folder).issue(["127.0.0.1"])
    with Kamailio(folder, pair, template=HERE / "registrar.cfg", defines=["ONE_TIME"]) as kamailio:
        yield kamailio.port


@contextmanager
def worker(folder: Path) -> Iterator[Worker]:
    """A worker on a database made for it and dropped at the end, and its registrar."""
    database = "callsphere_bench_refresh"
    databases.create_database(database)
    try:
        with _registrar(folder) as port, _process(database, port) as process:
            yield Worker(process)
    finally:
        databases.drop_database(database)


def _process(database: str, port: int) -> AbstractContextManager[subprocess.Popen[str]]:
    return process_on(
        database,
        module="bench.refresh_process",
        arguments=(str(port), str(REGISTRATIONS)),
        REGISTER_RATE_PER_REGISTRAR="0",
    )
