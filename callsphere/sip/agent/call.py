"""One call of ours, from INVITE to BYE (RFC 3261 §13 to §15), with everything that may cross it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from callsphere.sip.agent.exchange import Exchange, NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.inside import (
    CANCEL_WAIT_S,
    CHALLENGES,
    DialogRequests,
    carries_credentials,
    with_interval,
)
from callsphere.sip.agent.peer_side import PeerSide, is_hang_up
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Answered, AnsweredAgain, Dialog, DialogSet, Reaction, RoutingError, Unwanted
from callsphere.sip.digest import Authenticator
from callsphere.sip.message import Request, Response
from callsphere.sip.sdp import MediaSession, SdpError, SessionDescription, parse_sdp
from callsphere.sip.session_timer import TimerNegotiation
from callsphere.sip.transaction import next_attempt

HANG_UP_S = 4.0
"""How long the answer to a BYE that nobody judges is waited for."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a first answer, and for the final one after a provisional answer came."""

    first: float
    ringing: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """The peer ended the call: when (monotonic seconds), and what it said about why."""

    at: float
    reason: str


class Call:
    """One call. `place` it; when `dialog` is set, `acknowledge` it; `hang_up` at the end, whatever came.

    `media` holds our offer, `negotiation` the session timer that is asked for.
    """

    def __init__(
        self,
        agent: UserAgent,
        authenticator: Authenticator,
        media: MediaSession,
        negotiation: TimerNegotiation,
    ) -> None:
        self.media = media
        self.negotiation = negotiation
        self.offer: SessionDescription | None = None
        self.dialog: Dialog | None = None
        self.sdp: bytes | None = None
        self.answered_at = 0.0
        self.repeats = 0
        """How often the 2xx came again after our ACK went out."""
        self.ack_lost: str | None = None
        """What ICMP said about our ACK."""
        self.peer_hang_up: HangUp | None = None
        self.got_answer = False
        """Whether any response to the INVITE came."""
        self._agent = agent
        self._authenticator = authenticator
        self._dialogs: DialogSet | None = None
        self._flow: Flow | None = None
        self._exchange: Exchange | None = None
        self._invite: Request | None = None
        self._acks: dict[str, Flow] = {}
        self._changed = asyncio.Event()
        self._detour = False  # Route and Contact lead nowhere: hang up where the INVITE went
        self._hung_up = False
        self._inside = DialogRequests(agent, authenticator, self._hop)
        self._peer = PeerSide(agent, self._all_dialogs, self._peer_asked)

    # Calling

    async def place(self, invite: Request, flow: Flow, patience: Patience) -> Response:
        """Send the INVITE, answer challenges and 422; give the final response.

        Raises NoFinalAnswer (after a CANCEL where one is due), Refusal and IntervalLoop.
        """
        self._flow = flow
        while True:
            response = await self._attempt(invite, flow, patience)
            if response.status in CHALLENGES:
                invite = next_attempt(self._authenticator.answer(response, invite))
            elif response.status == 422:
                self.negotiation.on_422(response)
                longer = with_interval(invite, self.negotiation.headers(), self._authenticator)
                invite = next_attempt(longer)
            else:
                return response

    async def _attempt(self, invite: Request, flow: Flow, patience: Patience) -> Response:
        self._invite = invite
        if self._dialogs is None:
            self._dialogs = DialogSet(invite)
        else:
            self._dialogs.resend(invite)
        exchange = self._agent.start(invite, flow, timeout=patience.first, listener=self._hear)
        self._exchange = exchange
        waiting: set[asyncio.Future[Response]] = {exchange.final, exchange.ringing}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not exchange.final.done():
            await asyncio.wait({exchange.final}, timeout=patience.ringing)
        if exchange.final.done():
            return exchange.final.result()
        status = exchange.ringing.result().status
        await self.give_up()
        raise NoFinalAnswer(
            "call_not_answered", f"No final answer came within {patience.ringing:g} s after {status}."
        )

    def _hear(self, response: Response) -> None:
        """A response to the INVITE, in whatever state."""
        if self._dialogs is None:
            return
        self.got_answer = True
        event = self._dialogs.receive(response)
        if isinstance(event, Answered):
            self._take_answer(event)
        elif isinstance(event, AnsweredAgain):
            if event.dialog is self.dialog and event.ack is not None:
                self.repeats += 1
            self._repeat_ack(event.dialog, event.ack)
        elif isinstance(event, Unwanted):
            self._agent.spawn(self._drop(event.dialog))
        self._changed.set()

    def _take_answer(self, event: Answered) -> None:
        self.dialog = event.dialog
        self.sdp = event.sdp
        self.answered_at = time.monotonic()
        event.dialog.media = self.media
        event.dialog.timer = self.negotiation.on_2xx(event.response, self.answered_at)
        try:
            self.media.receive_answer(None if event.sdp is None else parse_sdp(event.sdp))
        except SdpError:
            self.media.receive_answer(None)

    @property
    def with_credentials(self) -> bool:
        """Whether the latest INVITE carried an answer to a challenge."""
        return self._invite is not None and carries_credentials(self._invite)

    # ACK

    async def acknowledge(self, *, timeout: float) -> RoutingError | FlowFailed | None:
        """Send the ACK where Route and Contact say; where they lead nowhere, back to the INVITE's target.

        Gives what is wrong with them, None when all is well.
        """
        dialog = self.dialog
        assert dialog is not None  # noqa: S101 (asked of an answered call only)
        problem: RoutingError | FlowFailed | None = dialog.problem
        flow = self._way_back()
        if problem is None:
            try:
                flow = await self._hop(dialog, timeout)
            except (FlowFailed, RoutingError) as failed:
                problem = failed
                self._detour = True
        try:
            self._send_first_ack(dialog, flow)
        except FlowFailed as failed:
            problem = problem or failed
        return problem

    def _send_first_ack(self, dialog: Dialog, flow: Flow) -> None:
        assert self._invite is not None  # noqa: S101 (a dialog begins with it)
        ack = dialog.ack(self._invite, via=flow.via())
        self._acks[dialog.remote.tag or ""] = flow
        self._agent.send_ack(ack, flow, self._ack_unreachable)

    def _repeat_ack(self, dialog: Dialog, ack: Request | None) -> None:
        flow = self._acks.get(dialog.remote.tag or "")
        if ack is None or flow is None:
            return
        try:
            self._agent.send_ack(ack, flow)
        except FlowFailed as failure:
            self.ack_lost = failure.detail

    def _ack_unreachable(self, detail: str) -> None:
        self.ack_lost = detail
        self._detour = True
        self._changed.set()

    async def until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so, at most so long; whether it came about."""
        deadline = time.monotonic() + seconds
        while not ready():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._changed.clear()
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                return ready()
        return True

    # Inside the dialog

    async def request(
        self, method: str, *, headers: Iterable[tuple[str, str]] = (), body: bytes = b"", timeout: float
    ) -> Response:
        """Send a request inside the dialog, answer challenges, ACK a 2xx to INVITE; give the final response.

        Raises NoFinalAnswer, FlowFailed, RoutingError, Refusal and IntervalLoop.
        """
        assert self.dialog is not None  # noqa: S101 (asked of an answered call only)
        return await self._inside.ask(self.dialog, method, headers=headers, body=body, timeout=timeout)

    async def _hop(self, dialog: Dialog, timeout: float) -> Flow:
        current = self._way_back()
        if dialog.problem is not None or (dialog is self.dialog and self._detour):
            return current
        return await self._agent.hop(dialog.next_hop, current, timeout=timeout)

    def _way_back(self) -> Flow:
        assert self._flow is not None  # noqa: S101 (set before anything can be answered)
        return self._flow

    # The end

    async def give_up(self) -> None:
        """CANCEL the INVITE, and wait for its end; a 2xx that comes all the same is ACKed and hung up."""
        self._peer.stop()
        exchange = self._exchange
        if self._dialogs is None or exchange is None or exchange.final.done():
            return
        self._dialogs.give_up()
        self._agent.cancel(exchange, wait=CANCEL_WAIT_S)
        await asyncio.wait({exchange.final}, timeout=CANCEL_WAIT_S)
        await self._agent.settle(timeout=HANG_UP_S)

    async def hang_up(self) -> None:
        """Leave nothing open: CANCEL what rings, BYE what was answered. Nothing is judged, nothing raised."""
        await self.give_up()
        if self.dialog is None or self._hung_up or self.peer_hang_up is not None:
            return
        if (self.dialog.remote.tag or "") not in self._acks:
            await self.acknowledge(timeout=HANG_UP_S)
        try:
            await self.bye(timeout=HANG_UP_S)
        except Exception:  # noqa: BLE001 (we are leaving, and have told the peer as well as we can)
            return

    async def bye(self, *, timeout: float) -> Response:
        """Hang up; where Route and Contact lead nowhere, at the INVITE's target. Raises as `request` does."""
        self._hung_up = True
        try:
            return await self.request("BYE", timeout=timeout)
        except (FlowFailed, RoutingError):
            if self._detour:
                raise
        except NoFinalAnswer as silence:
            if self._detour or silence.cause != "connect_refused":
                raise
        self._detour = True
        return await self.request("BYE", timeout=timeout)

    async def _drop(self, dialog: Dialog) -> None:
        """ACK and BYE a fork that nobody wants (RFC 3261 §13.2.2.4)."""
        assert self._invite is not None  # noqa: S101 (a dialog begins with it)
        flow = self._way_back()
        with contextlib.suppress(FlowFailed, RoutingError):
            flow = await self._hop(dialog, HANG_UP_S)
        try:
            self._send_first_ack(dialog, flow)
            bye = dialog.request("BYE", via=flow.via())
            response = await self._agent.ask(bye, flow, timeout=HANG_UP_S)
            if response.status in CHALLENGES:
                signed = self._authenticator.answer(response, bye)
                await self._agent.ask(dialog.retry(signed, via=flow.via()), flow, timeout=HANG_UP_S)
        except Exception:  # noqa: BLE001 (nobody waits for this call any more)
            return

    def _all_dialogs(self) -> Iterable[Dialog]:
        return () if self._dialogs is None else self._dialogs.dialogs.values()

    def _peer_asked(self, dialog: Dialog, reaction: Reaction | None) -> None:
        if reaction is not None and is_hang_up(reaction) and dialog is self.dialog:
            self.peer_hang_up = self.peer_hang_up or HangUp(time.monotonic(), reaction.detail)
        self._changed.set()
