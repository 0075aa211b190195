"""One call of ours, from INVITE to BYE (RFC 3261 §13 to §15), with everything that may cross it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from callsphere.sip.agent.acks import Acks
from callsphere.sip.agent.ending import is_over
from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.inside import CHALLENGES, DialogRequests
from callsphere.sip.agent.invitation import Invitation, Patience
from callsphere.sip.agent.peer_side import PeerSide, is_hang_up
from callsphere.sip.agent.placed import OnCall, keep_nothing
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Answered, AnsweredAgain, CallEvent, Dialog, Reaction, RoutingError, Unwanted
from callsphere.sip.digest import Authenticator
from callsphere.sip.message import Request, Response
from callsphere.sip.sdp import MediaSession, SdpError, SessionDescription, parse_sdp
from callsphere.sip.session_timer import TimerPolicy

HANG_UP_S = 4.0
"""How long the answer to a BYE that nobody judges is waited for."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The peer ended the call: when (monotonic seconds), and what it said about why."""

    at: float
    reason: str


class Call:
    """One call. `place` it; when `dialog` is set, `acknowledge` it; `hang_up` at the end, whatever came.

    `media` holds our offer, `timers` what is asked about the session timer, `on_call` hears how far
    the call has come.
    """

    def __init__(
        self,
        agent: UserAgent,
        authenticator: Authenticator,
        media: MediaSession,
        timers: TimerPolicy,
        on_call: OnCall = keep_nothing,
    ) -> None:
        self.media = media
        self.timers = timers
        self.negotiation = timers.negotiation()
        self.offer: SessionDescription | None = None
        self.dialog: Dialog | None = None
        self.sdp: bytes | None = None
        self.answered_at = 0.0
        self.repeats = 0
        """How often the 2xx came again after our ACK went out."""
        self.ack_lost: str | None = None
        """Why our ACK did not arrive, as far as that is known."""
        self.peer_hang_up: HangUp | None = None
        self._agent = agent
        self._authenticator = authenticator
        self._changed = asyncio.Event()
        self._detour = False  # Route and Contact lead nowhere: hang up where the INVITE went
        self._hung_up = self._left_open = False
        self._invitation = Invitation(agent, authenticator, self.negotiation, self._invitation_heard, on_call)
        self._acks = Acks(agent, self._ack_unreachable)
        self._inside = DialogRequests(
            agent, authenticator, self._hop, lambda: (self._invitation.latest, self._invitation.flow)
        )
        self._peer = PeerSide(agent, lambda: self._invitation.dialogs, self._peer_asked)

    # Calling

    async def place(self, invite: Request, flow: Flow, patience: Patience) -> Response:
        """Send the INVITE, answer challenges and 422; give the final response.

        Raises NoFinalAnswer (after a CANCEL where one is due), Refusal and IntervalLoop.
        """
        try:
            return await self._invitation.place(invite, flow, patience)
        except NoFinalAnswer:
            self._peer.stop()
            raise

    @property
    def with_credentials(self) -> bool:
        """Whether the latest INVITE carried an answer to a challenge."""
        return self._invitation.with_credentials

    @property
    def got_answer(self) -> bool:
        """Whether any response to the INVITE came."""
        return self._invitation.heard

    def _invitation_heard(self, event: CallEvent) -> None:
        if isinstance(event, Answered):
            self._take_answer(event)
        elif isinstance(event, AnsweredAgain):
            if event.dialog is self.dialog and event.ack is not None:
                self.repeats += 1
            self._acks.repeat(event.dialog, event.ack)
        elif isinstance(event, Unwanted):
            self._agent.spawn(self._drop(event.dialog))
        self._changed.set()

    def _take_answer(self, event: Answered) -> None:
        self.dialog = event.dialog
        self.sdp = event.sdp
        self.answered_at = time.monotonic()
        event.dialog.media = self.media
        event.dialog.min_se = self.timers.min_se
        event.dialog.timer = self.negotiation.on_2xx(event.response, self.answered_at)
        try:
            self.media.receive_answer(None if event.sdp is None else parse_sdp(event.sdp))
        except SdpError:
            self.media.receive_answer(None)

    # ACK

    async def acknowledge(self, *, timeout: float) -> RoutingError | FlowFailed | None:
        """Send the ACK where Route and Contact say; where they lead nowhere, back to the INVITE's target.

        Gives what is wrong with them, None when all is well.
        """
        dialog = self.dialog
        assert dialog is not None  # noqa: S101 (asked of an answered call only)
        problem: RoutingError | FlowFailed | None = dialog.problem
        flow = self._invitation.flow
        if problem is None:
            try:
                flow = await self._hop(dialog, timeout)
            except (FlowFailed, RoutingError) as failed:
                problem = failed
                self._detour = True
        try:
            self._acks.send(dialog, self._invitation.latest, flow)
        except FlowFailed as failed:
            problem = problem or failed
        return problem

    @property
    def ack_strayed_to(self) -> str | None:
        """Where our ACK went, when only the Contact wanted it there and it is not where the INVITE went."""
        dialog = self.dialog
        flow = None if dialog is None else self._acks.way_of(dialog)
        if dialog is None or flow is None or dialog.route_set:
            return None
        invited = self._invitation.flow.target
        elsewhere = (flow.target.address, flow.target.port) != (invited.address, invited.port)
        return flow.label if elsewhere else None

    @property
    def left_tls_for(self) -> str | None:
        """Where our ACK went unencrypted, although the INVITE went over TLS."""
        flow = None if self.dialog is None else self._acks.way_of(self.dialog)
        if flow is None or self._invitation.flow.target.transport != "tls" or flow.target.transport == "tls":
            return None
        return flow.label

    def turn_back(self) -> None:
        """Route and Contact turned out to lead nowhere: what follows goes where the INVITE went."""
        self._detour = True

    def _ack_unreachable(self, detail: str) -> None:
        self.ack_lost = detail
        self.turn_back()
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
        current = self._invitation.flow
        if dialog.problem is not None or (dialog is self.dialog and self._detour):
            return current
        flow = await self._agent.hop(dialog.next_hop, current, timeout=timeout)
        if flow is not current and flow.target == current.target:
            # The peer has closed the first connection: from now on this one is where we are.
            dialog.local_contact = flow.local.in_place_of(current.local, dialog.local_contact)
            self._invitation.flow = flow
        return flow

    # The end

    async def hang_up(self) -> None:
        """Leave nothing open: CANCEL what rings, BYE what was answered. Nothing is judged, nothing raised.

        A call whose BYE was refused or not answered is not told as ended: whoever keeps it may try again.
        """
        self._peer.stop()
        await self._invitation.give_up()
        await self._hang_up_answered()
        if self.peer_hang_up is not None or not self._left_open:
            self._invitation.tell_ended()

    async def _hang_up_answered(self) -> None:
        if self.dialog is None or self._hung_up or self.peer_hang_up is not None:
            return
        if self._acks.way_of(self.dialog) is None:
            await self.acknowledge(timeout=HANG_UP_S)
        try:
            await self.bye(timeout=HANG_UP_S)
        except Exception:  # noqa: BLE001 (we are leaving, and have told the peer as well as we can)
            return

    async def bye(self, *, timeout: float) -> Response:
        """Hang up; where Route and Contact lead nowhere, at the INVITE's target. Raises as `request` does."""
        self._hung_up = self._left_open = True
        response = await self._say_bye(timeout)
        self._left_open = not is_over(response)
        return response

    async def _say_bye(self, timeout: float) -> Response:
        try:
            return await self.request("BYE", timeout=timeout)
        except (FlowFailed, RoutingError):
            if self._detour:
                raise
        except NoFinalAnswer as silence:
            # A peer that is silent where the INVITE went is silent; elsewhere, nobody may be there.
            if self._detour or (silence.cause != "connect_refused" and self.ack_strayed_to is None):
                raise
        self.turn_back()
        return await self.request("BYE", timeout=timeout)

    async def _drop(self, dialog: Dialog) -> None:
        """ACK and BYE a fork that nobody wants (RFC 3261 §13.2.2.4)."""
        flow = self._invitation.flow
        with contextlib.suppress(FlowFailed, RoutingError):
            flow = await self._hop(dialog, HANG_UP_S)
        try:
            self._acks.send(dialog, self._invitation.latest, flow)
            bye = dialog.request("BYE", via=flow.via())
            response = await self._agent.ask(bye, flow, timeout=HANG_UP_S)
            if response.status in CHALLENGES:
                repeated = self._agent.was_repeated(bye)
                signed = self._authenticator.answer(response, bye, repeated=repeated)
                await self._agent.ask(dialog.retry(signed, via=flow.via()), flow, timeout=HANG_UP_S)
        except Exception:  # noqa: BLE001 (nobody waits for this call any more)
            return

    def _peer_asked(self, dialog: Dialog, reaction: Reaction | None) -> None:
        if reaction is not None and is_hang_up(reaction) and dialog is self.dialog:
            self.peer_hang_up = self.peer_hang_up or HangUp(time.monotonic(), reaction.detail)
        self._changed.set()
