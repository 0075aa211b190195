"""Walks a trunk from name to hang-up the way a call would."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Sequence

from callsphere.sip.agent.call import Call
from callsphere.sip.agent.placed import OnCall, keep_nothing
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.check.calling import Caller, acknowledge
from callsphere.sip.check.finding import resolve
from callsphere.sip.check.in_call import InCall
from callsphere.sip.check.plan import Plan
from callsphere.sip.check.reaching import REACHING, Probe, probe, together
from callsphere.sip.check.registering import Registrant
from callsphere.sip.check.report import CheckReport, Outcome, Step, failed, passed, skipped, warned
from callsphere.sip.check.step_log import StepLog
from callsphere.sip.digest import Authenticator
from callsphere.sip.resolver import ResolutionError, Target
from callsphere.sip.trace import Trace
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri

SETTLE_S = 4.0
"""How long hang-ups that run beside are waited for at the end."""
AFTER_FAILURE = "An earlier step failed."
NO_CALL = "No call was asked for."
NO_REGISTER = "No registration was asked for."


class Check:
    """One readiness check. `on_step` hears of every step when it is finished, in the order of STEPS.

    `on_call` hears of every call that is placed and how far it has come.
    """

    def __init__(
        self, plan: Plan, on_step: Callable[[Step], None] | None = None, on_call: OnCall = keep_nothing
    ) -> None:
        self.trace = Trace(time.monotonic(), plan.redactor())
        self._plan = plan
        self._on_call = on_call
        self._log = StepLog(self.trace.redactor, on_step)
        self._started = time.monotonic()
        self._started_at = dt.datetime.now(dt.UTC)

    async def run(self) -> CheckReport:
        """Walk the steps; whatever happens, the call is hung up and the binding removed.

        Raises OurShortage when nothing could be found out.
        """
        rest = AFTER_FAILURE
        try:
            uri = parse_gateway_uri(self._plan.uri)
        except SipUriError as error:
            self._log.finish("target", failed("uri_invalid", str(error)))
        else:
            rest = await self._walk(uri)
        self._log.skip_rest(rest)
        return CheckReport(
            target=self.trace.redactor.text(self._plan.uri),
            started_at=self._started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            duration_ms=round((time.monotonic() - self._started) * 1000),
            steps=self._log.steps,
            trace=tuple(self.trace.entries),
        )

    async def _walk(self, uri: SipUri) -> str:
        """Take the steps; give why those that are left were not tried."""
        agent = self._plan.agent(self.trace)
        authenticator = Authenticator(self._plan.credentials)
        caller = Caller(agent, self._plan, uri, authenticator, self._on_call)
        registrant = Registrant(agent, self._plan, uri, authenticator)
        try:
            return await self._reach(agent, uri, caller, registrant)
        finally:
            await caller.hang_up()
            await registrant.remove()
            await agent.settle(timeout=SETTLE_S)
            agent.close()

    async def _reach(self, agent: UserAgent, uri: SipUri, caller: Caller, registrant: Registrant) -> str:
        targets = await self._resolve(agent, uri)
        if not targets:
            return AFTER_FAILURE
        probes = await asyncio.gather(*(probe(agent, self._plan, uri, target) for target in targets))
        for name in REACHING[:-1]:
            self._log.finish(name, together(name, probes), _longest(probes, name))
        options = together("options", probes)
        usable = [each.target for each in probes if each.live]
        if usable:
            self._log.target = str(usable[0])
            self._log.finish("options", options, _longest(probes, "options"))
            return await self._use(usable, caller, registrant)
        # Some carriers ignore OPTIONS: only the call shows what the silence means.
        usable = [each.target for each in probes if each.silent]
        wanted = self._plan.call is not None or self._plan.register
        rest = await self._use(usable, caller, registrant) if usable and wanted else AFTER_FAILURE
        if options.cause is not None and (caller.heard or registrant.heard):
            options = warned("no_answer", options.detail, options.target)
        self._log.finish("options", options, _longest(probes, "options"))
        return rest

    async def _resolve(self, agent: UserAgent, uri: SipUri) -> Sequence[Target]:
        started = time.monotonic()
        named = passed(str(uri))
        try:
            targets = await resolve(agent, uri, self._plan.timeout)
        except ResolutionError as error:
            targets, outcome = [], failed(error.cause, error.detail)
            if uri.is_literal or error.cause == "uri_invalid":
                self._log.finish("target", outcome)
                return []
        else:
            self._log.target = str(targets[0])
            outcome = passed(", ".join(str(target) for target in targets))
        self._log.finish("target", named, 0)
        self._log.finish("dns", outcome, _since(started))
        return targets

    async def _use(self, usable: Sequence[Target], caller: Caller, registrant: Registrant) -> str:
        """Register and call, as far as that is asked for."""
        registered = skipped(NO_REGISTER)
        if self._plan.register:
            registered = await registrant.register(usable)
        self._log.finish("register", registered)
        if registered.failed:
            return AFTER_FAILURE
        if self._plan.call is None:
            return NO_CALL
        placed = await caller.place(usable)
        self._log.target = str(placed.target)
        self._log.finish("invite", placed.outcome)
        if placed.call is not None and placed.call.dialog is not None:
            await self._inside(placed.call, placed.outcome)
            return AFTER_FAILURE
        return AFTER_FAILURE if placed.outcome.failed else "The call was not answered."

    async def _inside(self, call: Call, invite: Outcome) -> None:
        """The steps of an answered call. It is hung up in any case."""
        acknowledged = await acknowledge(call, self._plan)
        self._log.finish("ack", acknowledged)
        inside = InCall(call, timeout=self._plan.timeout)
        if not acknowledged.failed:
            self._log.finish("session_timer", inside.session_timer())
        if not acknowledged.failed and not invite.failed:
            hold = await inside.hold()
            self._log.finish("hold", hold)
            if hold.cause not in ("call_dropped", "hold_kills_call", "route_broken"):
                self._log.finish("refresh", await inside.refresh())
        self._log.finish("bye", await inside.bye())


def _longest(probes: Sequence[Probe], name: str) -> int:
    return max((each.ms.get(name, 0) for each in probes), default=0)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
