"""Registering at a carrier, for the check and for `sip register`."""

from __future__ import annotations

from collections.abc import Sequence

from callsphere.sip.agent.flow import FlowFailed
from callsphere.sip.agent.registration import Attempt, Registration, RegistrationFailed
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.check.calling import NEXT_TARGET
from callsphere.sip.check.finding import resolve
from callsphere.sip.check.plan import Plan
from callsphere.sip.check.report import Outcome, failed, passed, warned
from callsphere.sip.digest import Authenticator
from callsphere.sip.resolver import ResolutionError, Target
from callsphere.sip.transport.shortage import OurShortage
from callsphere.sip.uri import SipUri

REMOVAL_S = 4.0
"""How long the answer to the removal of a binding is waited for."""


class Registrant:
    """Registers, refreshes and removes the binding of one run."""

    def __init__(self, agent: UserAgent, plan: Plan, uri: SipUri, authenticator: Authenticator) -> None:
        self.granted: int | None = None
        self._agent = agent
        self._plan = plan
        self._uri = uri
        self._authenticator = authenticator
        self._registration: Registration | None = None
        self._earlier: list[Registration] = []
        """Those at targets that turned out to be dead."""

    @property
    def attempts(self) -> list[Attempt]:
        """Every REGISTER sent to get or refresh the binding."""
        current = [] if self._registration is None else [self._registration]
        return [attempt for each in (*self._earlier, *current) for attempt in each.attempts]

    @property
    def heard(self) -> bool:
        """Whether the registrar answered at all."""
        return any(attempt.status is not None for attempt in self.attempts)

    async def register(self, known: Sequence[Target] = ()) -> Outcome:
        """Register at the first target that answers (RFC 3263 §4.3).

        Targets are the outbound proxy's where there is one, else `known` ones or the registrar's.
        """
        proxy = self._plan.outbound_proxy
        if known and proxy is None:
            return await self._register_at_one_of(known)
        try:
            targets = await resolve(self._agent, proxy or self._uri, self._plan.timeout)
        except ResolutionError as error:
            return failed(error.cause, error.detail)
        return await self._register_at_one_of(targets)

    async def _register_at_one_of(self, targets: Sequence[Target]) -> Outcome:
        dead: list[Outcome] = []
        for number, target in enumerate(targets, 1):
            outcome = await self._register_at(target)
            if not self._is_for_next(outcome) or number == len(targets):
                break
            dead.append(outcome)
        if dead and not outcome.failed and dead[0].cause is not None:
            return warned(dead[0].cause, f"{dead[0].detail} {target}: {outcome.detail}", dead[0].target)
        return outcome

    async def refresh(self) -> Outcome:
        """Register once more, with the same Contact and Call-ID."""
        assert self._registration is not None  # noqa: S101 (asked after `register` only)
        return await self._attempt(self._registration)

    async def remove(self) -> Outcome | None:
        """Remove the binding; None when there is none or it is to stay. Never raises for what a peer does.

        Also one that may have come about, since the answer to a signed REGISTER got lost.
        """
        if self._registration is None or self._plan.keep:
            return None
        for earlier in self._earlier:
            await self._remove(earlier)
        return await self._remove(self._registration)

    async def _remove(self, registration: Registration) -> Outcome | None:
        try:
            response = await registration.remove(timeout=min(REMOVAL_S, self._plan.timeout))
        except RegistrationFailed as failure:
            return failed(failure.cause, f"The binding could not be removed: {failure.detail}")
        if response is None:
            return None
        if response.status >= 300:
            return failed("registration_rejected", f"The binding could not be removed: {response.status}.")
        return passed("The binding was removed.")

    def _is_for_next(self, outcome: Outcome) -> bool:
        """Whether another target may do better: this one is dead or, by its 503, has no room."""
        no_room = outcome.failed and bool(self.attempts) and self.attempts[-1].status == 503
        return no_room or outcome.cause in NEXT_TARGET

    async def _register_at(self, target: Target) -> Outcome:
        try:
            flow = await self._agent.open(
                target, timeout=self._plan.timeout, trust=self._plan.registrar_trust
            )
        except FlowFailed as failure:
            if failure.is_ours:
                raise OurShortage(failure.detail) from None
            return failed(failure.cause, failure.detail, str(target))
        if self._registration is not None:
            self._earlier.append(self._registration)
        self._registration = Registration(
            self._agent,
            flow,
            self._uri,
            self._plan.user,
            self._authenticator,
            expires=self._plan.expires,
            timeout=self._plan.timeout,
            outbound_proxy=self._plan.outbound_proxy,
        )
        return await self._attempt(self._registration)

    async def _attempt(self, registration: Registration) -> Outcome:
        try:
            self.granted = await registration.register()
        except RegistrationFailed as failure:
            return failed(failure.cause, failure.detail, registration.label)
        if registration.raised_to is not None:
            detail = (
                f"Registered for {self.granted} s, after 423 asked for at least {registration.raised_to} s."
            )
            return passed(detail, noted="registration_too_brief")
        return passed(f"Registered for {self.granted} s.")
