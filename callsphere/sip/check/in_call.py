"""The second half of a call: session timer, hold, refresh, hang-up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable

from callsphere.sip.agent.call import Call
from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import FlowFailed
from callsphere.sip.check.answers import said
from callsphere.sip.check.calling import dropped_of
from callsphere.sip.check.report import Outcome, failed, passed, skipped, troubled, warned
from callsphere.sip.dialog import Dialog, RoutingError, retry_delay
from callsphere.sip.digest import Refusal
from callsphere.sip.message import Response
from callsphere.sip.sdp import SdpError, hold_honoured, parse_sdp, sdp_body
from callsphere.sip.session_timer import IntervalLoop, TimerNegotiation

AFTER_HOLD_S = 0.7
"""How long the call is watched after hold was answered: some carriers drop it then."""
GLARES = 2
"""How often a change of the session that met another one is tried again (RFC 3261 §14.1, §14.2)."""
LONGEST_OVERLAP_S = 10.0
"""The longest Retry-After with which a 500 means just that (RFC 3261 §14.2)."""
PEER_FIRST_S = 4.0
"""How long a session change of the peer's is let finish before ours."""
TIMER_ENDS = " The session timer ends here: this answer has no Session-Expires."
CALL_IS_GONE = frozenset({408, 481})
"""What ends a call though nobody hangs up (RFC 3261 §12.2.1.2)."""
LOST_ON_ROUTE = frozenset({404, 405, 481})
_NOWHERE = frozenset({"address_refused", "dns_not_found", "dns_srv_broken", "uri_invalid"})

Trouble = NoFinalAnswer | FlowFailed | RoutingError | Refusal | IntervalLoop
TROUBLES = (NoFinalAnswer, FlowFailed, RoutingError, Refusal, IntervalLoop)


class Refused(Exception):
    """A request inside the dialog was refused for good."""

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status))
        self.response = response


class InCall:
    """The steps inside one answered and acknowledged call; `timeout` bounds each wait, in seconds."""

    def __init__(self, call: Call, *, timeout: float) -> None:
        assert call.dialog is not None  # noqa: S101 (asked of an answered call only)
        self._call = call
        self._dialog: Dialog = call.dialog
        self._timeout = timeout
        self._agreed = call.dialog.timer
        """The latest timer that both sides agreed on, also when it was turned off since."""

    def session_timer(self) -> Outcome:
        """What the 2xx said about the session timer (RFC 4028 §7.2)."""
        timer = self._dialog.timer
        if timer is None and self._call.timers.required:
            return failed(
                "session_timer_absent", "The answer has no session timer, and the trunk requires one."
            )
        if timer is None:
            return troubled("session_timer_absent", "The answer has no Session-Expires header.")
        who = "us" if timer.we_refresh else "the carrier"
        return passed(f"{timer.interval} s, refreshed by {who}.")

    async def hold(self) -> Outcome:
        """Hold the call and resume it (RFC 3264 §8.4)."""
        early = dropped_of(self._call)
        if early is not None:
            return early
        try:
            response = await self._change("sendonly")
            await self._call.until(self._is_dropped, AFTER_HOLD_S)
            if not self._is_dropped():
                await self._change("sendrecv")
        except Refused as refused:
            await self._call.until(self._is_dropped, AFTER_HOLD_S)
            return self._hold_refused(refused.response)
        except TROUBLES as trouble:
            return self._killed() or _trouble_of(trouble)
        return self._killed() or _judge_hold(response)

    async def refresh(self) -> Outcome:
        """Refresh the session at once, whoever's task it is: UPDATE where allowed, else re-INVITE.

        Where the trunk settles for one method, nothing else would save its calls: the other is not tried.
        """
        early = dropped_of(self._call)
        if early is not None:
            return early
        method = self._call.timers.refresh_method(self._dialog.peer_allows)
        only = method == "INVITE" or self._call.timers.method is not None
        try:
            return await self._refresh_by(method)
        except Refused as refused:
            first = refused.response
            if self._dropped_or_routed(first) is not None or only:
                return self._refresh_refused(method, first)
        except NoFinalAnswer as silence:
            if only:
                return dropped_of(self._call) or _trouble_of(silence)
        except TROUBLES as trouble:
            return dropped_of(self._call) or _trouble_of(trouble)
        return await self._refresh_otherwise()

    async def bye(self) -> Outcome:
        """Hang up."""
        if self._is_dropped():
            return skipped("The carrier has hung up already.")
        try:
            response = await self._call.bye(timeout=self._timeout)
        except TROUBLES as trouble:
            return troubled("bye_rejected", trouble.detail)
        if response.status < 300 or self._is_dropped():
            return passed(said(response))
        return self._routed(response) or troubled("bye_rejected", said(response))

    async def _refresh_otherwise(self) -> Outcome:
        """UPDATE was refused or not answered: try a re-INVITE."""
        try:
            return await self._refresh_by("INVITE")
        except Refused as refused:
            return self._refresh_refused("UPDATE and INVITE", refused.response)
        except TROUBLES as trouble:
            return dropped_of(self._call) or _trouble_of(trouble)

    async def _refresh_by(self, method: str) -> Outcome:
        def body() -> bytes:
            return self._call.media.offer().to_bytes() if method == "INVITE" else b""

        response = await self._ask(method, body)
        ended = self._agreed is not None and self._dialog.timer is None
        return dropped_of(self._call) or passed(f"{method}: {said(response)}{TIMER_ENDS if ended else ''}")

    def _refresh_refused(self, method: str, response: Response) -> Outcome:
        known = self._dropped_or_routed(response)
        return known or troubled("refresh_rejected", f"{method}: {said(response)}")

    def _hold_refused(self, response: Response) -> Outcome:
        detail = said(response)
        if self._is_dropped():
            return self._killed() or troubled("hold_kills_call", detail)
        if response.status in CALL_IS_GONE:
            return self._routed(response) or troubled("hold_kills_call", detail)
        return self._routed(response) or troubled("hold_rejected", detail)

    async def _change(self, direction: str) -> Response:
        """Re-INVITE with another direction for the audio."""
        return await self._ask("INVITE", lambda: self._call.media.offer(direction).to_bytes())

    async def _ask(self, method: str, body: Callable[[], bytes]) -> Response:
        """Send a request that changes or refreshes the session; raise Refused and what Call.request does."""
        for tries_left in reversed(range(GLARES + 1)):
            await self._call.until(lambda: self._dialog.may_invite or self._is_dropped(), PEER_FIRST_S)
            if self._call.media.offer_pending:  # the peer asked for an offer and never answered it
                self._call.media.withdraw_offer()
            response = await self._call.request(
                method, headers=self._timer_headers(), body=body(), timeout=self._timeout
            )
            wait = self._overlap_s(response)
            if wait is None or not tries_left:
                break
            await self._call.until(self._is_dropped, wait)
        if response.status >= 300:
            raise Refused(response)
        self._take_timer(response)
        return response

    def _overlap_s(self, response: Response) -> float | None:
        """Seconds to wait when the change met one of the peer's, None when it was refused for itself."""
        if response.status == 491:
            return retry_delay(owns_call_id=self._dialog.is_caller, chance=random.random())  # noqa: S311 (no secret)
        wait = response.retry_after_s if response.status == 500 else None
        return wait if wait is not None and wait <= LONGEST_OVERLAP_S else None

    def _take_timer(self, response: Response) -> None:
        """A 2xx to a refresh sets the timer, or turns it off (RFC 4028 §7.2)."""
        running = self._dialog.timer or self._agreed
        negotiation = TimerNegotiation() if running is None else TimerNegotiation.of(running)
        self._dialog.timer = negotiation.on_2xx(response, time.monotonic())
        self._agreed = self._dialog.timer or running

    def _timer_headers(self) -> Iterable[tuple[str, str]]:
        """What a refresh asks for; a timer that was turned off is asked for again."""
        timer = self._dialog.timer or self._agreed
        return [("Supported", "timer")] if timer is None else timer.headers()

    def _is_dropped(self) -> bool:
        return self._call.peer_hang_up is not None

    def _killed(self) -> Outcome | None:
        dropped = dropped_of(self._call)
        return None if dropped is None else troubled("hold_kills_call", dropped.detail)

    def _dropped_or_routed(self, response: Response) -> Outcome | None:
        return dropped_of(self._call) or self._routed(response)

    def _routed(self, response: Response) -> Outcome | None:
        """A refusal by a proxy on the way that the carrier itself named."""
        if not self._dialog.route_set or response.status not in LOST_ON_ROUTE:
            return None
        return troubled("route_broken", said(response))


def _trouble_of(trouble: Trouble) -> Outcome:
    if isinstance(trouble, FlowFailed) and trouble.cause in _NOWHERE:
        return troubled("contact_unusable", trouble.detail, discloses=True)
    return failed(trouble.cause, trouble.detail)


def _judge_hold(response: Response) -> Outcome:
    body = sdp_body(response)
    try:
        answer = None if body is None else parse_sdp(body)
    except SdpError as error:
        return warned("hold_not_honoured", error.reason)
    audio = answer.audio if answer is not None else None
    if answer is None or audio is None:
        return troubled("hold_not_honoured", "Hold was answered without a session description.")
    if not hold_honoured(answer, audio):
        return troubled("hold_not_honoured", "sendonly was not answered with recvonly or inactive.")
    return passed("Held and resumed.")
