"""Client transactions (RFC 3261 §17.1, with the Accepted state of RFC 6026 §7.2).

Each holds its request's bytes and its timers as data. The caller sends `outgoing()`, hands in
responses and the time, and carries out what the events say.
"""

from __future__ import annotations

from enum import Enum

from callsphere.sip.message import Request, Response
from callsphere.sip.transaction.derived import ack_for, cancel_for
from callsphere.sip.transaction.events import (
    AckToSend,
    CancelReady,
    ClientEvent,
    Final,
    FurtherSuccess,
    Provisional,
    Retransmit,
    TimedOut,
    TransportFailed,
)
from callsphere.sip.transaction.matching import client_key
from callsphere.sip.transaction.timers import RFC_3261, Timers, Timing, following


class ClientState(Enum):
    """Where a client transaction stands; TRYING is what RFC 3261 calls Calling for an INVITE."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class ClientTransaction:
    """What both kinds share. `timeout` (seconds) may end the wait before 64*T1, never after it.

    `context` is the caller's own. Raises SipParseError for a request that cannot go on the wire.
    """

    def __init__(
        self,
        request: Request,
        *,
        reliable: bool,
        now: float,
        timeout: float | None = None,
        timing: Timing = RFC_3261,
    ) -> None:
        self.request = request
        self.key = client_key(request)
        """What its responses are known by."""
        self.reliable = reliable
        self.started_at = now
        self.state = ClientState.TRYING
        self.status: int | None = None
        """That of the final response, once it is here; the response itself is the caller's."""
        self.context: object = None
        self._timing = timing
        self._timers = Timers()
        self._data = request.to_bytes()
        self._interval = timing.t1
        wait = timing.transaction if timeout is None else min(timeout, timing.transaction)
        self._timers.start(self._timeout_timer, now + wait)
        if not reliable:
            self._timers.start(self._resend_timer, now + timing.t1)

    _resend_timer = "E"
    _timeout_timer = "F"

    @property
    def finished(self) -> bool:
        """Whether nothing more can come of it."""
        return self.state is ClientState.TERMINATED

    def outgoing(self) -> bytes:
        """The request's bytes, to be sent now."""
        return self._data

    def next_timer(self) -> float | None:
        """When `handle_timer` is due, monotonic seconds; None when no timer runs."""
        return self._timers.next()

    def handle_timer(self, now: float) -> list[ClientEvent]:
        """Fire all timers that are due."""
        events: list[ClientEvent] = []
        while (fired := self._timers.pop_due(now)) is not None:
            name, due = fired
            upcoming = self._timers.next()
            if name != self._resend_timer:
                events += self._over(name)
            elif upcoming is None or upcoming > now:
                # With the timeout due as well nothing is sent: the transaction is over.
                events.append(Retransmit(self, self._data))
                self._interval = self._next_interval()
                self._timers.start(name, following(due, self._interval, now))
        return events

    def receive(self, response: Response, now: float) -> list[ClientEvent]:
        """Take a response that matches this transaction."""
        raise NotImplementedError

    def transport_failed(self, reason: str) -> list[ClientEvent]:
        """The transport could not send or lost its connection; news only before a final response."""
        if self.finished:
            return []
        waiting = self.status is None
        self._terminate()
        return [TransportFailed(self, reason)] if waiting else []

    def _next_interval(self) -> float:
        """The interval after the one that just ended (timer E, RFC 3261 §17.1.2.2)."""
        if self.state is ClientState.PROCEEDING:
            return self._timing.t2
        return min(2 * self._interval, self._timing.t2)

    def _over(self, name: str) -> list[ClientEvent]:
        """A timer other than that of retransmissions fired: the transaction ends."""
        waiting = self.status is None
        self._terminate()
        return [TimedOut(self)] if waiting else []

    def _linger(self, name: str, seconds: float, now: float) -> None:
        """Stay for repetitions of the final response, or end at once."""
        self._timers.clear()
        if seconds:
            self._timers.start(name, now + seconds)
        else:
            self._terminate()

    def _terminate(self) -> None:
        self.state = ClientState.TERMINATED
        self._timers.clear()


class NonInviteClientTransaction(ClientTransaction):
    """Any request but INVITE and ACK (RFC 3261 §17.1.2): timers E, F and K."""

    def receive(self, response: Response, now: float) -> list[ClientEvent]:
        """Take a response that matches this transaction; repetitions of the final one are dropped."""
        if self.state not in (ClientState.TRYING, ClientState.PROCEEDING):
            return []
        if not response.is_final:
            self.state = ClientState.PROCEEDING
            return [Provisional(self, response)]
        self.status = response.status
        self.state = ClientState.COMPLETED
        self._linger("K", 0 if self.reliable else self._timing.t4, now)
        return [Final(self, response)]


class InviteClientTransaction(ClientTransaction):
    """INVITE (RFC 3261 §17.1.1, RFC 6026 §7.2): timers A, B, D and M.

    It ACKs final responses other than 2xx itself. Once a provisional response is here only the
    caller's patience ends the wait: `cancel`.
    """

    _resend_timer = "A"
    _timeout_timer = "B"

    def __init__(
        self,
        request: Request,
        *,
        reliable: bool,
        now: float,
        timeout: float | None = None,
        timing: Timing = RFC_3261,
    ) -> None:
        super().__init__(request, reliable=reliable, now=now, timeout=timeout, timing=timing)
        self.cancelled = False
        """Whether the caller wants it no more; a 2xx can still come and is then ACKed and hung up."""
        self._cancel_wait = timing.transaction
        self._ack = b""

    def receive(self, response: Response, now: float) -> list[ClientEvent]:
        """Take a response that matches this transaction."""
        if self.state in (ClientState.TRYING, ClientState.PROCEEDING):
            if not response.is_final:
                return self._proceed(response, now)
            return self._conclude(response, now)
        if self.finished or not response.is_final:
            return []
        if response.status < 300:
            # Also after another final response: a fork that answered late must not be left hanging.
            return [FurtherSuccess(self, response)]
        if self.state is ClientState.COMPLETED:
            return [AckToSend(self, self._ack)]
        return []

    def cancel(self, now: float, *, wait: float | None = None) -> list[ClientEvent]:
        """Give the call up (RFC 3261 §9.1).

        CANCEL goes out at once after a provisional response, else with the first one; with a final
        response here there is nothing to cancel. `wait` (seconds, at most 64*T1) is how long a final
        response is waited for after the CANCEL.
        """
        if self.cancelled or self.status is not None or self.finished:
            return []
        self.cancelled = True
        if wait is not None:
            self._cancel_wait = min(wait, self._timing.transaction)
        return self._send_cancel(now) if self.state is ClientState.PROCEEDING else []

    def _next_interval(self) -> float:
        """Timer A doubles without a bound of its own (RFC 3261 §17.1.1.2)."""
        return 2 * self._interval

    def _proceed(self, response: Response, now: float) -> list[ClientEvent]:
        first = self.state is ClientState.TRYING
        self.state = ClientState.PROCEEDING
        if first:
            self._timers.stop("A", "B")
        events: list[ClientEvent] = [Provisional(self, response)]
        if first and self.cancelled:
            events += self._send_cancel(now)
        return events

    def _send_cancel(self, now: float) -> list[ClientEvent]:
        # RFC 3261 §9.1: a peer that never ends the INVITE after a CANCEL is not waited for beyond this.
        self._timers.start("cancel", now + self._cancel_wait)
        return [CancelReady(self, cancel_for(self.request), self._cancel_wait)]

    def _conclude(self, response: Response, now: float) -> list[ClientEvent]:
        self.status = response.status
        if response.status < 300:
            self.state = ClientState.ACCEPTED
            self._linger("M", self._timing.transaction, now)
            return [Final(self, response)]
        self.state = ClientState.COMPLETED
        self._ack = ack_for(self.request, response).to_bytes()
        self._linger("D", 0 if self.reliable else self._timing.transaction, now)
        return [AckToSend(self, self._ack), Final(self, response)]


def client_transaction(
    request: Request,
    *,
    reliable: bool,
    now: float,
    timeout: float | None = None,
    timing: Timing = RFC_3261,
) -> ClientTransaction:
    """The client transaction that fits a request; raise ValueError for ACK, which has none."""
    if request.method == "ACK":
        raise ValueError("An ACK has no transaction of its own: send its bytes.")
    kind = InviteClientTransaction if request.method == "INVITE" else NonInviteClientTransaction
    return kind(request, reliable=reliable, now=now, timeout=timeout, timing=timing)
