"""Repeating our own 2xx to an INVITE until its ACK is here (RFC 3261 §13.3.1.4).

The server transaction does not do this (RFC 6026 §7.1): a 2xx is the business of the dialog, end to
end and over reliable transports too.
"""

from __future__ import annotations

from callsphere.sip.message import Request, Response

T1 = 0.5
T2 = 4.0
GIVE_UP_S = 64 * T1
"""Without an ACK after this many seconds the session should be ended with BYE."""


class SuccessRetransmission:
    """One 2xx waiting for its ACK. Send `response` when this is made, then as the timer says."""

    def __init__(self, response: Response, now: float) -> None:
        self.response = response
        self.expired = False
        """Whether no ACK came within 64*T1: hang up."""
        self._interval = T1
        self._next: float | None = now + T1
        self._end = now + GIVE_UP_S

    def next_timer(self) -> float | None:
        """When `handle_timer` is due, monotonic seconds; None when the ACK came or time is up."""
        return None if self._next is None else min(self._next, self._end)

    def handle_timer(self, now: float) -> Response | None:
        """The response when it is to be sent again now."""
        if self._next is None:
            return None
        if now >= self._end:
            self.expired = True
            self._next = None
            return None
        if now < self._next:
            return None
        self._interval = min(2 * self._interval, T2)
        self._next = now + self._interval
        return self.response

    def acknowledge(self, ack: Request) -> bool:
        """Take an ACK; whether it was the one waited for."""
        if self._next is None or ack.cseq.number != self.response.cseq.number:
            return False
        self._next = None
        return True
