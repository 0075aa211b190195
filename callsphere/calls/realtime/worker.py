"""The worker: claims sessions that nobody holds, holds each until its call ends, and keeps them claimed."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from django.db import Error as DatabaseFailure

from callsphere.calls.realtime import claims
from callsphere.calls.realtime.claims import Held
from callsphere.calls.realtime.hold import hold
from callsphere.calls.realtime.metrics import HELD
from callsphere.calls.realtime.rejecting import Unwanted, claim_unwanted, reject_unwanted
from callsphere.calls.realtime.threads import Threads

LOOKS_EVERY_S = 0.25
AFTER_FAILURE_S = 2.0
RENEWS_EVERY_S = claims.LEASE.total_seconds() / 5

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Hold:
    held: Held
    task: asyncio.Task[None]


@dataclass
class Worker:
    """Holds at most so many sessions at once. The file `alive` is touched while it works."""

    most_calls: int
    alive: Path | None = None
    threads: Threads = field(default_factory=Threads)
    _holds: dict[uuid.UUID, _Hold] = field(default_factory=dict)
    _rejections: set[asyncio.Task[None]] = field(default_factory=set)
    _renewed_at: float = field(default_factory=time.monotonic)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until it is to stop: then another worker takes up what this one held."""
        try:
            while not stopping.is_set():
                await self._pause(stopping, await self._look())
            await self._release()
        finally:
            await self._let_go([each.task for each in self._holds.values()])
            await asyncio.to_thread(self.threads.close)

    @property
    def held(self) -> list[Held]:
        """What this worker holds."""
        return [each.held for each in self._holds.values()]

    async def _look(self) -> float:
        """Do what is due; return how long to wait."""
        try:
            await self._keep()
            await self._claim()
            await self._reject()
        except DatabaseFailure as error:
            log.warning("realtime_look_failed", error=type(error).__name__)
            return AFTER_FAILURE_S
        return LOOKS_EVERY_S

    async def _keep(self) -> None:
        """Renew what is held, and let go of what another worker has by now."""
        if time.monotonic() - self._renewed_at < RENEWS_EVERY_S:
            return
        held = self.held
        kept = await self.threads.database(claims.renew, held)
        self._renewed_at = time.monotonic()
        if self.alive:
            self.alive.touch()
        lost = set(held) - kept
        await self._let_go([each.task for each in self._holds.values() if each.held in lost])

    async def _claim(self) -> None:
        room = self.most_calls - len(self._holds)
        if room <= 0:
            return
        for held in await self.threads.database(claims.claim_due, room):
            if held.session_id in self._holds:  # this worker was too slow to keep it
                await self._let_go([self._holds[held.session_id].task])
            task = asyncio.create_task(self._hold(held))
            self._holds[held.session_id] = _Hold(held, task)
            HELD.set(len(self._holds))

    async def _hold(self, held: Held) -> None:
        try:
            await hold(held, self.threads)
        except Exception:
            # whoever claims it next, when the lease is over, may do better
            log.exception("realtime_session_broke", call=str(held.call_id))
        finally:
            if (mine := self._holds.get(held.session_id)) and mine.held == held:
                del self._holds[held.session_id]
                HELD.set(len(self._holds))

    async def _reject(self) -> None:
        for call in await self.threads.database(claim_unwanted):
            task = asyncio.create_task(self._reject_one(call))
            self._rejections.add(task)
            task.add_done_callback(self._rejections.discard)

    async def _reject_one(self, call: Unwanted) -> None:
        try:
            await self.threads.answer(reject_unwanted, call)
        except DatabaseFailure as error:
            log.warning("rejected_call_not_forgotten", error=type(error).__name__)

    async def _release(self) -> None:
        held = self.held
        await self._let_go([each.task for each in self._holds.values()])
        await self.threads.database(claims.release, held)

    async def _let_go(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pause(self, stopping: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await stopping.wait()
        except TimeoutError:
            return
