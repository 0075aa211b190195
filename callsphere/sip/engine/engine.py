"""The engine as the rest of the product sees it: start it, hand it batches, iterate over outcomes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine.batch import Batch, EngineStopped, PingRun, PingTarget
from callsphere.sip.engine.pinger import Pinger
from callsphere.sip.engine.routes import RouteMaker
from callsphere.sip.engine.work_loop import WorkLoop
from callsphere.sip.resolver import ResolutionError, Resolver, Target
from callsphere.sip.transport.trusts import TlsTrusts
from callsphere.sip.uri import SipUri

MAX_USER_AGENT = 64
"""Longest product name we give ourselves, in characters: the request has to stay small."""
_GRACE_S = 5.0
"""How long the loop may take to say that time is up."""


class PingEngine:
    """Pings SIP peers from a thread of its own; usable from any number of threads of one process.

    Sockets, connections and the DNS cache live on between batches. `policy` judges every address
    before anything is sent to it. `nameservers` are (address, port) pairs, None for the system's;
    `ca_file` adds roots to the system's; `advertised_host` is what Via, From and Contact name
    instead of the sending address. Make one per process, after a fork, when it is first needed.
    """

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        nameservers: Sequence[tuple[str, int]] | None = None,
        user_agent: str = "CallSphere",
        in_flight: int = 100,
        ca_file: str | None = None,
        advertised_host: str | None = None,
    ) -> None:
        """Raises ValueError for texts too long for a request, OSError for an unreadable `ca_file`."""
        if in_flight < 1:
            raise ValueError("At least one ping must be allowed in flight.")
        if len(user_agent) > MAX_USER_AGENT:
            raise ValueError(f"The user agent must have at most {MAX_USER_AGENT} characters.")
        self._policy = policy
        self._in_flight = in_flight
        self._routes = RouteMaker(policy, user_agent, advertised_host)
        self._trusts = TlsTrusts(ca_file)
        self._loop = WorkLoop("sip-ping", begin=self._begin, end=self._end)
        self._pinger: Pinger | None = None
        self._resolver = Resolver(nameservers, policy)

    def __enter__(self) -> PingEngine:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the thread; an engine is started once."""
        self._loop.start()

    def stop(self) -> None:
        """End every batch with EngineStopped and close everything. Does nothing in a forked child."""
        self._loop.stop()

    @property
    def running(self) -> bool:
        """Whether batches are taken in this process."""
        return self._loop.running

    def resolve_many(
        self, uris: Iterable[SipUri], timeout: float
    ) -> dict[SipUri, list[Target] | ResolutionError]:
        """Where each URI leads; what is not known within `timeout` seconds is `dns_timeout`."""
        if not self.running:
            raise EngineStopped("The ping engine does not run in this process: make and start one.")
        found = {uri: self._resolver.known(uri) for uri in uris}
        unknown = [uri for uri, known in found.items() if known is None]
        places = {uri: known for uri, known in found.items() if known is not None}
        if not unknown:
            return places
        answer = self._loop.submit(self._resolve_all(unknown, timeout))
        try:
            return places | answer.result(timeout + _GRACE_S)
        except TimeoutError:
            raise EngineStopped("The ping engine's thread has ended.") from None

    def ping_many(
        self, targets: Sequence[PingTarget], *, in_flight: int | None = None, rate: float | None = None
    ) -> PingRun:
        """Ping every target once; iterate over the result for outcomes in chunks, as they come.

        At most `in_flight` pings of the batch are unanswered at a time (default: the engine's), at
        most `rate` are begun per second. Every target gets exactly one outcome, within its `wait_s`
        of its start. Raises EngineStopped when the engine does not run in this process.
        """
        if (in_flight is not None and in_flight < 1) or (rate is not None and rate <= 0):
            raise ValueError("in_flight and rate must be positive.")
        batch = Batch(targets, in_flight or self._in_flight, rate)
        self._loop.call_soon(self._live().begin, batch)
        return PingRun(batch, lambda: self._cancel(batch), lambda: self.running)

    def _live(self) -> Pinger:
        if self._pinger is None:
            raise EngineStopped("The ping engine was not started.")
        return self._pinger

    def _cancel(self, batch: Batch) -> None:
        with contextlib.suppress(EngineStopped):
            self._loop.call_soon(self._live().cancel, batch)

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._pinger = Pinger(loop, self._policy, self._resolver, self._routes, self._trusts)

    def _end(self) -> None:
        if self._pinger is not None:
            self._pinger.stop()

    async def _resolve_all(
        self, uris: Sequence[SipUri], timeout: float
    ) -> dict[SipUri, list[Target] | ResolutionError]:
        found: dict[SipUri, list[Target] | ResolutionError] = {}

        async def resolve(uri: SipUri) -> None:
            try:
                found[uri] = await self._resolver.resolve(uri)
            except ResolutionError as error:
                found[uri] = error

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await asyncio.gather(*(resolve(uri) for uri in uris))
        late = ResolutionError("dns_timeout", f"no answer within {timeout:g} s")
        return {uri: found.get(uri, late) for uri in uris}
