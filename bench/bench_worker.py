"""What a probe costs the worker from claim to stored answer, beside what sipp takes for the ping alone."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast
from urllib.parse import urlsplit

import psycopg

from bench.framework import Figure
from tests import databases
from tests.peers.sipp import OptionsServer, run_options_client

NAME = "worker"
GOAL = "at most 5 times sipp's CPU per ping, PostgreSQL left out; flat from 1,000 to 50,000 gateways"

SIZES = (1_000, 10_000, 50_000)
PINGS = 10_000
IN_FLIGHT = 100
ROUNDS = 5
GATEWAYS_PER_TRUNK, TRUNKS_PER_TENANT = 1, 10
DATABASE = "callsphere_bench_worker"


def run() -> list[Figure]:
    """CPU microseconds of the worker per probe, in databases of several sizes."""
    figures: list[Figure] = []
    costs: dict[int, float] = {}
    with OptionsServer() as server:
        for size in SIZES:
            ours, peers = measure(size, server.port)
            costs[size] = ours
            figures.append(
                Figure(
                    f"worker CPU per probe, {size:,} gateways",
                    round(ours * 1e6, 1),
                    "us",
                    peer="sipp",
                    peer_value=round(peers * 1e6, 1),
                    goal="ratio <= 5, aim 4",
                )
            )
    figures.append(
        Figure(
            f"worker CPU per probe, {SIZES[-1]:,} gateways over {SIZES[0]:,}",
            round(costs[SIZES[-1]] / costs[SIZES[0]], 3),
            "x",
            goal="0.85 to 1.15",
        )
    )
    return figures


def measure(size: int, port: int) -> tuple[float, float]:
    """Medians of CPU seconds per ping: the worker's, and sipp's in turns with it."""
    with bench_database() as name:
        fill(name, size, port)
        with worker(name) as process:
            probe(process, name, min(size, PINGS))  # first answers, caches, sockets
            pairs = []
            for _ in range(ROUNDS):
                ours = sum(probe(process, name, min(size, PINGS)) for _ in range(max(1, PINGS // size)))
                peers = run_options_client(port, calls=PINGS, in_flight=IN_FLIGHT)
                pairs.append((ours / PINGS, peers / PINGS))
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


@contextmanager
def bench_database() -> Iterator[str]:
    """A migrated database of its own, dropped at the end."""
    databases.create_database(DATABASE)
    try:
        yield DATABASE
    finally:
        databases.drop_database(DATABASE)


def fill(name: str, size: int, port: int) -> None:
    """Copy in tenants, trunks, policies, gateways and their health, as the owner."""
    trunks = size // GATEWAYS_PER_TRUNK
    with databases.owner_connection(name) as owner:
        # The owner is bound by the policies too; for filling they are set aside, in this database alone.
        for table in ("tenants_tenant", *(f"trunks_{each}" for each in _TABLES)):
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        owner.execute(
            "INSERT INTO tenants_tenant (id, name, slug, trunk_limit, member_limit, api_key_limit,"
            " api_requests_per_minute, is_active, created_at)"
            " SELECT gen_random_uuid(), 'T' || n, 't' || n, 200, 50, 20, 600, true, now()"
            " FROM generate_series(1, %s) AS n",
            [trunks // TRUNKS_PER_TENANT],
        )
        tenants = [row[0] for row in owner.execute("SELECT id FROM tenants_tenant").fetchall()]
        _copy_trunks(owner, tenants, trunks, port)
        for table in ("tenants_tenant", *(f"trunks_{each}" for each in _TABLES)):
            owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        owner.execute("VACUUM ANALYZE")


_TABLES = {
    "trunk": "id, tenant_id, name, direction, authentication, is_enabled, notes, version, created_at, updated_at",
    "healthpolicy": "id, tenant_id, trunk_id, interval_s, failures_to_down, successes_to_up, version,"
    " created_at, updated_at",
    "gateway": "id, tenant_id, trunk_id, uri, host, port, transport, priority, weight, is_enabled, version,"
    " created_at, updated_at",
    "gatewayhealth": "id, tenant_id, gateway_id, state, since, streak, streak_is_worse, streak_severity,"
    " next_probe_at, claim, probe_count, reason, cause, detail, target, server, created_at",
}


def _copy_trunks(
    owner: psycopg.Connection[tuple[object, ...]], tenants: list[object], trunks: int, port: int
) -> None:
    ids = [(uuid.uuid4(), uuid.uuid4()) for _ in range(trunks)]
    now = "now"
    host, uri = "127.0.0.1", f"sip:127.0.0.1:{port}"
    rows = {
        "trunk": lambda n, tenant, trunk, gateway: (
            *(trunk, tenant, f"Trunk {n}", "both", "{}", True, "", 1, now, now),
        ),
        "healthpolicy": lambda n, tenant, trunk, gateway: (
            *(uuid.uuid4(), tenant, trunk, 30, 3, 2, 1, now, now),
        ),
        "gateway": lambda n, tenant, trunk, gateway: (
            *(gateway, tenant, trunk, uri, host, port, "udp", 10, 10, True, 1, now, now),
        ),
        "gatewayhealth": lambda n, tenant, trunk, gateway: (
            *(uuid.uuid4(), tenant, gateway, "unknown", now, 0, False, 0, "infinity", 0, 0, "", "", "", "", ""),
            now,
        ),
    }
    for table, columns in _TABLES.items():
        with owner.cursor().copy(f"COPY trunks_{table} ({columns}) FROM STDIN") as copy:
            for number, (trunk, gateway) in enumerate(ids):
                copy.write_row(rows[table](number, tenants[number % len(tenants)], trunk, gateway))


@contextmanager
def worker(name: str) -> Iterator[subprocess.Popen[str]]:
    """The worker's process, on this database."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "NETGUARD_ALLOW": "127.0.0.0/8",
        "LOG_FORMAT": "json",
    }
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker_process"],
            cwd=databases.ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield process
        except BaseException:
            log.seek(0)
            print(log.read()[-2000:], file=sys.stderr)
            raise
        finally:
            cast(IO[str], process.stdin).close()
            process.wait(30)


def probe(process: subprocess.Popen[str], name: str, count: int) -> float:
    """Let the worker probe that many gateways, all of them due; return its CPU seconds."""
    with databases.owner_connection(name) as owner:
        owner.execute("ALTER TABLE trunks_gatewayhealth NO FORCE ROW LEVEL SECURITY")
        owner.execute("UPDATE trunks_gatewayhealth SET next_probe_at = now()")
        owner.execute("ALTER TABLE trunks_gatewayhealth FORCE ROW LEVEL SECURITY")
        owner.execute("VACUUM trunks_gatewayhealth")
    stdin, stdout = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
    stdin.write(f"{count} {IN_FLIGHT}\n")
    stdin.flush()
    result = json.loads(stdout.readline())
    if result["probed"] < count:
        raise RuntimeError(f"the worker probed {result['probed']} of {count} gateways")
    return float(result["cpu_s"]) * count / result["probed"]
