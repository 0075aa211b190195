"""Running readiness checks: many at once on one event loop beside the tasks, which only hand them over.

A check takes minutes where a carrier is silent; a task that waited for it would keep pings from being sent.
What happens is stored from a few threads, in order for each check, while no transaction is open.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import close_old_connections
from prometheus_client import Counter as CounterMetric

from callsphere.sip.agent.placed import PlacedCall
from callsphere.sip.check.report import Step
from callsphere.sip.check.runner import Check
from callsphere.sip.engine.work_loop import WorkLoop
from callsphere.sip.transport.shortage import OurShortage
from tenants.clock import DatabaseClock, database_now
from trunks.checks import orphaned_calls
from trunks.checks.checking import (
    INTERRUPTED,
    RENEW_S,
    CheckClaim,
    LeaseLost,
    claim_checks,
    end_interrupted,
    finish,
    renew,
    store_call,
    store_progress,
)
from trunks.checks.findings import Collector
from trunks.engines import OfThisProcess, is_stopping
from trunks.enums import CheckState

MOST_AT_ONCE = 50
"""How many checks one process runs at a time."""
LONGEST_S = 900.0
"""A check that takes longer is stopped, in seconds: one gateway takes three minutes at most."""
STOP_S = 10.0
"""How long hang-ups may take when the process goes down."""
_STORERS = 4
_TOO_LONG = "The check took too long and was stopped. Check one gateway at a time."
_OUR_SHORTAGE = (
    "We have no connection to spare just now, so nothing was found out about your carrier. "
    "Start the check again in a minute; if that does not help, tell support."
)
_OUR_FAULT = "Something went wrong on our side. Start the check again; if it fails again, tell support."

log = structlog.get_logger(__name__)
CHECKS = CounterMetric(
    "callsphere_readiness_checks_total", "Readiness checks by what became of them", ["end"]
)

_Value = TypeVar("_Value")


class CheckRunner:
    """The checks of one process. `run_due` is called by tasks, on any thread."""

    def __init__(self) -> None:
        self._loop = WorkLoop("readiness")
        self._storers = ThreadPoolExecutor(_STORERS, "readiness-store")
        self._claims: dict[uuid.UUID, int] = {}
        self._tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._why: dict[uuid.UUID, tuple[CheckState, str]] = {}
        self._renewing: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._clock: Callable[[], datetime] = database_now

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    @property
    def running(self) -> bool:
        """Whether checks are taken in this process."""
        return self._loop.running

    def run_due(self) -> int:
        """End what dead workers left behind, and begin what is queued; return how many were begun."""
        self._clock = clock = DatabaseClock()
        end_interrupted(clock())
        for orphan in orphaned_calls.claim_orphans(clock()):
            self._loop.submit(self._end_orphan(orphan))
        with self._lock:
            room = MOST_AT_ONCE - len(self._claims)
            claims = claim_checks(clock(), room) if room > 0 and not is_stopping() else []
            self._claims.update({claim.check_id: claim.number for claim in claims})
        for claim in claims:
            self._loop.submit(self._begin(claim))
        return len(claims)

    def stop(self) -> None:
        """End every check: calls are hung up, as far as there is time for it."""
        if self.running:
            try:
                self._loop.submit(self._stop_all()).result(STOP_S)
            except TimeoutError:
                log.warning("checks_left_behind", count=len(self._claims))
            self._loop.stop()

    async def _begin(self, claim: CheckClaim) -> None:
        task = asyncio.ensure_future(self._run(claim))
        self._tasks[claim.check_id] = task
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.ensure_future(self._renew())

    async def _run(self, claim: CheckClaim) -> None:
        ledger = Ledger(self._storers)
        found = Collector()
        state, problem = CheckState.FINISHED, ""
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._walk(claim, found, ledger)
            if claim.problem:
                state, problem = CheckState.FAILED, claim.problem
        except TimeoutError:
            state, problem = CheckState.FAILED, _TOO_LONG
        except asyncio.CancelledError:
            state, problem = self._why.get(claim.check_id, (CheckState.FAILED, INTERRUPTED))
        except LeaseLost:
            state, problem = CheckState.FAILED, INTERRUPTED
        except OurShortage as lack:
            log.error("readiness_check_lacks", check_id=str(claim.check_id), detail=str(lack))
            state, problem = CheckState.FAILED, _OUR_SHORTAGE
        except Exception:
            log.exception("readiness_check_failed", check_id=str(claim.check_id))
            state, problem = CheckState.FAILED, _OUR_FAULT
        self._why[claim.check_id] = (state, problem)  # from now on it is not stopped any more
        end = found.all(whole=state == CheckState.FINISHED)
        await self._finish(claim, ledger, partial(finish, claim.check_id, claim.number, state, end, problem))
        CHECKS.labels(end.verdict or state.value).inc()

    async def _walk(self, claim: CheckClaim, found: Collector, ledger: Ledger) -> None:
        for run in claim.runs:

            def finished(step: Step) -> None:
                found.add(step)
                ledger.keep(partial(store_progress, claim.check_id, claim.number, found.progress()))

            def told(call: PlacedCall) -> asyncio.Future[None]:
                return ledger.keep(partial(store_call, claim.check_id, claim.number, call))

            check = Check(run.plan, finished, told)
            found.begin(run.gateway_id, run.uri, check.trace)
            found.end(await check.run())

    async def _finish(self, claim: CheckClaim, ledger: Ledger, store: Callable[[], bool]) -> None:
        try:
            await ledger.keep(store)
        except Exception as error:  # noqa: BLE001 (its lease ends by itself, and others take over)
            log.warning("check_not_stored", check_id=str(claim.check_id), error=type(error).__name__)
        with self._lock:
            self._claims.pop(claim.check_id, None)
        self._tasks.pop(claim.check_id, None)
        self._why.pop(claim.check_id, None)

    async def _renew(self) -> None:
        """Renew the leases while anything runs; stop what was lost, or is no longer wanted."""
        loop = asyncio.get_running_loop()
        while self._tasks:
            await asyncio.sleep(RENEW_S)
            with self._lock:
                claims = dict(self._claims)
            try:
                work = partial(_closing, partial(renew, claims, self._clock()))
                lost, unwanted = await loop.run_in_executor(self._storers, work)
            except Exception as error:  # noqa: BLE001 (the database may be back before the leases end)
                log.warning("leases_not_renewed", error=type(error).__name__)
                continue
            self._stop(lost, CheckState.FAILED, INTERRUPTED)
            self._stop(unwanted, CheckState.CANCELLED, "")

    def _stop(self, ids: Iterable[uuid.UUID], state: CheckState, problem: str) -> None:
        for check_id in ids:
            task = self._tasks.get(check_id)
            # Cancelled once: a second time would break off the hang-up.
            if task is not None and check_id not in self._why:
                self._why[check_id] = (state, problem)
                task.cancel()

    async def _stop_all(self) -> None:
        tasks = set(self._tasks.values())
        self._stop(list(self._tasks), CheckState.FAILED, INTERRUPTED)
        if tasks:
            await asyncio.wait(tasks)

    async def _end_orphan(self, claim: orphaned_calls.OrphanClaim) -> None:
        outcome, ended = await orphaned_calls.end_orphan(claim)
        ledger = Ledger(self._storers)
        await ledger.keep(partial(orphaned_calls.store_outcome, claim, outcome, ended=ended))


class Ledger:
    """Stores one after the other, in threads. Each store begins when the one before it has ended."""

    def __init__(self, storers: ThreadPoolExecutor) -> None:
        self._storers = storers
        self._last: asyncio.Future[Any] | None = None

    def keep(self, store: Callable[[], _Value]) -> asyncio.Future[_Value]:
        """Have something stored; what is given is done when it is, or raises what went wrong."""
        kept = asyncio.ensure_future(self._after(self._last, store))
        self._last = kept
        # Whoever waits may be cancelled; the store goes on, since others come after it.
        shown = asyncio.shield(kept)
        shown.add_done_callback(_noted)
        return shown

    async def _after(self, before: asyncio.Future[Any] | None, store: Callable[[], _Value]) -> _Value:
        if before is not None and not before.done():
            await asyncio.wait({before})
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._storers, partial(_closing, store))


def _noted(kept: asyncio.Future[Any]) -> None:
    error = None if kept.cancelled() else kept.exception()
    if error is not None and not isinstance(error, LeaseLost):
        log.warning("check_store_failed", error=type(error).__name__)


def _closing(store: Callable[[], _Value]) -> _Value:
    """Call from a thread that Django knows nothing of, with a connection that is not too old."""
    close_old_connections()
    try:
        return store()
    finally:
        close_old_connections()


runner = OfThisProcess(CheckRunner)
