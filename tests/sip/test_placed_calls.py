"""What is told of calls while they come about, and ending them from somewhere else with nothing but that."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable

import pytest

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.call import Call
from callsphere.sip.agent.ending import end_call
from callsphere.sip.agent.placed import PlacedCall
from callsphere.sip.check.plan import Plan
from callsphere.sip.check.report import CheckReport
from callsphere.sip.check.requests import invite_request, local_audio
from callsphere.sip.check.runner import Check
from callsphere.sip.digest import Authenticator, Credentials
from callsphere.sip.sdp import MediaSession
from callsphere.sip.trace import Trace
from callsphere.sip.uri import parse_gateway_uri
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, Heard, Send, serving

LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8"])
CHALLENGE = 'realm="lab", nonce="n1", qop="auth", algorithm=MD5'


class Witness:
    """Hears of calls; keeping one that is to be placed takes so many seconds."""

    def __init__(self, carrier: Carrier, keeps_after: float = 0.0) -> None:
        self.changes: list[PlacedCall] = []
        self.invites_when_kept: list[int] = []
        self._carrier = carrier
        self._keeps_after = keeps_after

    def __call__(self, call: PlacedCall) -> Awaitable[None]:
        self.changes.append(call)
        return self._keep(call) if call.state == "placed" else asyncio.ensure_future(asyncio.sleep(0))

    async def _keep(self, call: PlacedCall) -> None:
        await asyncio.sleep(self._keeps_after)
        self.invites_when_kept.append(len(self._carrier.of("INVITE")))

    @property
    def states(self) -> list[str]:
        return [each.state for each in self.changes]


def plan(uri: str, *, signed: bool = False) -> Plan:
    credentials = Credentials(USER, PASSWORD) if signed else None
    return Plan(uri, credentials=credentials, call="100", timeout=60.0, ring_timeout=60.0, policy=LOOPBACK)


def check(witness: Witness, uri: str, *, signed: bool = False) -> CheckReport:
    return asyncio.run(Check(plan(uri, signed=signed), on_call=witness).run())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_each_change_is_told_and_an_invite_leaves_after_it_is_kept(transport: str) -> None:
    carrier = Carrier(challenge=CHALLENGE)
    with serving(carrier, transport) as uri:
        witness = Witness(carrier, 0.2)
        report = check(witness, uri, signed=True)
    assert report.verdict == "pass"
    assert witness.states == ["placed", "ended", "placed", "ringing", "answered", "ended"]
    assert witness.invites_when_kept == [0, 1]
    assert [call.cseq for call in witness.changes] == [1, 1, 2, 2, 2, 2]
    assert {call.call_id for call in witness.changes} == {carrier.of("INVITE")[0].get("call-id")}


def test_a_call_that_nobody_could_keep_is_not_placed() -> None:
    carrier = Carrier()

    def refuse(call: PlacedCall) -> Awaitable[None]:
        raise OSError("no room")

    with serving(carrier) as uri:
        with pytest.raises(OSError, match="no room"):
            asyncio.run(Check(plan(uri), on_call=refuse).run())
        assert carrier.of("INVITE") == []


class Ringing(Carrier):
    """Rings, and knows no call afterwards."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")

    def bye(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "481 Call/Transaction Does Not Exist")


class Challenging(Carrier):
    """Asks for credentials inside the call alone."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")
        self.accept(request, send)

    def bye(self, request: Heard, send: Send) -> None:
        if not self.challenged(request, send, "407 Proxy Authentication Required", "Proxy-Authenticate"):
            super().bye(request, send)


async def abandoned(carrier: Carrier, uri: str, state: str) -> PlacedCall:
    """Place a call, and when it is in this state let go of everything, as a process does that is killed."""
    witness = Witness(carrier)
    asked = plan(uri)
    agent = asked.agent(Trace(time.monotonic()))
    parsed = parse_gateway_uri(uri)
    (target,) = await agent.resolver.resolve(parsed)
    flow = await agent.open(target, timeout=60.0)
    media = MediaSession(local_audio(flow, 40000))
    call = Call(agent, Authenticator(None), media, asked.timers, witness)
    call.offer = call.media.offer()
    invite = invite_request(asked, parsed, flow, call.negotiation, call.offer.to_bytes())
    placing = asyncio.ensure_future(call.place(invite, flow, asked.patience))
    async with asyncio.timeout(60):
        while witness.states[-1:] != [state]:
            await asyncio.sleep(0.01)
    agent.close()
    placing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await placing
    return witness.changes[-1]


async def end(call: PlacedCall) -> str:
    agent = plan("sip:127.0.0.1").agent(Trace(time.monotonic()))
    try:
        return (await end_call(agent, call, Authenticator(Credentials(USER, PASSWORD)), timeout=60.0)).said
    finally:
        agent.close()


def end_abandoned(carrier: Carrier, uri: str, state: str) -> tuple[PlacedCall, str]:
    async def both() -> tuple[PlacedCall, str]:
        call = await abandoned(carrier, uri, state)
        return call, await end(call)

    return asyncio.run(both())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_that_rings_is_cancelled_from_elsewhere(transport: str) -> None:
    carrier = Ringing()
    with serving(carrier, transport) as uri:
        call, said = end_abandoned(carrier, uri, "ringing")
        (invite,), (cancel,) = carrier.of("INVITE"), carrier.of("CANCEL")
    assert said == "CANCEL: 200, BYE: 481"
    assert (call.via, call.cseq, call.call_id) == (invite.get("via"), invite.cseq, invite.get("call-id"))
    for name in ("via", "from", "to", "call-id"):
        assert cancel.get(name) == invite.get(name)
    assert (cancel.uri, cancel.cseq) == (invite.uri, invite.cseq)


def test_a_cancel_that_came_too_late_is_followed_by_the_bye() -> None:
    """The 200 to INVITE and the worker's end crossed: only the ringing was kept."""
    carrier = Ringing()
    carrier.bye = lambda request, send: carrier.reply(send, request, "200 OK")  # type: ignore[method-assign]  # a carrier of another mind
    with serving(carrier) as uri:
        _call, said = end_abandoned(carrier, uri, "ringing")
    assert said == "CANCEL: 200, BYE: 200"
    assert carrier.of("BYE")[0].tag("to") == "carrier"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_that_was_answered_is_hung_up_from_elsewhere(transport: str) -> None:
    carrier = Challenging(challenge=CHALLENGE)
    with serving(carrier, transport) as uri:
        call, said = end_abandoned(carrier, uri, "answered")
        (invite,), acks = carrier.of("INVITE"), carrier.of("ACK")
    assert said == "BYE: 200"
    assert [ack.cseq for ack in acks] == [invite.cseq]
    byes = carrier.of("BYE")
    assert [bye.uri for bye in byes] == [call.remote_target.strip("<>")] * 2
    assert invite.cseq < byes[0].cseq < byes[1].cseq
    for bye in byes:
        assert (bye.get("call-id"), bye.tag("from"), bye.tag("to")) == (
            invite.get("call-id"),
            invite.tag("from"),
            "carrier",
        )


def test_the_route_set_is_followed() -> None:
    carrier = Carrier(routes=("<sip:{host}:{port};lr;a=1>", "<sip:{host}:{port};lr;b=2>"))
    carrier.contact = "<sip:deep@192.0.2.1>"
    with serving(carrier) as uri:
        _call, said = end_abandoned(carrier, uri, "answered")
    assert said == "BYE: 200"
    (bye,) = carrier.of("BYE")
    assert bye.uri == "sip:deep@192.0.2.1"
    assert [route.partition("lr;")[2] for route in bye.all("route")] == ["b=2>", "a=1>"]


def test_a_contact_that_the_guard_refuses_is_not_followed() -> None:
    carrier = Carrier(contact="<sip:gw@10.0.0.1>")
    with serving(carrier) as uri:
        _call, said = end_abandoned(carrier, uri, "answered")
    assert said == "BYE: 200"
    assert [bye.uri for bye in carrier.of("BYE")] == ["sip:gw@10.0.0.1"]
