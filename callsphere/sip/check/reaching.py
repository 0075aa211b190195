"""From a target to its answer to OPTIONS, and what several targets together mean."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import ConnectionFlow, Flow, FlowFailed
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.check.answers import said
from callsphere.sip.check.plan import Plan
from callsphere.sip.check.report import Outcome, failed, passed, skipped, troubled, warned
from callsphere.sip.check.requests import options_request
from callsphere.sip.resolver import Target
from callsphere.sip.transport.shortage import OurShortage
from callsphere.sip.uri import SipUri

EXPIRES_SOON_DAYS = 30
SILENT = frozenset({"no_answer", "malformed_answer", "connection_closed"})
"""Causes of an unanswered OPTIONS after which a call is tried all the same."""
REACHING = ("connect", "tls", "options")


@dataclass
class Probe:
    """What became of one target: an outcome and milliseconds for each step that it came to."""

    target: Target
    flow: Flow | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    ms: dict[str, int] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether it answered."""
        options = self.outcomes.get("options")
        return options is not None and not options.failed

    @property
    def silent(self) -> bool:
        """Whether it can be reached but did not answer OPTIONS."""
        options = self.outcomes.get("options")
        return options is not None and options.cause in SILENT and self.flow is not None


async def probe(agent: UserAgent, plan: Plan, uri: SipUri, target: Target) -> Probe:
    """Connect to one target and ask it OPTIONS. Raises OurShortage."""
    found = Probe(target)
    started = time.monotonic()
    try:
        found.flow = flow = await agent.open(target, timeout=plan.timeout)
    except FlowFailed as failure:
        _note_failure(found, failure, started)
        return found
    took = round((time.monotonic() - started) * 1000)
    found.ms["connect"] = flow.connect_ms
    found.ms["tls"] = max(0, took - flow.connect_ms)
    found.outcomes["connect"] = _connected(target)
    found.outcomes["tls"] = _secured(flow)
    await _ask_options(agent, plan, uri, found, flow)
    return found


def _note_failure(found: Probe, failure: FlowFailed, started: float) -> None:
    if failure.is_ours:
        raise OurShortage(failure.detail)
    step = "tls" if failure.stage == "tls" else "connect"
    if step == "tls":
        found.outcomes["connect"] = _connected(found.target)
    found.outcomes[step] = failed(failure.cause, failure.detail, str(found.target))
    found.ms[step] = round((time.monotonic() - started) * 1000)


async def _ask_options(agent: UserAgent, plan: Plan, uri: SipUri, found: Probe, flow: Flow) -> None:
    started = time.monotonic()
    try:
        response = await agent.ask(options_request(plan, uri, flow), flow, timeout=plan.timeout)
    except NoFinalAnswer as silence:
        # In TLS 1.3 the server's verdict on us may come only after the handshake.
        step = "tls" if silence.cause.startswith("tls_") else "options"
        found.outcomes[step] = failed(silence.cause, silence.detail, flow.label)
    else:
        server = response.headers.get("server") or response.headers.get("user-agent") or ""
        flow.local = flow.local.as_seen(response)
        found.outcomes["options"] = passed(f"{said(response)} {server[:80]}".strip())
    found.ms["options"] = round((time.monotonic() - started) * 1000)


def _connected(target: Target) -> Outcome:
    if target.transport == "udp":
        return skipped("UDP needs no connection.")
    return passed("Connected.")


def _secured(flow: Flow) -> Outcome:
    if not isinstance(flow, ConnectionFlow) or flow.connection.tls is None:
        return skipped("The transport is not TLS.")
    tls = flow.connection.tls
    ends = str(tls.certificate.get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(ends) - time.time()) // 86400) if ends else EXPIRES_SOON_DAYS
    detail = f"{tls.version}; the certificate is valid for {days} more days, until {ends}."
    if days < EXPIRES_SOON_DAYS:
        return troubled("tls_expires_soon", detail, flow.label)
    return passed(detail)


def together(name: str, probes: Sequence[Probe]) -> Outcome:
    """One outcome for a step that several targets went through.

    A dead target beside a live one is a warning that carries the dead one's cause; without a live one
    it is a failure.
    """
    reached = [(each, each.outcomes[name]) for each in probes if name in each.outcomes]
    if not reached:
        return skipped("No target could be reached.")
    if len(probes) == 1:
        return reached[0][1]
    detail = " ".join(f"{each.target}: {outcome.detail}" for each, outcome in reached)
    dead = next((outcome for _, outcome in reached if outcome.failed), None)
    odd = next((outcome for _, outcome in reached if outcome.result == "warn"), None)
    if dead is not None and dead.cause is not None:
        alive = any(each.live for each in probes)
        return (warned if alive else failed)(dead.cause, detail, dead.target)
    if odd is not None and odd.cause is not None:
        return warned(odd.cause, detail, odd.target)
    if all(outcome.result == "skipped" for _, outcome in reached):
        return reached[0][1]
    return passed(detail)
