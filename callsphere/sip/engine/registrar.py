"""Registering many bindings at once, from a thread of its own that keeps sockets, connections and nonces."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

from callsphere.lib.bounded_cache import BoundedCache
from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.flow import FlowFailed
from callsphere.sip.agent.registration import Identity, Registration, RegistrationFailed
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.call_traces import CallTraces
from callsphere.sip.digest import Authenticator, Credentials
from callsphere.sip.engine.batch import EngineStopped
from callsphere.sip.engine.work_loop import WorkLoop
from callsphere.sip.message import Response
from callsphere.sip.resolver import ResolutionError, Resolver, Target
from callsphere.sip.trace import Redactor, TraceEntry
from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.transport.tls import TlsFailure, TlsTrust
from callsphere.sip.transport.trusts import TlsTrusts
from callsphere.sip.uri import SipUri

log = logging.getLogger(__name__)

ATTEMPT_S = 60.0
"""Longest time that one binding takes, all targets and challenges together."""
TOLD_TOGETHER = 50
TOLD_WITHIN_S = 0.25
"""Results that come within this time are given together: none waits for a registrar that is silent."""
NONCES_KEPT = 50_000
"""Bindings whose nonces are remembered: their next refresh takes one round trip instead of two."""
_OUR_FAULT = "Something went wrong on our side."
_NEXT_TARGET = frozenset({"no_answer", "connect_refused", "connect_timeout", "connection_closed"})


@dataclass(frozen=True, slots=True)
class BindingJob:
    """One binding to make or refresh, or with `remove` to take away. `key` comes back in the result.

    `tls` is what connections to the registrar trust and present, None for the engine's own; an outbound
    proxy gets the engine's own in any case.
    """

    key: Hashable
    registrar: SipUri
    username: str
    credentials: Credentials | None
    expires_s: int
    identity: Identity
    remove: bool = False
    timeout_s: float = 10.0
    tls: TlsProfile | None = None


@dataclass(frozen=True, slots=True)
class BindingResult:
    """What became of a job. `cause` is "" for success, else a code of callsphere.sip.causes.

    `min_expires_s` is what a 423 made us take, `retry_after_s` what the registrar asked for when it
    refused; `target` reads "203.0.113.5:5061/tls". `is_ours` when the registrar could not be asked, since
    this machine lacked something: nothing is known of it.
    """

    key: Hashable
    cause: str
    detail: str
    code: int | None
    granted_s: int | None
    min_expires_s: int | None
    retry_after_s: float | None
    identity: Identity
    target: str
    duration_ms: int
    messages: tuple[TraceEntry, ...] = field(repr=False)
    is_ours: bool = False


class RegistrarEngine:
    """Make one per process, after a fork, when it is first needed; use it from any thread.

    `policy` guards every address, `outbound_proxy` takes every REGISTER, `advertised_host` stands in
    Contact and Via. Arguments are otherwise those of PingEngine.
    """

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        nameservers: Sequence[tuple[str, int]] | None = None,
        user_agent: str = "CallSphere",
        ca_file: str | None = None,
        advertised_host: str | None = None,
        outbound_proxy: SipUri | None = None,
    ) -> None:
        self._policy = policy
        self._nameservers = nameservers
        self._user_agent = user_agent
        self._trusts = TlsTrusts(ca_file)
        self._advertised_host = advertised_host
        self._outbound_proxy = outbound_proxy
        self._traces = CallTraces()
        self._nonces: BoundedCache[Hashable, tuple[Credentials | None, Authenticator]] = BoundedCache(
            NONCES_KEPT
        )
        self._agent: UserAgent | None = None
        self._loop = WorkLoop("sip-register", begin=self._make_agent, end=self._close_agent)

    def __enter__(self) -> RegistrarEngine:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the thread; an engine is started once."""
        self._loop.start()

    def stop(self) -> None:
        """Close everything. Does nothing in a forked child."""
        self._loop.stop()

    @property
    def running(self) -> bool:
        """Whether jobs are taken in this process."""
        return self._loop.running

    def register_many(self, jobs: Sequence[BindingJob]) -> Iterator[list[BindingResult]]:
        """Do every job once, all at the same time; give results as they come, those together that are near.

        Raises EngineStopped when the engine does not run in this process, or ends meanwhile.
        """
        results: SimpleQueue[BindingResult] = SimpleQueue()
        self._loop.submit(self._do_all(jobs, results))
        left = len(jobs)
        while left:
            found = [self._next(results), *_near(results, min(left, TOLD_TOGETHER) - 1)]
            left -= len(found)
            yield found

    def _next(self, results: SimpleQueue[BindingResult]) -> BindingResult:
        while True:
            try:
                return results.get(timeout=1.0)
            except Empty:
                if not self.running:
                    raise EngineStopped("The registrar engine's thread has ended.") from None

    async def _make_agent(self) -> None:
        self._agent = UserAgent(
            policy=self._policy,
            resolver=Resolver(self._nameservers, self._policy),
            trust=self._trusts.default,
            product=self._user_agent,
            trace=self._traces,
            advertised_host=self._advertised_host,
        )

    def _close_agent(self) -> None:
        if self._agent is not None:
            self._agent.close()

    async def _do_all(self, jobs: Sequence[BindingJob], results: SimpleQueue[BindingResult]) -> None:
        async def work(job: BindingJob) -> None:
            results.put(await self._do(job))

        await asyncio.gather(*(work(job) for job in jobs))

    async def _do(self, job: BindingJob) -> BindingResult:
        assert self._agent is not None  # noqa: S101 (made before the loop runs)
        started = time.monotonic()
        secrets = () if job.credentials is None else (job.credentials.password,)
        redactor = Redactor(secrets, (str(job.registrar), job.username))
        with self._traces.of(job.identity.call_id, started, redactor) as trace:
            attempt = _Attempt(self._agent, job, self._authenticator(job), self._outbound_proxy)
            try:
                if self._outbound_proxy is None:
                    attempt.trust = self._trusts.of(job.tls)
                async with asyncio.timeout(ATTEMPT_S):
                    result = await attempt.run()
            except TlsFailure as failure:
                result = attempt.failed(failure.cause, failure.detail)
            except TimeoutError:
                result = attempt.failed("no_answer", f"It took longer than {ATTEMPT_S:g} s.")
            except Exception as error:  # noqa: BLE001 (whoever waits for the others must not wait for ever)
                # Without its text, which may hold anything that a peer or a person wrote.
                place = traceback.extract_tb(error.__traceback__)[-1]
                log.error("job_failed: %s in %s:%s", type(error).__name__, place.filename, place.lineno)
                result = attempt.failed("unexpected_answer", _OUR_FAULT)
        return replace(
            result,
            detail=redactor.text(result.detail),
            duration_ms=round((time.monotonic() - started) * 1000),
            messages=tuple(trace.entries),
        )

    def _authenticator(self, job: BindingJob) -> Authenticator:
        known = self._nonces.get(job.key)
        if known is None or known[0] != job.credentials:
            known = (job.credentials, Authenticator(job.credentials))
            self._nonces.put(job.key, known)
        return known[1]


def _near(results: SimpleQueue[BindingResult], most: int) -> Iterator[BindingResult]:
    """Give up to so many results that are there, or come soon."""
    until = time.monotonic() + TOLD_WITHIN_S
    with contextlib.suppress(Empty):
        for _ in range(most):
            yield results.get(timeout=max(0.0, until - time.monotonic()))


class _Attempt:
    """One job, target by target."""

    def __init__(
        self, agent: UserAgent, job: BindingJob, authenticator: Authenticator, outbound_proxy: SipUri | None
    ) -> None:
        self._agent = agent
        self._job = job
        self._authenticator = authenticator
        self._outbound_proxy = outbound_proxy
        self._identity = job.identity
        self._target = ""
        self.trust: TlsTrust | None = None

    async def run(self) -> BindingResult:
        """Do the job at the first target that answers (RFC 3263 §4.3)."""
        try:
            targets = await self._agent.resolver.resolve(self._outbound_proxy or self._job.registrar)
        except ResolutionError as error:
            return self.failed(error.cause, error.detail)
        full: list[BindingResult] = []
        for target in targets:
            result = await self._at(target)
            if result.is_ours or (result.cause not in _NEXT_TARGET and result.code != 503):
                return result
            if result.code == 503:
                full.append(result)
        if not full:
            return result
        # One that asks for time gets it, though others are silent (RFC 3261 §21.5.4).
        longest = max(full, key=lambda each: each.retry_after_s or 0.0)
        return replace(longest, identity=self._identity)

    async def _at(self, target: Target) -> BindingResult:
        job = self._job
        self._target = str(target)
        try:
            flow = await self._agent.open(target, timeout=job.timeout_s, trust=self.trust)
        except FlowFailed as failure:
            return replace(self.failed(failure.cause, failure.detail), is_ours=failure.is_ours)
        registration = Registration(
            self._agent,
            flow,
            job.registrar,
            job.username,
            self._authenticator,
            expires=job.expires_s,
            timeout=job.timeout_s,
            outbound_proxy=self._outbound_proxy,
            identity=self._identity,
        )
        try:
            return await self._ask(registration)
        except RegistrationFailed as failure:
            self._identity = registration.identity
            return self.failed(failure.cause, failure.detail, failure.response)

    async def _ask(self, registration: Registration) -> BindingResult:
        granted: int | None = None
        if self._job.remove:
            registration.bound = True
            response = await registration.remove(timeout=self._job.timeout_s)
            self._identity = registration.identity
            if response is not None and response.status >= 300:
                return self.failed("registration_rejected", f"{response.status}.", response)
        else:
            granted = await registration.register()
            self._identity = registration.identity
        return self._result("", "", code=200, granted_s=granted, min_expires_s=registration.raised_to)

    def failed(self, cause: str, detail: str, response: Response | None = None) -> BindingResult:
        """The result of a job that came to nothing."""
        return self._result(
            cause,
            detail,
            code=None if response is None else response.status,
            retry_after_s=None if response is None else response.retry_after_s,
        )

    def _result(
        self,
        cause: str,
        detail: str,
        *,
        code: int | None = None,
        granted_s: int | None = None,
        min_expires_s: int | None = None,
        retry_after_s: float | None = None,
    ) -> BindingResult:
        return BindingResult(
            self._job.key,
            cause,
            detail,
            code,
            granted_s,
            min_expires_s,
            retry_after_s,
            self._identity,
            self._target,
            0,
            (),
        )
