"""What is asked of the engine and what comes back, and the books of one batch in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import NamedTuple

from callsphere.sip.engine.routes import Route
from callsphere.sip.resolver import Target
from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.uri import SipUri

FLUSH_S = 0.2
"""Longest time an outcome waits for others to be handed over with, in seconds."""
CATCH_UP_S = 0.03
"""How far behind its pace a batch may fall and still make up for it in one burst, in seconds."""


class EngineStopped(RuntimeError):
    """The engine was stopped, or its thread died, before the batch was done."""


@dataclass(frozen=True, slots=True)
class PingTarget:
    """One ping to make.

    `key` comes back in the outcome. `wait_s` bounds everything from the DNS question to the answer,
    in seconds. `address` skips DNS; `tls_verify` false takes any certificate. `tls` is what connections
    over TLS trust and present, None for the engine's own.
    """

    key: Hashable
    uri: SipUri
    wait_s: float = 10.0
    address: Target | None = None
    tls_verify: bool = True
    tls: TlsProfile | None = None


class PingOutcome(NamedTuple):
    """How one ping ended.

    `alive` when a well-formed final answer of any status came; `cause` is a code of
    `callsphere.sip.causes`, None when there is nothing to say. `target` reads
    "203.0.113.5:5061/tls"; `server` is what the peer says it runs; `rtt_ms` is in milliseconds. `is_ours`
    when this machine was short of something: then the peer was not asked, whatever `cause` says.
    """

    key: Hashable
    alive: bool
    status: int | None
    reason: str
    cause: str | None
    detail: str
    rtt_ms: float | None
    target: str
    server: str
    is_ours: bool = False


class Failure(NamedTuple):
    """Why one target of a ping was given up."""

    label: str
    cause: str
    detail: str


class Job:
    """One ping on its way through the targets of its URI (RFC 3263 §4.3)."""

    __slots__ = ("batch", "deadline", "failures", "hint", "index", "routes", "target")

    def __init__(self, batch: Batch, target: PingTarget, routes: Sequence[Route], deadline: float) -> None:
        self.batch = batch
        self.target = target
        self.routes = routes
        self.deadline = deadline
        self.index = 0
        self.failures: list[Failure] = []
        self.hint = ""

    @property
    def route(self) -> Route:
        """The route that is being tried."""
        return self.routes[self.index]


Routes = Sequence[Route] | Failure
"""Where a URI leads, or why nowhere."""


class Batch:
    """Pings asked for together. Belongs to the engine's loop, but for the queue that outcomes leave by."""

    def __init__(self, targets: Sequence[PingTarget], in_flight: int, rate: float | None) -> None:
        self.waiting: deque[PingTarget] = deque(targets)
        self.ready: deque[tuple[PingTarget, float]] = deque()
        self.parked: dict[SipUri, list[PingTarget]] = {}
        self.routes: dict[SipUri, Routes] = {}
        self.in_flight = in_flight
        self.active = 0
        self.left = len(targets)
        self.paced = False
        self.chunks: SimpleQueue[list[PingOutcome] | EngineStopped | None] = SimpleQueue()
        self.first_send: tuple[float, float] | None = None
        self.last_answer: tuple[float, float] | None = None
        self._outcomes: list[PingOutcome] = []
        self._flushed_at = 0.0
        self._interval = 1 / rate if rate else 0.0
        self._next_at = 0.0

    def next_target(self) -> tuple[PingTarget, float] | None:
        """The next ping to start and the seconds it has already waited for DNS, None when none is ready."""
        if self.ready:
            return self.ready.popleft()
        return (self.waiting.popleft(), 0.0) if self.waiting else None

    def pause(self, now: float) -> float:
        """Seconds until the pace allows the next send; 0 takes that send into account."""
        if not self._interval:
            return 0.0
        if now < self._next_at:
            return self._next_at - now
        self._next_at = max(self._next_at, now - CATCH_UP_S) + self._interval
        return 0.0

    def mark_send(self) -> None:
        """A first request goes out."""
        self.first_send = (time.monotonic(), time.process_time())

    def finish(self, outcome: PingOutcome) -> None:
        """One ping has ended."""
        self._outcomes.append(outcome)
        self.left -= 1

    def flush(self, now: float) -> bool:
        """Hand outcomes over if it is time to; whether the batch is done."""
        if self._outcomes and (self.left <= 0 or now - self._flushed_at >= FLUSH_S):
            self.last_answer = (time.monotonic(), time.process_time())
            self.chunks.put(self._outcomes)
            self._outcomes = []
            self._flushed_at = now
        if self.left <= 0:
            self.chunks.put(None)
            return True
        return False


class PingRun(Iterator[list[PingOutcome]]):
    """The outcomes of a batch in chunks, as they come in. Iterate to the end, or `close`."""

    def __init__(self, batch: Batch, cancel: Callable[[], None], running: Callable[[], bool]) -> None:
        self._batch = batch
        self._cancel = cancel
        self._running = running
        self._ended = False

    def __next__(self) -> list[PingOutcome]:
        """The next outcomes; raise EngineStopped when the engine ends before the batch does."""
        if self._ended:
            raise StopIteration
        while True:
            try:
                chunk = self._batch.chunks.get(timeout=1.0)
            except Empty:
                if self._running():
                    continue
                chunk = EngineStopped("The ping engine's thread has ended.")
            if isinstance(chunk, list):
                return chunk
            self._ended = True
            if chunk is None:
                raise StopIteration
            raise chunk

    def close(self) -> None:
        """Give the rest of the batch up."""
        if not self._ended:
            self._ended = True
            self._cancel()

    @property
    def wall_s(self) -> float:
        """Seconds from the first send to the last answer so far."""
        return self._spent(0)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the whole process in that time."""
        return self._spent(1)

    def _spent(self, clock: int) -> float:
        first, last = self._batch.first_send, self._batch.last_answer
        return last[clock] - first[clock] if first is not None and last is not None else 0.0
