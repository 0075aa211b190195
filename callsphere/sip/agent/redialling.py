"""Requests whose connection the peer has closed: once more, over a new one.

A peer may close a connection whenever nothing is under way on it (RFC 3261 §18), and some do after
every answer. We often learn of it only when the next request is gone, so a request that vanished with
a connection which had worked before says nothing about the peer.
"""

from __future__ import annotations

import time

from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import Flow
from callsphere.sip.message import Request

ACK_IN_DOUBT_S = 2.0
"""How long after an ACK the end of its connection makes us doubt that it was read."""


def lost_with_its_connection(silence: NoFinalAnswer, flow: Flow) -> bool:
    """Whether a request went unanswered because the peer had let go of the connection it came upon."""
    return silence.cause == "connection_closed" and not silence.rang and flow.heard


def moved(request: Request, flow: Flow) -> Request:
    """The request as it goes over another connection, which its Via has to show (RFC 3261 §18.1.1)."""
    copy = Request(request.method, request.uri, request.headers.copy(), request.body)
    copy.headers.set("Via", flow.via())
    return copy


class AcksInDoubt:
    """The latest ACK on each connection, until something shows that the peer has read it.

    An ACK has no answer, so when its connection ends it has to be sent again to be sure.
    """

    def __init__(self) -> None:
        self._acks: dict[Flow, tuple[float, bytes]] = {}

    def sent(self, flow: Flow, data: bytes) -> None:
        """An ACK went out."""
        if flow.reliable:
            self._acks[flow] = time.monotonic(), data

    def heard(self, flow: Flow, asked_at: float) -> None:
        """A request that was sent at this time over the connection was answered."""
        if flow in self._acks and self._acks[flow][0] <= asked_at:
            del self._acks[flow]

    def ended(self, flow: Flow) -> bytes | None:
        """The connection is over: the ACK that may have been lost with it."""
        at, data = self._acks.pop(flow, (0.0, b""))
        return data if data and time.monotonic() - at < ACK_IN_DOUBT_S else None
