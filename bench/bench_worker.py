"""What a probe costs the worker from claim to stored answer, beside what sipp takes for the ping alone."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, cast
from urllib.parse import urlsplit

from bench.framework import Figure
from bench.name_server import name_server
from tests import databases
from tests.peers.sipp import OptionsServer, run_options_client

NAME = "worker"
GOAL = "at most 5 times sipp's CPU per ping, PostgreSQL left out; flat from 1,000 to 50,000 gateways"

SIZES = (1_000, 10_000, 50_000)
NAMED = 5_000
PINGS = 10_000
IN_FLIGHT = 100
ROUNDS = 5

TABLES = (
    *("tenants_tenant", "trunks_trunk", "trunks_healthpolicy", "trunks_gateway"),
    "trunks_sessiontimerpolicy",
    *("trunks_gatewayhealth", "trunks_readinesscheck", "trunks_placedcall"),
)


class Worker:
    """A probe worker's process on a database of its own with `size` gateways, all pointing at one server."""

    def __init__(self, database: str, size: int, process: subprocess.Popen[str]) -> None:
        self._database = database
        self._size = size
        self._process = process

    def warm_up(self) -> None:
        """Probe every gateway: first answers, caches, sockets. Twice, for names that were late at first."""
        self._probe(self._size)
        self._probe(self._size)

    def cost_s(self) -> float:
        """CPU seconds of the process per probe, over PINGS probes."""
        chunk = min(self._size, PINGS)
        return sum(self._probe(chunk) for _ in range(PINGS // chunk)) / PINGS

    def _probe(self, count: int) -> float:
        make_due(self._database)
        stdin, stdout = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        stdin.write(f"{count} {IN_FLIGHT}\n")
        stdin.flush()
        result = json.loads(stdout.readline())
        if result["probed"] < count:
            raise RuntimeError(f"the worker probed {result['probed']} of {count} gateways")
        return float(result["cpu_s"]) * count / result["probed"]


def run() -> list[Figure]:
    """CPU microseconds of the worker per probe, in databases of several sizes, in turns with sipp."""
    costs: dict[str, list[float]] = {}
    with ExitStack() as stack:
        server = stack.enter_context(OptionsServer())
        dns = stack.enter_context(name_server())
        address = f"sip:127.0.0.1:{server.port}"
        workers = {f"{size:,} gateways": stack.enter_context(worker(size, address)) for size in SIZES}
        workers[f"{NAMED:,} host names, known"] = stack.enter_context(
            worker(NAMED, f"sip:g%s.bench.test:{server.port}", dns)
        )
        for each in workers.values():
            each.warm_up()
        for _ in range(ROUNDS):
            for name, each in workers.items():
                costs.setdefault(name, []).append(each.cost_s())
            costs.setdefault("sipp", []).append(
                run_options_client(server.port, calls=PINGS, in_flight=IN_FLIGHT) / PINGS
            )
    return _figures({name: statistics.median(values) for name, values in costs.items()})


def _figures(costs: dict[str, float]) -> list[Figure]:
    peer = round(costs.pop("sipp") * 1e6, 1)
    figures = [
        Figure(
            f"worker CPU per probe, {name}",
            round(cost * 1e6, 1),
            "us",
            peer="sipp",
            peer_value=peer,
            goal="ratio <= 5, aim 4",
        )
        for name, cost in costs.items()
    ]
    smallest, *_, largest = (costs[f"{size:,} gateways"] for size in SIZES)
    figures.append(
        Figure(
            f"worker CPU per probe, {SIZES[-1]:,} over {SIZES[0]:,} gateways",
            round(largest / smallest, 3),
            "x",
            goal="0.85 to 1.15",
        )
    )
    return figures


@contextmanager
def worker(size: int, uri: str, dns: tuple[str, int] | None = None) -> Iterator[Worker]:
    """A worker on a database made for it and dropped at the end; `%s` in the URI becomes a number."""
    database = f"callsphere_bench_{size}_{'names' if dns else 'address'}"
    databases.create_database(database)
    try:
        fill(database, size, uri)
        with process_on(database, dns) as process:
            yield Worker(database, size, process)
    finally:
        databases.drop_database(database)


@contextmanager
def process_on(
    database: str,
    dns: tuple[str, int] | None = None,
    module: str = "bench.worker_process",
    arguments: Sequence[str] = (),
    **settings: str,
) -> Iterator[subprocess.Popen[str]]:
    """Run a module on a database; it ends with its standard input."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    environment = {**os.environ, "DATABASE_URL": url, "NETGUARD_ALLOW": "127.0.0.0/8", **settings}
    if dns is not None:
        environment["SIP_NAMESERVERS"] = "{}:{}".format(*dns)
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
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


@contextmanager
def _unforced(database: str) -> Iterator[databases.psycopg.Connection]:
    """Connect as the owner, whom the policies bind as well: they are set aside in this database meanwhile."""
    with databases.owner_connection(database) as owner:
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY".encode())
        yield owner
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY".encode())


def fill(database: str, size: int, uri: str) -> None:
    """Put in trunks of one gateway each, ten to a tenant, none of them due."""
    host = uri.removeprefix("sip:").partition(":")[0]
    with _unforced(database) as owner:
        for statement in (_TENANTS, _TRUNKS, _POLICIES, _TIMERS, _GATEWAYS, _HEALTH):
            owner.execute(
                statement,
                {"size": size, "tenants": size // 10, "uri": uri, "host": host},
            )
        owner.execute("VACUUM ANALYZE")


def make_due(database: str) -> None:
    """Let every gateway be due now."""
    with _unforced(database) as owner:
        owner.execute("UPDATE trunks_gatewayhealth SET next_probe_at = now()")
        owner.execute("VACUUM trunks_gatewayhealth")


_TENANTS = b"""
INSERT INTO tenants_tenant (id, name, slug, trunk_limit, member_limit, api_key_limit, api_requests_per_minute,
                            is_active, created_at)
SELECT gen_random_uuid(), 'Tenant ' || n, 't' || n, 200, 50, 20, 600, true, now()
FROM generate_series(1, %(tenants)s) AS n
"""
_TRUNKS = b"""
INSERT INTO trunks_trunk (id, tenant_id, name, direction, authentication, is_enabled, notes, version,
                          created_at, updated_at, dial_format, caller_id_format, home_country,
                          international_prefix, strip_digits, dial_prefix, sends_asserted_identity,
                          preset_key)
SELECT gen_random_uuid(), tenant.id, 'Trunk ' || n, 'both', '{}', true, '', 1, now(), now(), 'e164_plus',
       'e164_plus', '',
       '', 0, '', false, ''
FROM (SELECT id, row_number() OVER () AS number FROM tenants_tenant) AS tenant
JOIN generate_series(1, %(size)s) AS n ON tenant.number = n %% %(tenants)s + 1
"""
_POLICIES = b"""
INSERT INTO trunks_healthpolicy (id, tenant_id, trunk_id, interval_s, failures_to_down, successes_to_up,
                                 version, created_at, updated_at)
SELECT gen_random_uuid(), tenant_id, id, 30, 3, 2, 1, now(), now() FROM trunks_trunk
"""
_TIMERS = b"""
INSERT INTO trunks_sessiontimerpolicy (id, tenant_id, trunk_id, mode, session_interval_s, min_se_s, refresher,
                                       refresh_method, version, created_at, updated_at)
SELECT gen_random_uuid(), tenant_id, id, 'supported', 1800, 90, 'peer', 'auto', 1, now(), now()
FROM trunks_trunk
"""
_GATEWAYS = b"""
INSERT INTO trunks_gateway (id, tenant_id, trunk_id, uri, host, transport, priority, weight, is_enabled,
                            version, created_at, updated_at)
SELECT gen_random_uuid(), tenant_id, id, replace(%(uri)s, '%%s', number::text),
       replace(%(host)s, '%%s', number::text), 'udp', 10, 10, true, 1, now(), now()
FROM (SELECT *, row_number() OVER () AS number FROM trunks_trunk) AS trunk
"""
_HEALTH = b"""
INSERT INTO trunks_gatewayhealth (id, tenant_id, gateway_id, state, since, streak, streak_is_worse,
                                  streak_severity, claim, probe_count, reason, cause, detail, target, server,
                                  created_at)
SELECT gen_random_uuid(), tenant_id, id, 'unknown', now(), 0, false, 0, 0, 0, '', '', '', '', '', now()
FROM trunks_gateway
"""
