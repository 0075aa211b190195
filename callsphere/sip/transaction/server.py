"""Server transactions (RFC 3261 §17.2, with the Accepted state of RFC 6026 §7.1).

They absorb repeated requests and repeat responses. The caller answers with `respond` and carries out
what the events say.
"""

from __future__ import annotations

from enum import Enum

from callsphere.sip.message import Request, Response
from callsphere.sip.transaction.events import (
    AckMissing,
    IncomingAck,
    ResponseToSend,
    Retransmit,
    ServerEvent,
    TransportFailed,
)
from callsphere.sip.transaction.timers import RFC_3261, TRYING_AFTER_S, Timers, Timing, following


class ServerState(Enum):
    """Where a server transaction stands."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class ServerTransaction:
    """What both kinds share. `context` is the caller's own."""

    def __init__(self, request: Request, *, reliable: bool, now: float, timing: Timing = RFC_3261) -> None:
        self.request = request
        self.reliable = reliable
        self.started_at = now
        self.state = ServerState.TRYING
        self.final: Response | None = None
        self.context: object = None
        self._timing = timing
        self._timers = Timers()
        self._last = b""

    @property
    def finished(self) -> bool:
        """Whether nothing more can come of it."""
        return self.state is ServerState.TERMINATED

    def next_timer(self) -> float | None:
        """When `handle_timer` is due, monotonic seconds; None when no timer runs."""
        return self._timers.next()

    def handle_timer(self, now: float) -> list[ServerEvent]:
        """Fire all timers that are due."""
        events: list[ServerEvent] = []
        while (fired := self._timers.pop_due(now)) is not None:
            events += self._fire(fired[0], fired[1], now)
        return events

    def receive(self, request: Request, now: float) -> list[ServerEvent]:
        """Take a request that matches this transaction: a repetition, or the ACK of an INVITE."""
        raise NotImplementedError

    def respond(self, response: Response, now: float) -> list[ServerEvent]:
        """Answer; raise ValueError for an answer after a final one, SipParseError for one that is no SIP."""
        raise NotImplementedError

    def transport_failed(self, reason: str) -> list[ServerEvent]:
        """The transport could not send a response (RFC 3261 §17.2.4)."""
        if self.finished:
            return []
        self._terminate()
        return [TransportFailed(self, reason)]

    def _fire(self, name: str, due: float, now: float) -> list[ServerEvent]:
        self._terminate()
        return []

    def _send(self, response: Response) -> list[ServerEvent]:
        self._last = response.to_bytes()
        return [ResponseToSend(self, self._last)]

    def _linger(self, name: str, seconds: float, now: float) -> None:
        """Stay for repetitions of the request, or end at once."""
        self._timers.clear()
        if seconds:
            self._timers.start(name, now + seconds)
        else:
            self._terminate()

    def _terminate(self) -> None:
        self.state = ServerState.TERMINATED
        self._timers.clear()


class NonInviteServerTransaction(ServerTransaction):
    """Any request but INVITE and ACK (RFC 3261 §17.2.2): timer J."""

    def receive(self, request: Request, now: float) -> list[ServerEvent]:
        """Take a repetition: the last response goes out again, once there is one."""
        if self.finished or not self._last:
            return []
        return [Retransmit(self, self._last)]

    def respond(self, response: Response, now: float) -> list[ServerEvent]:
        """Answer; raise ValueError for an answer after a final one, SipParseError for one that is no SIP."""
        if self.final is not None or self.finished:
            raise ValueError("The request has its final answer already.")
        events = self._send(response)
        if response.is_final:
            self.final = response
            self.state = ServerState.COMPLETED
            self._linger("J", 0 if self.reliable else self._timing.transaction, now)
        else:
            self.state = ServerState.PROCEEDING
        return events


class InviteServerTransaction(ServerTransaction):
    """INVITE (RFC 3261 §17.2.1, RFC 6026 §7.1): timers G, H, I and L, and the 100 that is due after 0.2 s.

    Repeating a 2xx until its ACK comes is the dialog's business: see `callsphere.sip.dialog.success`.
    """

    def __init__(self, request: Request, *, reliable: bool, now: float, timing: Timing = RFC_3261) -> None:
        super().__init__(request, reliable=reliable, now=now, timing=timing)
        self.state = ServerState.PROCEEDING
        self._interval = timing.t1
        self._timers.start("100", now + TRYING_AFTER_S)

    def receive(self, request: Request, now: float) -> list[ServerEvent]:
        """Take a repetition of the INVITE, or an ACK."""
        if request.method == "ACK":
            return self._acknowledge(request, now)
        if self.state in (ServerState.PROCEEDING, ServerState.COMPLETED) and self._last:
            return [Retransmit(self, self._last)]
        return []

    def respond(self, response: Response, now: float) -> list[ServerEvent]:
        """Answer; raise ValueError for an answer after a final one, SipParseError for one that is no SIP.

        Only a 2xx may follow a 2xx: the dialog repeats it until its ACK comes (RFC 6026 §7.1).
        """
        if self.state is ServerState.ACCEPTED and 200 <= response.status < 300:
            return self._send(response)
        if self.state is not ServerState.PROCEEDING:
            raise ValueError("The INVITE has its final answer already.")
        events = self._send(response)
        self._timers.stop("100")
        if not response.is_final:
            return events
        self.final = response
        if response.status < 300:
            self.state = ServerState.ACCEPTED
            self._linger("L", self._timing.transaction, now)
            return events
        self.state = ServerState.COMPLETED
        self._linger("H", self._timing.transaction, now)
        if not self.reliable:
            self._timers.start("G", now + self._timing.t1)
        return events

    def _acknowledge(self, ack: Request, now: float) -> list[ServerEvent]:
        if self.state is ServerState.COMPLETED:
            self.state = ServerState.CONFIRMED
            self._linger("I", 0 if self.reliable else self._timing.t4, now)
        elif self.state is ServerState.ACCEPTED:
            # RFC 6026 §7.1: an ACK with the INVITE's branch, as RFC 2543 peers send it.
            return [IncomingAck(ack)]
        return []

    def _fire(self, name: str, due: float, now: float) -> list[ServerEvent]:
        if name == "100":
            return self._send(self.request.respond(100))
        if name == "G":
            upcoming = self._timers.next()
            if upcoming is not None and upcoming <= now:
                return []
            self._interval = min(2 * self._interval, self._timing.t2)
            self._timers.start("G", following(due, self._interval, now))
            return [Retransmit(self, self._last)]
        self._terminate()
        return [AckMissing(self)] if name == "H" else []


def server_transaction(
    request: Request, *, reliable: bool, now: float, timing: Timing = RFC_3261
) -> ServerTransaction:
    """The server transaction that fits a request; raise ValueError for ACK, which has none."""
    if request.method == "ACK":
        raise ValueError("An ACK has no transaction of its own.")
    kind = InviteServerTransaction if request.method == "INVITE" else NonInviteServerTransaction
    return kind(request, reliable=reliable, now=now, timing=timing)
