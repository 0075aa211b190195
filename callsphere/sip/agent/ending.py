"""Ending a call that somebody else placed, who is no longer there to do it (RFC 3261 §9.1, §15)."""

from __future__ import annotations

from typing import NamedTuple

from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.inside import CHALLENGES
from callsphere.sip.agent.placed import PlacedCall
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Dialog, RoutingError
from callsphere.sip.digest import Authenticator
from callsphere.sip.message import Response
from callsphere.sip.transaction import cancel_for

CSEQ_LEAP = 1000
"""More requests than a call of ours has inside it: numbers need only rise (RFC 3261 §12.2.2)."""


_OVER = frozenset({408, 481})
"""Refusals of a BYE after which there is no call (RFC 3261 §15.1.1). After others it goes on."""


class HangUp(NamedTuple):
    """What the peer said in a few words, and whether the call is over."""

    said: str
    is_over: bool


async def end_call(
    agent: UserAgent, call: PlacedCall, authenticator: Authenticator, *, timeout: float
) -> HangUp:
    """CANCEL a call that rings; ACK and BYE one that was answered. Give what came of it.

    A 200 to CANCEL does not say whether it came in time (RFC 3261 §9.2), so that a BYE follows wherever
    the peer's tag is known. Raises FlowFailed and NoFinalAnswer when nobody was reached.
    """
    flow = await agent.open(call.target, timeout=timeout)
    if call.state == "answered":
        response = await _hang_up(agent, call, flow, authenticator, timeout)
        return HangUp(f"BYE: {response.status}", is_over(response))
    cancelled = await agent.ask(cancel_for(call.invite()), flow, timeout=timeout)
    alone = HangUp(f"CANCEL: {cancelled.status}", is_over(cancelled))
    if ";tag=" not in call.remote:
        return alone
    try:
        response = await _hang_up(agent, call, flow, authenticator, timeout)
    except (FlowFailed, NoFinalAnswer, RoutingError):
        return alone
    return HangUp(f"{alone.said}, BYE: {response.status}", is_over(response))


def is_over(response: Response) -> bool:
    """Whether a call is over by this final response to BYE or CANCEL (RFC 3261 §12.2.1.2)."""
    return response.status < 300 or response.status in _OVER


async def _hang_up(
    agent: UserAgent, call: PlacedCall, flow: Flow, authenticator: Authenticator, timeout: float
) -> Response:
    invite = call.invite()
    dialog = Dialog.from_response(invite, call.answer())
    way = await _way(agent, dialog, flow, timeout)
    if call.state == "answered":
        # It may be waited for: without one a peer holds the call for 32 s whatever else comes.
        agent.send_ack(dialog.ack(invite, via=way.via()), way)
    dialog.local_cseq += CSEQ_LEAP
    bye = dialog.request("BYE", via=way.via())
    response = await agent.ask(bye, way, timeout=timeout)
    if response.status in CHALLENGES:
        signed = authenticator.answer(response, bye)
        response = await agent.ask(dialog.retry(signed, via=way.via()), way, timeout=timeout)
    return response


async def _way(agent: UserAgent, dialog: Dialog, flow: Flow, timeout: float) -> Flow:
    """Where Route and Contact lead; where they lead nowhere, back to the INVITE's target."""
    if dialog.problem is not None:
        return flow
    try:
        return await agent.hop(dialog.next_hop, flow, timeout=timeout)
    except (FlowFailed, RoutingError):
        return flow
