"""The part of the engine that lives in the event loop: starts pings, takes answers, keeps the time."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import cast

from callsphere.lib.netguard import AddressPolicy, AddressRefused
from callsphere.sip.engine.batch import Batch, EngineStopped, Failure, Job, PingOutcome, PingTarget, Routes
from callsphere.sip.engine.routes import Route, RouteMaker
from callsphere.sip.message import Request, Response
from callsphere.sip.options import Answer, PingTransaction, PingTransactions, Source
from callsphere.sip.resolver import ResolutionError, Resolver, Target
from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.transport.shortage import OUR_SHORTAGE, connections_allowed, is_ours
from callsphere.sip.transport.tcp import StreamPool
from callsphere.sip.transport.tls import TlsFailure
from callsphere.sip.transport.trusts import TlsTrusts
from callsphere.sip.transport.udp import UdpSocket, Unreachable
from callsphere.sip.uri import SipUri

SWEEP_S = 0.05
"""How often timers are looked at while pings are in flight, in seconds."""
IDLE_SWEEP_S = 5.0
"""How often idle connections are looked for while none is."""
GATHER_S = 0.001
"""While answers pour in they are fetched this often instead of one by one, in seconds."""
PACE_S = 0.01
"""A batch with a pace is looked at no more often than this, in seconds; what is due by then goes at once."""
POURING = 16
"""Answers waiting at one look that count as pouring in."""
RESOLVING_AT_ONCE = 128
"""URIs of one batch whose DNS questions are under way at the same time."""
LEAST_TRY_S = 0.1
"""A next target is tried only with this much of the ping's time left, in seconds."""


class Pinger:
    """Drives batches. Every method runs in the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        policy: AddressPolicy,
        resolver: Resolver,
        routes: RouteMaker,
        trusts: TlsTrusts,
    ) -> None:
        self._loop = loop
        self._resolver = resolver
        self._routes = routes
        self._transactions = PingTransactions()
        self._streams = StreamPool(
            loop, self, trusts.default, policy.check, max_connections=connections_allowed()
        )
        self._trusts = trusts
        self._batches: list[Batch] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: set[UdpSocket] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._pump_scheduled = False
        self._monotonic = time.monotonic
        self._receive = self._transactions.receive

    # Batches

    def begin(self, batch: Batch) -> None:
        """Start working on a batch."""
        self._batches.append(batch)
        unknown = self._take_known(batch)
        if unknown:
            remaining = iter(unknown)
            patience = max(target.wait_s for target in batch.waiting)
            for _ in range(min(RESOLVING_AT_ONCE, len(unknown))):
                self._spawn(self._resolve_some(batch, remaining, patience))
        self._schedule_sweep()
        self._pump_all()

    def cancel(self, batch: Batch) -> None:
        """Give a batch up; its answers will be nobody's."""
        if batch not in self._batches:
            return
        self._batches.remove(batch)
        now = self._monotonic()
        for ping in list(self._transactions.pending.values()):
            if _job(ping).batch is batch:
                self._transactions.close(ping, now)
                self._streams.release(ping)

    def stop(self) -> None:
        """End everything at once."""
        for batch in self._batches:
            batch.chunks.put(EngineStopped("The ping engine was stopped."))
        self._batches.clear()
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        for udp in self._watched:
            self._loop.remove_reader(udp.fileno())
        self._watched.clear()
        self._streams.close()
        self._routes.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take_known(self, batch: Batch) -> list[SipUri]:
        """Routes of all URIs that need no name server now; gives the others."""
        unknown: list[SipUri] = []
        for uri in dict.fromkeys(target.uri for target in batch.waiting if target.address is None):
            found = self._resolver.known(uri)
            if found is None:
                unknown.append(uri)
            else:
                batch.routes[uri] = self._routes_to(uri, found)
        return unknown

    async def _resolve_some(self, batch: Batch, remaining: Iterator[SipUri], patience: float) -> None:
        """Resolve URIs of a batch until none is left; several of these share `remaining`."""
        for uri in remaining:
            asked_at = self._monotonic()
            routes = await self._routes_of(uri, patience)
            batch.routes[uri] = routes
            spent = self._monotonic() - asked_at
            parked = batch.parked.pop(uri, None)
            if parked:
                batch.ready.extend((target, spent) for target in parked)
                self._pump_soon()

    async def _routes_of(self, uri: SipUri, patience: float) -> Routes:
        try:
            async with asyncio.timeout(patience):
                return self._routes_to(uri, await self._resolver.resolve(uri))
        except ResolutionError as error:
            return self._routes_to(uri, error)
        except TimeoutError:
            return Failure("", "dns_timeout", f"{uri.host}: no answer within {patience:g} s")

    def _routes_to(self, uri: SipUri, found: list[Target] | ResolutionError) -> Routes:
        if isinstance(found, ResolutionError):
            return Failure("", found.cause, found.detail)
        return self._make_routes(uri, found)

    def _make_routes(self, uri: SipUri, targets: Sequence[Target], *, verify: bool = True) -> Routes:
        try:
            routes = self._routes.make_all(uri, targets, verify=verify)
        except AddressRefused as refusal:
            return Failure(str(targets[0]), "address_refused", str(refusal))
        except ValueError as error:
            return Failure(str(targets[0]), "uri_invalid", str(error))
        except OSError as error:
            cause = OUR_SHORTAGE if is_ours(error) else "no_answer"
            return Failure(str(targets[0]), cause, f"This machine cannot send there: {error.strerror}.")
        for udp in self._routes.sockets.values():
            if udp not in self._watched:
                self._watched.add(udp)
                self._loop.add_reader(udp.fileno(), self._on_readable, udp)
        return routes

    # Starting pings

    def _pump_soon(self) -> None:
        if not self._pump_scheduled:
            self._pump_scheduled = True
            self._loop.call_soon(self._pump_all)

    def _pump_all(self) -> None:
        """Start what may be started, and hand over what is done."""
        self._pump_scheduled = False
        now = self._monotonic()
        done = False
        for batch in self._batches:
            self._pump(batch, now)
            done = done or batch.left <= 0
        if done:
            self._flush(now)

    def _pump(self, batch: Batch, now: float) -> None:
        while batch.active < batch.in_flight:
            pause = batch.pause(now) if batch.ready or batch.waiting else 0.0
            if pause:
                if not batch.paced:
                    batch.paced = True
                    self._loop.call_later(max(pause, PACE_S), self._resume, batch)
                return
            following = batch.next_target()
            if following is None:
                return
            self._start(batch, *following)

    def _resume(self, batch: Batch) -> None:
        batch.paced = False
        self._pump_all()

    def _start(self, batch: Batch, target: PingTarget, spent: float) -> None:
        if target.address is None:
            known = batch.routes.get(target.uri)
            if known is None:
                batch.parked.setdefault(target.uri, []).append(target)
                return
            if not target.tls_verify and not isinstance(known, Failure):
                known = [route.unverified() for route in known]
        else:
            known = self._make_routes(target.uri, [target.address], verify=target.tls_verify)
        if target.tls is not None and not isinstance(known, Failure):
            known = self._with_profile(target.tls, known)
        if isinstance(known, Failure):
            batch.finish(_failed_outcome(target, [known]))
            return
        if batch.first_send is None:
            batch.mark_send()
        batch.active += 1
        now = self._monotonic()
        self._launch(Job(batch, target, known, now + max(target.wait_s - spent, LEAST_TRY_S)), now)

    def _with_profile(self, profile: TlsProfile, routes: Sequence[Route]) -> Routes:
        try:
            trust = self._trusts.of(profile)
        except TlsFailure as failure:
            return Failure(routes[0].label, failure.cause, failure.detail)
        return [route.trusting(trust) for route in routes]

    def _launch(self, job: Job, now: float) -> None:
        """Send to the job's current route, leaving time for the routes behind it."""
        route = job.routes[job.index]
        deadline = job.deadline
        behind = len(job.routes) - job.index - 1
        if behind:
            deadline = now + (deadline - now) / (1 + min(behind, 2))
        udp = route.udp
        if udp is None:
            ping = self._transactions.open(
                route.template, route.destination, now, deadline, job, reliable=True
            )
            assert route.peer is not None  # noqa: S101 (a route has the one or the other)
            self._streams.send(ping, route.peer)
            return
        ping = self._transactions.open(route.template, route.destination, now, deadline, job)
        try:
            sent = udp.send(ping.request, route.destination)
        except OSError as error:
            self._transactions.close(ping, now)
            cause = OUR_SHORTAGE if is_ours(error) else "no_answer"
            self._failed(job, cause, f"The network cannot be reached: {error.strerror}.", now)
            return
        if not sent:
            ping.next_at = now  # our own buffer is full: the next sweep sends it again
            ping.resends = -1

    # What comes back

    def _on_readable(self, udp: UdpSocket) -> None:
        """Datagrams wait. When they pour in, stop watching and fetch what gathered now and then."""
        if self._drain(udp) >= POURING and udp in self._watched:
            self._loop.remove_reader(udp.fileno())
            self._loop.call_later(GATHER_S, self._gather, udp)

    def _gather(self, udp: UdpSocket) -> None:
        if udp not in self._watched:
            return  # stopped meanwhile
        if self._drain(udp) >= POURING:
            self._loop.call_later(GATHER_S, self._gather, udp)
        else:
            self._loop.add_reader(udp.fileno(), self._on_readable, udp)

    def _drain(self, udp: UdpSocket) -> int:
        count = udp.drain(self._take)
        if udp.errors_wait:
            for error in udp.errors():
                self._unreachable(error)
        self._pump_all()
        return count

    def _take(self, data: bytes, source: Source) -> None:
        now = self._monotonic()
        found = self._receive(data, source, now)
        if found is not None:
            self._answered(found[0], found[1], now)

    def _answered(self, ping: PingTransaction, answer: Answer, now: float) -> None:
        job: Job = ping.context  # type: ignore[assignment]  # `_launch` put it there
        batch = job.batch
        batch.active -= 1
        status, reason, server, _ = answer
        cause, detail = (None, "") if status < 500 and not job.failures else _what_to_say(answer, job)
        rtt_ms = (now - ping.sent_at) * 1000
        label = job.routes[job.index].label
        batch.finish(PingOutcome(job.target.key, True, status, reason, cause, detail, rtt_ms, label, server))

    def stream_received(
        self, message: Request | Response, source: Source, now: float
    ) -> PingTransaction | None:
        """A message came over a connection; gives the ping that it ended."""
        found = self._transactions.match(message, source, now)
        if found is None:
            return None
        self._answered(found[0], found[1], now)
        self._pump_soon()
        return found[0]

    def stream_oddity(self, source: Source, now: float, what: str) -> None:
        """Something unusable came that leaves the connection usable."""
        self._transactions.note(source, now, what)

    def stream_failed(self, ping: PingTransaction, cause: str, detail: str) -> None:
        """A connection cannot carry this ping."""
        now = self._monotonic()
        odd = self._transactions.oddity(ping)
        self._transactions.close(ping, now)
        if cause == "connection_closed" and odd is not None:
            cause, detail = "malformed_answer", odd
        self._failed(_job(ping), cause, detail, now)
        self._pump_soon()

    def _unreachable(self, error: Unreachable) -> None:
        """ICMP said that a datagram did not arrive (RFC 3261 §18.4)."""
        now = self._monotonic()
        ping = self._transactions.find(error.data)
        if ping is None or (ping.address, ping.port) != (error.address, error.port):
            return
        job = _job(ping)
        if error.errno == errno.ECONNREFUSED:
            self._transactions.close(ping, now)
            self._failed(job, "connect_refused", "The port is closed: ICMP port unreachable came back.", now)
        else:  # routers say so in passing faults as well: keep trying, but tell
            job.hint = f" The network said: {os.strerror(error.errno)}."

    def _failed(self, job: Job, cause: str, detail: str, now: float) -> None:
        """One target failed: try the next in what time is left, or end the ping (RFC 3263 §4.3)."""
        job.failures.append(Failure(job.route.label, cause, detail))
        more = job.index + 1 < len(job.routes) and cause != OUR_SHORTAGE
        if more and job.deadline - now > LEAST_TRY_S:
            job.index += 1
            self._launch(job, now)
            return
        job.batch.active -= 1
        job.batch.finish(_failed_outcome(job.target, job.failures))

    # Time

    def _schedule_sweep(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._batches or len(self._streams):
            self._timer = self._loop.call_later(SWEEP_S if self._batches else IDLE_SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        now = self._monotonic()
        due = self._transactions.sweep(now)
        for ping in due.resend:
            self._resend(ping)
        for ping in due.expired:
            self._expire(ping, now)
        self._streams.close_idle(now)
        self._pump_all()
        self._flush(now)
        self._schedule_sweep()

    def _resend(self, ping: PingTransaction) -> None:
        route = _job(ping).route
        if route.udp is None:
            self._streams.retry(ping)
            return
        with contextlib.suppress(OSError):  # the deadline ends what cannot be sent
            route.udp.send(ping.request, route.destination)

    def _expire(self, ping: PingTransaction, now: float) -> None:
        job = _job(ping)
        waited = now - ping.sent_at
        detail = f"Nothing came back within {waited:.1f} s; the request was sent {ping.resends + 1} times."
        cause = "no_answer"
        if job.route.udp is None:
            cause, detail = self._streams.expire(ping)
        odd = self._transactions.oddity(ping)
        if odd is not None:
            cause, detail = "malformed_answer", odd
        self._failed(job, cause, detail + job.hint, now)

    def _flush(self, now: float) -> None:
        self._batches = [batch for batch in self._batches if not batch.flush(now)]


def _job(ping: PingTransaction) -> Job:
    return cast(Job, ping.context)


def _what_to_say(answer: Answer, job: Job) -> tuple[str | None, str]:
    """Cause and detail of an answer that is not plainly good."""
    notes = [f"{failure.label} failed: {failure.cause}" for failure in job.failures]
    cause = None
    if answer.status == 503:
        cause = "carrier_overloaded"
        if answer.retry_after:
            notes.append(f"Retry-After: {answer.retry_after}")
    elif 500 <= answer.status < 600 and answer.status != 501:
        cause = "carrier_error"
    return cause, "; ".join(notes)


def _failed_outcome(target: PingTarget, failures: Sequence[Failure]) -> PingOutcome:
    """The first target's cause counts: it is the one that a call would go to."""
    ours = next((failure for failure in failures if failure.cause == OUR_SHORTAGE), None)
    if ours is not None:
        return PingOutcome(target.key, False, None, "", "no_answer", ours.detail, None, ours.label, "", True)
    first, *others = failures
    notes = [first.detail, *(f"{other.label} failed too: {other.cause}" for other in others)]
    return PingOutcome(target.key, False, None, "", first.cause, "; ".join(notes), None, first.label, "")
