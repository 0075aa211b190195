"""One call that a sandbox carrier takes, from INVITE to BYE (RFC 3261 §13.3, §14.2, §15; RFC 4028 §10)."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Protocol

from callsphere.local.sandbox.behaviour import Behaviour
from callsphere.local.sandbox.refusals import RETRY_AFTER_S, refuse
from callsphere.local.sandbox.way import Way
from callsphere.sip.dialog import (
    ALLOW,
    SUPPORTED,
    Dialog,
    DialogState,
    Effect,
    RoutingError,
    SuccessRetransmission,
    receive_request,
)
from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import Via
from callsphere.sip.message import Request, Response
from callsphere.sip.sdp import LocalAudio, MediaSession, OfferRefused, SdpError, parse_sdp, sdp_body
from callsphere.sip.session_timer import TimerNegotiation, refresh_method
from callsphere.sip.transaction import ServerTransaction, new_branch
from callsphere.sip.transaction.timers import Timers

RING_LIMIT_S = 120.0
LIMIT_S = 3600.0
"""Seconds after which a call that rings, or that nobody watches, is ended."""
NOWHERE = 9
"""The port that audio is asked to go to: discard (RFC 863). Nothing listens, no audio ever comes."""


class Line(Protocol):
    """What a call needs of its carrier."""

    product: str

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        """Answer a request."""

    def send(self, way: Way, data: bytes) -> None:
        """Send what belongs to no transaction: an ACK, or a 2xx again."""

    def ask(self, request: Request, call: Call, now: float) -> None:
        """Send a request of the call's own; its answer comes back to `answered`."""


class Call:
    """The called side of one call. `way` is where its requests last came from; `over` when it has ended."""

    def __init__(self, line: Line, behaviour: Behaviour, transaction: ServerTransaction, way: Way) -> None:
        invite = transaction.request
        proxy = behaviour.proxy(way.local)
        if proxy is not None:
            invite.headers.insert("Record-Route", proxy)
        self.way = way
        self.over = False
        self.transaction = transaction
        self.dialog = Dialog.from_request(
            invite,
            local_tag=os.urandom(6).hex(),
            local_contact=behaviour.contact(way.local, invite.uri.lower().startswith("sips:")),
            headers=(("User-Agent", line.product), ("Allow", ALLOW)),
        )
        self.media = MediaSession(
            LocalAudio(way.local.host, NOWHERE, session_id=int.from_bytes(os.urandom(4), "big"))
        )
        self.dialog.media = self.media
        self._line = line
        self._behaviour = behaviour
        self._invite = invite
        self._sdp = b""
        self._success: SuccessRetransmission | None = None
        self._refreshing = False
        self._timers = Timers()

    # What comes from the caller

    def begin(self, now: float) -> None:
        """Ring, or refuse what cannot be answered."""
        interval = self._behaviour.timer(self._invite, now)
        status = self._describe()
        if interval.status != 200:
            self._refuse(interval.status, now, interval.headers)
        elif status is not None:
            self._refuse(status, now)
        else:
            self._line.respond(self.transaction, self._invite.respond(100), now)
            self._line.respond(self.transaction, self.dialog.respond(self._invite, 180), now)
            self._timers.start("answer", now + self._behaviour.rings_s)
            self._timers.start("ringing too long", now + RING_LIMIT_S)

    def receive(self, transaction: ServerTransaction, way: Way, now: float) -> None:
        """Answer a request inside the call."""
        request = transaction.request
        self.way = way
        if self.dialog.state is DialogState.EARLY and request.method == "UPDATE":
            response = self.dialog.respond(request, 500)  # our answer is not out yet (RFC 3311 §5.2)
            response.headers.add("Retry-After", str(RETRY_AFTER_S))
            self._line.respond(transaction, response, now)
            return
        refused = self._behaviour.refuses_inside(request, self.dialog)
        if refused is None:
            response = self._react(request, now)
        else:
            self.dialog.receive_request(request)  # its number counts all the same
            response = self.dialog.respond(request, refused)
        if request.method == "BYE":
            self._end_ringing(now)
        self._line.respond(transaction, response, now)
        if request.method == "INVITE" and response.status == 200:
            self._success = SuccessRetransmission(response, now)
        if request.method == "BYE" or response.status == 481:
            self.over = True

    def acknowledge(self, ack: Request, now: float) -> None:
        """Take the ACK of a 2xx."""
        if not self._behaviour.hears_ack:
            return
        receive_request(self.dialog, ack, now=now, chance=0.0)
        if self._success is None or not self._success.acknowledge(ack):
            return
        self._success = None
        after = self._behaviour.hangs_up_after_s
        if after is not None and ack.cseq.number == self._invite.cseq.number:
            self._timers.start("hang up", now + after)

    def cancel(self, now: float) -> None:
        """End a call that rings (RFC 3261 §9.2); one that is answered goes on."""
        self._end_ringing(now)

    def answered(self, request: Request, response: Response, now: float) -> None:
        """Take the final answer to a request of ours."""
        effect = self.dialog.receive_response(response)
        timer = self.dialog.timer
        if effect is Effect.SUCCEEDED and timer is not None:
            self._refreshing = False
            self.dialog.timer = TimerNegotiation.of(timer).on_2xx(response, now) or timer.restarted(now)
        if effect is Effect.SUCCEEDED and request.method == "INVITE":
            self._line.send(self.way, self.dialog.ack(request, via=self._via()).to_bytes())
        elif effect is Effect.LOST:
            self.hang_up(now)

    def answered_again(self, response: Response) -> None:
        """Take a 2xx again: its ACK got lost."""
        ack = self.dialog.ack_again(response)
        if ack is not None:
            self._line.send(self.way, ack.to_bytes())

    # Time

    def next_timer(self) -> float | None:
        """When `handle_timer` is due, monotonic seconds; None when the call is over."""
        if self.over:
            return None
        repeat = None if self._success is None else self._success.next_timer()
        times = (self._timers.next(), repeat, self._session_due())
        return min((due for due in times if due is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        while not self.over and (fired := self._timers.pop_due(now)) is not None:
            self._fire(fired[0], now)
        self._repeat_success(now)
        due = self._session_due()
        if due is None or due > now:
            return
        timer = self.dialog.timer
        if timer is not None and timer.we_refresh and not self._refreshing:
            self._refresh(now)
        else:
            self.hang_up(now)

    def hang_up(self, now: float) -> None:
        """End the call from our side."""
        if self.over:
            return
        self._end_ringing(now)
        if self.dialog.state is DialogState.CONFIRMED:
            self._ask("BYE", now)
        self.over = True

    # Inside

    def _describe(self) -> int | None:
        """Make the description for the 200; give the status to refuse with where none can be made."""
        body = sdp_body(self._invite)
        if body is None and self._invite.body.strip():
            return 415
        try:
            ours = self.media.offer() if body is None else self.media.receive_offer(parse_sdp(body))
        except OfferRefused:
            return 488
        except SdpError:
            return 400
        self._sdp = ours.to_bytes()
        return None

    def _fire(self, name: str, now: float) -> None:
        if name == "answer":
            self._answer(now)
        elif name == "ringing too long":
            self._refuse(480, now)
        else:
            self.hang_up(now)

    def _answer(self, now: float) -> None:
        interval = self._behaviour.timer(self._invite, now)
        self.dialog.timer = interval.timer
        response = self.dialog.respond(self._invite, 200)
        for name, value in interval.headers:
            response.headers.add(name, value)
        if "supported" not in response.headers:
            response.headers.add("Supported", SUPPORTED)
        self._attach(response, self._sdp)
        self._timers.clear()
        self._timers.start("too long", now + LIMIT_S)
        self._success = SuccessRetransmission(response, now)
        self._line.respond(self.transaction, response, now)

    def _attach(self, response: Response, sdp: bytes) -> None:
        response.body = self._behaviour.sdp(sdp) if sdp else b""
        response.headers.remove("Content-Type")
        if response.body:
            response.headers.add("Content-Type", "application/sdp")

    def _react(self, request: Request, now: float) -> Response:
        chance = random.random()  # noqa: S311 (when the caller is to come back)
        reaction = receive_request(self.dialog, request, now=now, chance=chance)
        assert reaction.response is not None  # noqa: S101 (only an ACK gets none)
        self._attach(reaction.response, reaction.response.body)
        return reaction.response

    def _repeat_success(self, now: float) -> None:
        if self.over or self._success is None:
            return
        response = self._success.handle_timer(now)
        if response is not None:
            self._line.send(self.way, response.to_bytes())
        elif self._success.expired:
            self.hang_up(now)  # RFC 3261 §13.3.1.4

    def _session_due(self) -> float | None:
        timer = self.dialog.timer
        if self.over or timer is None:
            return None
        return timer.refresh_at if timer.we_refresh and not self._refreshing else timer.expires_at

    def _refresh(self, now: float) -> None:
        """Refresh the session, which the caller left to us (RFC 4028 §10)."""
        self._refreshing = True
        method = refresh_method(self.dialog.peer_allows)
        timer = self.dialog.timer
        if timer is None or (method == "INVITE" and not self.dialog.may_invite):
            return
        sdp = self.media.offer().to_bytes() if method == "INVITE" else b""
        self._ask(method, now, timer.headers(), sdp)

    def _ask(
        self, method: str, now: float, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        try:
            request = self.dialog.request(method, via=self._via(), headers=headers, body=body)
            self._line.ask(request, self, now)
        except (RoutingError, SipParseError):
            self.over = True  # the caller's own headers lead nowhere

    def _via(self) -> Via:
        return self.way.local.via(new_branch())

    def _end_ringing(self, now: float) -> None:
        if self.transaction.final is None:
            self._refuse(487, now)

    def _refuse(self, status: int, now: float, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.over = True
        self.dialog.terminate()
        response = refuse(self._invite, status, self.dialog.local.tag or "")
        for name, value in headers:
            response.headers.add(name, value)
        self._line.respond(self.transaction, response, now)
