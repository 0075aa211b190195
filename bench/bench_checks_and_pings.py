"""Whether readiness checks slow down pings: a worker at its pace, alone and with 50 checks at once."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from bench.bench_worker import TABLES, fill, process_on
from bench.framework import Figure
from tests import databases
from tests.local.sandbox.running import running_sandbox
from tests.peers.sipp import OptionsServer

NAME = "checks-and-pings"
GOAL = "50 readiness checks at once slow pings by at most 10 %"

GATEWAYS = 10_000
LINES = 600
"""Trunks beside them that are checked and not pinged. One check of a trunk runs at a time."""
SECONDS = 15
"""Each gateway is due once in this time: 667 pings a second, those of 20,000 gateways every 30 s."""
ROUNDS = 3
SILENCE_S = 60.0
_DATABASE = "callsphere_bench_checks"


@dataclass(frozen=True)
class Window:
    """What one stretch of time saw. Times in milliseconds, cores as a share of one."""

    pings_per_s: float
    rtt_ms: float
    rtt_p95_ms: float
    delay_ms: float
    cores: float
    checks: int


class Worker:
    """A worker's process on the database."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._stdin, self._stdout = cast(IO[str], process.stdin), cast(IO[str], process.stdout)

    def begin(self, *tasks: str) -> None:
        """Have it do these tasks each second, for a window's length."""
        self._stdin.write(" ".join([str(SECONDS), *tasks]) + "\n")
        self._stdin.flush()

    def end(self) -> float:
        """Wait for the end; return the CPU seconds that it took."""
        return float(json.loads(self._stdout.readline())["cpu_s"])


def run() -> list[Figure]:
    """Pings of one worker: alone, beside checks in another process, and with the checks in its own."""
    seen: dict[str, list[Window]] = {"alone": [], "apart": [], "same": []}
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(Path(stack.enter_context(TemporaryDirectory()))))
        server = stack.enter_context(OptionsServer())
        databases.create_database(_DATABASE)
        stack.callback(databases.drop_database, _DATABASE)
        fill(_DATABASE, GATEWAYS + LINES, f"sip:127.0.0.1:{server.port}")
        with databases.owner_connection(_DATABASE) as owner:
            for table in TABLES:  # for good: to do it each time would lock out the checks that run
                owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY".encode())
            owner.execute(_LINES, {"lines": LINES, "uri": f"sip:127.0.0.1:{sandbox.first_port}"})
        pinging, checking = (
            Worker(stack.enter_context(process_on(_DATABASE, module="bench.checks_process"))) for _ in "12"
        )
        for tasks, others in ((["probe", "check"], []), (["probe"], ["check"])):
            window(pinging, tasks, checking, others)  # caches, sockets, first answers
        for _ in range(ROUNDS):
            seen["alone"].append(window(pinging, ["probe"], checking, [], checks=0))
            seen["apart"].append(window(pinging, ["probe"], checking, ["check"]))
            seen["same"].append(window(pinging, ["probe", "check"], checking, []))
    return _figures(seen)


def window(
    pinging: Worker, tasks: list[str], checking: Worker, others: list[str], *, checks: int = LINES
) -> Window:
    """Have two workers do their tasks, with that many checks queued at the start."""
    with databases.owner_connection(_DATABASE) as owner:
        owner.execute(_SPREAD, {"seconds": SECONDS})
        owner.execute(_REMEMBER)
        owner.execute(_QUEUE, {"checks": checks})
    pinging.begin(*tasks)
    checking.begin(*others)
    cpu_s, _ = pinging.end(), checking.end()
    ended = _end_checks()
    with databases.owner_connection(_DATABASE) as owner:
        (row,) = owner.execute(_SEEN).fetchall()
    return _window(row, cpu_s, ended)


def _window(row: tuple[Any, ...], cpu_s: float, checks: int) -> Window:
    done, rtt, rtt_p95, delay = row
    return Window(
        done / SECONDS, float(rtt) / 1000, float(rtt_p95) / 1000, float(delay), cpu_s / SECONDS, checks
    )


def _end_checks() -> int:
    """Withdraw the checks that wait, and let those that run end; how many had ended by then."""
    with databases.owner_connection(_DATABASE) as owner:
        owner.execute(b"DELETE FROM trunks_readinesscheck WHERE state = 'queued'")
        (counts,) = owner.execute(_ENDS).fetchall()
    deadline = time.monotonic() + SILENCE_S
    while True:
        with databases.owner_connection(_DATABASE) as owner:
            (still,) = owner.execute(_ENDS).fetchall()
            if still[0] == 0:
                if still[2]:
                    raise RuntimeError(f"{still[2]} checks did not pass: {_why(owner)}")
                owner.execute(b"DELETE FROM trunks_placedcall")
                owner.execute(b"DELETE FROM trunks_readinesscheck")
                return int(counts[1])
        if time.monotonic() > deadline:
            raise RuntimeError(f"{still[0]} checks do not end")
        time.sleep(0.2)


def _why(owner: Any) -> str:
    rows = owner.execute(
        b"SELECT state, cause, problem, count(*) FROM trunks_readinesscheck GROUP BY 1, 2, 3"
    ).fetchall()
    return "; ".join(" ".join(map(str, row)) for row in rows)


def _figures(seen: dict[str, list[Window]]) -> list[Figure]:
    figures = []
    for side, where in (("apart", "in another process"), ("same", "in the same process")):
        goal = side == "apart"
        for name, what, unit, limit in (
            ("pings_per_s", "pings", "/s", "ratio >= 0.9"),
            ("rtt_ms", "round trip, median", "ms", "ratio <= 1.1"),
            ("rtt_p95_ms", "round trip, 95 of 100", "ms", ""),
            ("delay_ms", "due to answered, median", "ms", "ratio <= 1.1"),
            ("cores", "CPU of the process that pings", "cores", ""),
        ):
            ours, peer = (round(_median(seen[each], name), 3) for each in (side, "alone"))
            title = f"{what}, 50 checks {where}"
            figures.append(Figure(title, ours, unit, "alone", peer, limit if goal else ""))
        ended = round(_median(seen[side], "checks") / SECONDS, 1)
        figures.append(Figure(f"checks that ended, {where}", ended, "/s"))
    return figures


def _median(windows: list[Window], name: str) -> float:
    return statistics.median(getattr(window, name) for window in windows)


_LINES = b"""
WITH line AS (SELECT id FROM trunks_gateway ORDER BY id LIMIT %(lines)s),
     moved AS (UPDATE trunks_gateway SET uri = %(uri)s FROM line WHERE trunks_gateway.id = line.id)
UPDATE trunks_gatewayhealth SET next_probe_at = '2999-01-01' FROM line WHERE gateway_id = line.id
"""
_SPREAD = b"""
UPDATE trunks_gatewayhealth SET next_probe_at = now() + random() * %(seconds)s * interval '1 second'
WHERE next_probe_at IS NULL OR next_probe_at < '2999-01-01'
"""
_REMEMBER = b"""
DROP TABLE IF EXISTS bench_due;
CREATE TABLE bench_due AS
SELECT gateway_id, next_probe_at AS due_at FROM trunks_gatewayhealth WHERE next_probe_at < '2999-01-01'
"""
_QUEUE = b"""
INSERT INTO trunks_readinesscheck (id, tenant_id, trunk_id, requested_kind, requested_by, reason, state,
    claim, cancel_requested, register, call, caller, verdict, cause, target, problem,
    steps, trace, runs, created_at)
SELECT gen_random_uuid(), gateway.tenant_id, gateway.trunk_id, 'system', '', '', 'queued', 0,
    false, false, '100', '', '', '', '', '', '[]', '[]', '[]', now()
FROM trunks_gateway AS gateway JOIN trunks_gatewayhealth AS health ON health.gateway_id = gateway.id
WHERE health.next_probe_at = '2999-01-01' LIMIT %(checks)s
"""
_ENDS = b"""
SELECT count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'finished'),
       count(*) FILTER (WHERE state = 'failed' OR verdict = 'fail')
FROM trunks_readinesscheck
"""
_SEEN = b"""
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY health.rtt_us),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY health.rtt_us),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM health.checked_at - due_at) * 1000)
FROM bench_due JOIN trunks_gatewayhealth AS health USING (gateway_id)
WHERE health.checked_at >= due_at
"""
