"""Session timers (RFC 4028) as data: intervals, roles, moments. Times are monotonic seconds.

As the caller:

    negotiation = TimerNegotiation(interval=90)
    invite_headers = [*negotiation.headers(), ...]
    negotiation.on_422(response)              # raised: send the INVITE again with negotiation.headers()
    timer = negotiation.on_2xx(response, now)  # None: the session has no timer
    if timer is not None and timer.we_refresh and now >= timer.refresh_at: ...

As the called side, or for the peer's refreshes: `answer_timer`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import Valued
from callsphere.sip.message import Message, Request, Response

MIN_SE = 90
"""Shortest interval anybody may ask for, in seconds, and what an absent Min-SE means (RFC 4028 §4, §5)."""
RECOMMENDED_INTERVAL = 1800
"""RFC 4028 §4."""
MAX_RAISES = 2
"""How often a 422 is followed: the far end and one proxy on the way may each have a minimum."""
GRACE_S = 32
"""How long before the end the side that does not refresh hangs up, at most (RFC 4028 §10)."""

Refresher = Literal["local", "remote"]
"""Who refreshes, whoever sent which request: we, or the peer."""

_SECONDS = re.compile(r"[0-9]{1,10}")
_MAX_SECONDS = 2**31 - 1


class IntervalLoop(Exception):
    """A peer that refuses the interval it has asked for: the cause `session_interval_loop`."""

    cause = "session_interval_loop"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SessionTimer:
    """A session timer that both sides agreed on.

    `interval` is Session-Expires in seconds, counted from `started_at`, the moment of the last 2xx.
    `min_se` is the largest Min-SE seen, `peer_supports` whether the peer said that it knows timers.
    """

    interval: int
    refresher: Refresher
    started_at: float
    peer_supports: bool = True
    min_se: int = MIN_SE

    @property
    def we_refresh(self) -> bool:
        """Whether refreshing is our task."""
        return self.refresher == "local"

    @property
    def refresh_at(self) -> float:
        """When the refresher sends its request: half the interval (RFC 4028 §10)."""
        return self.started_at + self.interval / 2

    @property
    def expires_at(self) -> float:
        """When the side that does not refresh hangs up: SE - min(32, SE/3) (RFC 4028 §10)."""
        return self.started_at + self.interval - min(GRACE_S, self.interval / 3)

    @property
    def due_at(self) -> float:
        """When something has to be done: refresh when that is our task, else hang up."""
        return self.refresh_at if self.we_refresh else self.expires_at

    def headers(self) -> list[tuple[str, str]]:
        """Headers of a re-INVITE or UPDATE of ours; the roles stay as they are (RFC 4028 §7.4).

        In a request of ours "uac" is we. Less than MIN_SE is never asked for, whatever the peer granted.
        """
        return request_headers(max(self.interval, MIN_SE), self.min_se, "uac" if self.we_refresh else "uas")

    def restarted(self, now: float) -> SessionTimer:
        """The same timer, counted from now: a refresh without timer headers succeeded."""
        return replace(self, started_at=now)


class TimerNegotiation:
    """The caller's side of the negotiation, for an INVITE or for a refresh (RFC 4028 §7.1 to §7.4).

    Raises ValueError for an interval below 90 seconds. `refresher` ("uac", "uas" or None, which
    leaves the choice to the peer) is what the INVITE proposes.
    """

    def __init__(
        self,
        interval: int = RECOMMENDED_INTERVAL,
        *,
        refresher: Literal["uac", "uas"] | None = None,
        min_se: int = MIN_SE,
    ) -> None:
        if interval < MIN_SE:
            raise ValueError(f"The session interval must be at least {MIN_SE} seconds, not {interval}.")
        self.interval = interval
        self.min_se = min_se
        self.raises = 0
        self._refresher = refresher

    @classmethod
    def of(cls, timer: SessionTimer) -> TimerNegotiation:
        """The negotiation inside a refresh: interval and roles as agreed, and 422 is followed as ever."""
        negotiation = cls(max(timer.interval, MIN_SE), min_se=timer.min_se)
        negotiation._refresher = "uac" if timer.we_refresh else "uas"
        return negotiation

    @classmethod
    def in_request(cls, request: Request) -> TimerNegotiation:
        """The negotiation that a request of ours carries, to follow a 422 to it."""
        interval, refresher = _session_expires(request) or (RECOMMENDED_INTERVAL, None)
        negotiation = cls(max(interval, MIN_SE), min_se=_seconds(request.headers.get("min-se")) or MIN_SE)
        negotiation._refresher = "uac" if refresher == "uac" else "uas" if refresher == "uas" else None
        return negotiation

    def headers(self) -> list[tuple[str, str]]:
        """Supported, Session-Expires and, after a 422, Min-SE (RFC 4028 §7.1, §7.3)."""
        return request_headers(self.interval, self.min_se, self._refresher)

    def on_422(self, response: Response) -> int:
        """Raise the interval to the Min-SE that a 422 names, and give it; raise IntervalLoop.

        It is a loop when the minimum is one that we have already named, or after MAX_RAISES. An interval
        that is long enough stays: some proxies (later versions of Kamailio) refuse an absent Min-SE, which
        means 90 s, whatever Session-Expires says.
        """
        minimum = _seconds(response.headers.get("min-se"))
        if minimum is None and self.interval < RECOMMENDED_INTERVAL:
            minimum = RECOMMENDED_INTERVAL  # a 422 must say Min-SE (RFC 4028 §6); one guess is worth it
        if minimum is None:
            raise IntervalLoop(f"422 without a readable Min-SE to an interval of {self.interval} s.")
        if minimum <= self.min_se:
            raise IntervalLoop(f"422 asks for at least {minimum} s, but {self.interval} s were sent.")
        if self.raises >= MAX_RAISES:
            raise IntervalLoop(
                f"422 for the {self.raises + 1}. time: now {minimum} s after {self.interval} s."
            )
        self.raises += 1
        self.interval = max(self.interval, minimum)
        self.min_se = minimum
        return self.interval

    def on_2xx(self, response: Response, now: float) -> SessionTimer | None:
        """The timer that a 2xx to our request sets; None when the session has none from then on.

        That is so for a 2xx without Session-Expires, to a refresh too (RFC 4028 §7.2).

        A missing refresher parameter, which the peer owes us (§9), makes it our task: a refresh too
        many does no harm, one too few ends the call.
        """
        named = _session_expires(response)
        if named is None:
            return None
        interval, refresher = named
        remote = refresher == "uas"
        return SessionTimer(
            interval, "remote" if remote else "local", now, remote or supports_timer(response), self.min_se
        )


@dataclass(frozen=True, slots=True)
class TimerAnswer:
    """What a server answers about timers: `status` 422 or 200, headers for it, and the timer from then on."""

    status: int
    headers: tuple[tuple[str, str], ...]
    timer: SessionTimer | None


def answer_timer(
    request: Request, now: float, *, current: SessionTimer | None = None, min_se: int = MIN_SE
) -> TimerAnswer:
    """Answer the timer headers of the peer's INVITE or UPDATE (RFC 4028 §9, tables 1 and 2).

    The interval is never raised. 422 only goes to a peer that supports timers. Without
    Session-Expires a timer that runs (`current`) goes on, roles unchanged.
    """
    supported = supports_timer(request)
    asked = _session_expires(request)
    if asked is None:
        return _continued(current, now, supported=supported)
    interval, refresher = asked
    if interval < min_se and supported:
        return TimerAnswer(422, (("Min-SE", str(min_se)),), current)
    largest = max(min_se, _seconds(request.headers.get("min-se")) or 0)
    # In a request of the peer's, "uac" is the peer. One that knows no timers cannot refresh (table 2).
    if supported and refresher is None:
        role: Refresher = current.refresher if current is not None else "remote"
    else:
        role = "remote" if supported and refresher == "uac" else "local"
    timer = SessionTimer(interval, role, now, supported, largest)
    return TimerAnswer(200, _response_headers(timer), timer)


def _continued(current: SessionTimer | None, now: float, *, supported: bool) -> TimerAnswer:
    if current is None:
        return TimerAnswer(200, (), None)
    timer = current.restarted(now)
    if not supported and not timer.we_refresh:
        return TimerAnswer(200, (), timer)  # nothing may be asked of a peer that does not say it knows timers
    return TimerAnswer(200, _response_headers(timer), timer)


def _response_headers(timer: SessionTimer) -> tuple[tuple[str, str], ...]:
    """Headers of our 2xx; Require tells the peer that refreshing is its task (RFC 4028 §9)."""
    role = "uas" if timer.we_refresh else "uac"
    headers = (("Supported", "timer"), ("Session-Expires", f"{timer.interval};refresher={role}"))
    return headers if timer.we_refresh else (("Require", "timer"), *headers)


def request_headers(interval: int, min_se: int, refresher: str | None) -> list[tuple[str, str]]:
    """Timer headers of a request; Min-SE only when it says more than its absence (RFC 4028 §5, §7.1)."""
    role = "" if refresher is None else f";refresher={refresher}"
    headers = [("Supported", "timer"), ("Session-Expires", f"{interval}{role}")]
    if min_se > MIN_SE:
        headers.append(("Min-SE", str(min_se)))
    return headers


def refresh_method(
    peer_allows: Collection[str] | None, *, refused: bool = False
) -> Literal["UPDATE", "INVITE"]:
    """UPDATE when the peer's Allow lists it, else re-INVITE (RFC 4028 §7.4).

    `refused`: an UPDATE was answered with 405, 501 or the like, whatever Allow says.
    """
    return "UPDATE" if peer_allows is not None and "UPDATE" in peer_allows and not refused else "INVITE"


def supports_timer(message: Message) -> bool:
    """Whether Supported or Require names the option tag (RFC 4028 §3)."""
    tags = message.headers.get_list("supported") + message.headers.get_list("require")
    return any(tag.lower() == "timer" for tag in tags)


def _session_expires(message: Message) -> tuple[int, str | None] | None:
    """Interval and refresher parameter; None when absent, unreadable or zero."""
    text = message.headers.get("session-expires")
    if text is None:
        return None
    try:
        valued = Valued.parse(text)
    except SipParseError:
        return None
    interval = _seconds(valued.value)
    role = (valued.param("refresher") or "").lower()
    return (interval, role if role in ("uac", "uas") else None) if interval else None


def _seconds(text: str | None) -> int | None:
    """Delta-seconds, parameters after them ignored (RFC 4028 §4, §5)."""
    digits = (text or "").partition(";")[0].strip(" \t")
    return min(int(digits), _MAX_SECONDS) if _SECONDS.fullmatch(digits) else None
