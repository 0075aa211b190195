"""The user agent for long: what is over is let go, whatever came of it."""

from __future__ import annotations

import asyncio
import gc

import pytest

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.exchange import Exchange, NoFinalAnswer
from callsphere.sip.agent.flow import Flow
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.message import Headers, Request, Response
from callsphere.sip.resolver import Resolver, Target
from callsphere.sip.trace import NoTrace
from callsphere.sip.transport.tls import TlsTrust
from tests.peers import free_port
from tests.peers.sipp import OptionsServer

LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8"])


def options(flow: Flow, number: int) -> Request:
    fields = [
        ("Via", str(flow.via())),
        ("From", f"<sip:a@example.com>;tag={number}"),
        ("To", "<sip:b@example.com>"),
        ("Call-ID", str(number)),
        ("CSeq", "1 OPTIONS"),
    ]
    return Request("OPTIONS", "sip:b@example.com", Headers(fields))


async def kept() -> int:
    """How many exchanges and responses are still in memory."""
    await asyncio.sleep(0)  # the loop holds on to what woke us
    gc.collect()
    # `type`, for `isinstance` would wake every lazy object that other tests left behind.
    return sum(type(thing) in (Exchange, Response) for thing in gc.get_objects())


async def ask_often(port: int, transport: str, *, timeout: float) -> list[str]:
    """Ask five times; what came of it."""
    trace, resolver = NoTrace(), Resolver(None, LOOPBACK)
    agent = UserAgent(policy=LOOPBACK, resolver=resolver, trust=TlsTrust(), product="test", trace=trace)
    outcomes = []
    try:
        flow = await agent.open(
            Target("127.0.0.1", port, "tcp" if transport == "tcp" else "udp", "127.0.0.1"), timeout=timeout
        )
        before = await kept()
        for number in range(5):
            try:
                response = await agent.ask(options(flow, number), flow, timeout=timeout)
            except NoFinalAnswer as silence:
                outcomes.append(silence.cause)
            else:
                outcomes.append(str(response.status))
                del response
        assert await kept() == before
        assert trace.entries == []
    finally:
        agent.close()
    return outcomes


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_was_answered_is_not_kept(transport: str) -> None:
    with OptionsServer(transport=transport) as server:
        assert asyncio.run(ask_often(server.port, transport, timeout=60.0)) == ["200"] * 5


def test_what_failed_is_not_kept() -> None:
    assert asyncio.run(ask_often(free_port(), "udp", timeout=60.0)) == ["connect_refused"] * 5
