"""The first half of a call: INVITE, and whether our ACK arrives."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callsphere.sip.agent.call import Call
from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.placed import OnCall
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.check.answers import refusal_of, said
from callsphere.sip.check.plan import Plan
from callsphere.sip.check.report import Outcome, failed, passed, troubled, warned, with_detail
from callsphere.sip.check.requests import AudioPort, invite_request, local_audio
from callsphere.sip.digest import Authenticator, Refusal
from callsphere.sip.message import Response
from callsphere.sip.resolver import Target
from callsphere.sip.sdp import MediaSession, lint_answer
from callsphere.sip.session_timer import IntervalLoop
from callsphere.sip.uri import SipUri

ACK_LISTEN_S = 0.7
"""How long repetitions of the 2xx are listened for: longer than the first interval of RFC 3261 §13.3.1.4."""
ACK_DOUBT_S = 4.0
"""How long after one came: the 2xx may have crossed our first ACK."""
NEXT_TARGET = frozenset(
    {"carrier_overloaded", "no_answer", "connect_refused", "connect_timeout", "connection_closed"}
)
"""Causes after which RFC 3263 §4.3 wants the next target tried."""


@dataclass
class Placed:
    """A call that was tried, and what became of the INVITE."""

    call: Call | None
    outcome: Outcome
    target: Target


class Caller:
    """Places the calls of one check, and hangs up every one of them in the end."""

    def __init__(
        self, agent: UserAgent, plan: Plan, uri: SipUri, authenticator: Authenticator, on_call: OnCall
    ) -> None:
        self._agent = agent
        self._plan = plan
        self._uri = uri
        self._authenticator = authenticator
        self._on_call = on_call
        self._calls: list[Call] = []
        self._ports: list[AudioPort] = []

    async def place(self, targets: Sequence[Target]) -> Placed:
        """Call by the targets in their order until one takes or refuses the call (RFC 3263 §4.3)."""
        dead: list[Outcome] = []
        for number, target in enumerate(targets, 1):
            placed = await self._place_at(target)
            if placed.outcome.cause not in NEXT_TARGET or number == len(targets):
                break
            dead.append(placed.outcome)
        if dead and not placed.outcome.failed and dead[0].cause is not None:
            detail = f"{dead[0].target}: {dead[0].detail} {placed.target}: {placed.outcome.detail}"
            placed.outcome = warned(dead[0].cause, detail, dead[0].target)
        return placed

    @property
    def heard(self) -> bool:
        """Whether anything answered an INVITE."""
        return any(call.got_answer for call in self._calls)

    async def hang_up(self) -> None:
        """Leave no call open."""
        for call in self._calls:
            await call.hang_up()
        for port in self._ports:
            port.close()

    async def _place_at(self, target: Target) -> Placed:
        try:
            flow = await self._agent.open(target, timeout=self._plan.timeout)
        except FlowFailed as failure:
            return Placed(None, failed(failure.cause, failure.detail, str(target)), target)
        audio = AudioPort(flow)
        self._ports.append(audio)
        media = MediaSession(local_audio(flow, audio.number))
        call = Call(self._agent, self._authenticator, media, self._plan.timers, self._on_call)
        self._calls.append(call)
        return Placed(call, await _invite(call, self._plan, self._uri, flow), target)


async def _invite(call: Call, plan: Plan, uri: SipUri, flow: Flow) -> Outcome:
    offer = call.media.offer()
    call.offer = offer
    request = invite_request(plan, uri, flow, call.negotiation, offer.to_bytes())
    try:
        response = await call.place(request, flow, plan.patience)
    except Refusal as refusal:
        return troubled(refusal.cause, refusal.detail, flow.label)
    except IntervalLoop as loop:
        return troubled(loop.cause, loop.detail, flow.label)
    except NoFinalAnswer as silence:
        return failed(silence.cause, silence.detail, flow.label)
    if response.status >= 300:
        outcome = refusal_of(response, with_credentials=call.with_credentials)
        return replace(outcome, target=flow.label)
    return _answered(call, response, flow)


def _answered(call: Call, response: Response, flow: Flow) -> Outcome:
    assert call.offer is not None  # noqa: S101 (the INVITE carried it)
    detail = said(response)
    findings = lint_answer(call.offer, call.sdp, flow.target.address)
    if findings:
        return with_detail(troubled(findings[0].cause, findings[0].detail), detail)
    return passed(detail)


async def acknowledge(call: Call, plan: Plan) -> Outcome:
    """Send the ACK and listen whether the 2xx comes again."""
    problem = await call.acknowledge(timeout=plan.timeout)
    if problem is not None:
        return troubled("contact_unusable", problem.detail, discloses=isinstance(problem, FlowFailed))
    sent_at = time.monotonic()
    await call.until(lambda: call.repeats > 0 or _over(call), ACK_LISTEN_S)
    if call.repeats and not _over(call):
        left = ACK_DOUBT_S - (time.monotonic() - sent_at)
        await call.until(lambda: call.repeats >= 2 or _over(call), left)
    if call.repeats >= 2 and call.ack_strayed_to is not None:
        call.turn_back()
        return troubled(
            "contact_unusable",
            f"The Contact sent our ACK to {call.ack_strayed_to}, and it did not arrive: "
            f"the answer came {call.repeats} times more.",
        )
    if call.repeats >= 2:
        return troubled("ack_not_received", f"The answer came {call.repeats} times more after our ACK.")
    if call.ack_lost is not None:
        return troubled("contact_unusable", f"The ACK did not arrive. {call.ack_lost}", discloses=True)
    dropped = dropped_of(call)
    if dropped is not None:
        return dropped
    once = " The answer crossed our first ACK once." if call.repeats else ""
    return passed(f"The answer was confirmed.{once}{_unencrypted(call)}")


def _unencrypted(call: Call) -> str:
    if call.left_tls_for is None:
        return ""
    header = "Contact" if call.dialog is None or not call.dialog.route_set else "Record-Route"
    return (
        f" The call was placed over TLS, but by its {header} it goes on unencrypted, to {call.left_tls_for}: "
        "ask the carrier to name its TLS port there."
    )


def dropped_of(call: Call) -> Outcome | None:
    """The outcome when the peer has hung up, None while it has not."""
    if call.peer_hang_up is None:
        return None
    seconds = call.peer_hang_up.at - call.answered_at
    reason = f" Reason: {call.peer_hang_up.reason}" if call.peer_hang_up.reason else ""
    return troubled("call_dropped", f"BYE came {seconds:.1f} s after the answer.{reason}")


def _over(call: Call) -> bool:
    return call.peer_hang_up is not None or call.ack_lost is not None
