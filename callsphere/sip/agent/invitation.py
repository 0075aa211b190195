"""The INVITE of one call, from its first attempt to its final response or CANCEL (RFC 3261 §13, §9)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from callsphere.sip.agent.exchange import Exchange, NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.inside import CANCEL_WAIT_S, CHALLENGES, carries_credentials, with_interval
from callsphere.sip.agent.placed import OnCall, PlacedCall, keep_nothing
from callsphere.sip.agent.redialling import lost_with_its_connection, moved
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Answered, CallEvent, Dialog, DialogSet, Refused, Ringing
from callsphere.sip.digest import Authenticator
from callsphere.sip.message import Request, Response
from callsphere.sip.session_timer import TimerNegotiation
from callsphere.sip.transaction import ack_for, cancel_for, next_attempt

STRAY_END_S = 1.0
"""How long the end of an INVITE is waited for after a CANCEL over another connection than its own."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a first answer, and for the final one after a provisional answer came."""

    first: float
    ringing: float


class Invitation:
    """Sends the INVITE, answers challenges and 422, goes on over new connections, gives up.

    `happened` hears what each response means for the dialogs. `flow` is where the latest attempt went,
    and may be set to the connection that took its place. `on_call` hears how far the call has come.
    """

    def __init__(
        self,
        agent: UserAgent,
        authenticator: Authenticator,
        negotiation: TimerNegotiation,
        happened: Callable[[CallEvent], None],
        on_call: OnCall = keep_nothing,
    ) -> None:
        self.heard = False
        """Whether any response came."""
        self._agent = agent
        self._authenticator = authenticator
        self._negotiation = negotiation
        self._happened = happened
        self._on_call = on_call
        self._ringing: Dialog | None = None
        self._flow: Flow | None = None
        self._latest: Request | None = None
        self._dialogs: DialogSet | None = None
        self._exchange: Exchange | None = None
        self._ended = asyncio.Event()
        self._cancelled_on: Flow | None = None

    @property
    def flow(self) -> Flow:
        """Where the latest attempt went."""
        assert self._flow is not None  # noqa: S101 (set before anything can be answered)
        return self._flow

    @flow.setter
    def flow(self, flow: Flow) -> None:
        self._flow = flow

    @property
    def latest(self) -> Request:
        """The latest attempt."""
        assert self._latest is not None  # noqa: S101 (asked for after the first attempt only)
        return self._latest

    @property
    def dialogs(self) -> list[Dialog]:
        """All dialogs that responses have made."""
        return [] if self._dialogs is None else list(self._dialogs.dialogs.values())

    @property
    def with_credentials(self) -> bool:
        """Whether the latest attempt carried an answer to a challenge."""
        return self._latest is not None and carries_credentials(self._latest)

    async def place(self, invite: Request, flow: Flow, patience: Patience) -> Response:
        """Give the final response.

        Raises NoFinalAnswer (after a CANCEL where one is due), Refusal and IntervalLoop.
        """
        self._flow = flow
        redialled = False
        while True:
            invite = await self._on_open_connection(invite, patience.first)
            try:
                response = await self._attempt(invite, patience)
            except NoFinalAnswer as silence:
                if silence.cause == "connection_closed" and silence.rang:
                    await self._cancel_anew(invite)
                if redialled or not lost_with_its_connection(silence, self.flow):
                    raise
                redialled = True
                invite = next_attempt(self._authenticator.again(invite))
                continue
            redialled = False
            if response.status in CHALLENGES:
                repeated = self._agent.was_repeated(invite)
                invite = next_attempt(self._authenticator.answer(response, invite, repeated=repeated))
            elif response.status == 422:
                self._negotiation.on_422(response)
                longer = with_interval(invite, self._negotiation.headers(), self._authenticator)
                invite = next_attempt(longer)
            else:
                self._authenticator.learn(response, invite)
                return response

    async def give_up(self) -> None:
        """CANCEL what rings and wait for its end; a 2xx that comes all the same is unwanted."""
        exchange = self._exchange
        if self._dialogs is None or exchange is None or exchange.final.done():
            return
        self._dialogs.give_up()
        self._agent.cancel(exchange, wait=CANCEL_WAIT_S)
        await asyncio.wait({exchange.final}, timeout=CANCEL_WAIT_S)
        await self._agent.settle(timeout=CANCEL_WAIT_S)

    async def _on_open_connection(self, invite: Request, timeout: float) -> Request:
        """The INVITE, on a new connection where the peer has closed ours."""
        old = self.flow
        if old.failure is None:
            return invite
        try:
            self._flow = new = await self._agent.reopen(old, timeout=timeout)
        except FlowFailed as failure:
            raise NoFinalAnswer(failure.cause, failure.detail) from None
        again = moved(invite, new)
        again.headers.set("Contact", new.local.in_place_of(old.local, invite.headers.get("contact") or ""))
        return again

    async def _attempt(self, invite: Request, patience: Patience) -> Response:
        self._latest = invite
        await self._on_call(PlacedCall.of("placed", self.flow.target, invite))
        if self._dialogs is None:
            self._dialogs = DialogSet(invite)
        else:
            self._dialogs.resend(invite)
        exchange = self._agent.start(invite, self.flow, timeout=patience.first, listener=self._hear)
        self._exchange = exchange
        waiting: set[asyncio.Future[Response]] = {exchange.final, exchange.ringing}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not exchange.final.done():
            await asyncio.wait({exchange.final}, timeout=patience.ringing)
        if exchange.final.done():
            return exchange.final.result()
        status = exchange.latest_status
        await self.give_up()
        detail = f"No final answer came within {patience.ringing:g} s after {status}."
        raise NoFinalAnswer("call_not_answered", detail, rang=True)

    async def _cancel_anew(self, invite: Request) -> None:
        """CANCEL a call that rang when its connection ended, over a new one: it may be ringing still."""
        assert self._dialogs is not None  # noqa: S101 (the call rang)
        self._dialogs.give_up()
        with contextlib.suppress(FlowFailed, NoFinalAnswer, TimeoutError):
            self._cancelled_on = await self._agent.reopen(self.flow, timeout=CANCEL_WAIT_S)
            await self._agent.ask(cancel_for(invite), self._cancelled_on, timeout=CANCEL_WAIT_S)
            async with asyncio.timeout(STRAY_END_S):
                await self._ended.wait()
            await self._agent.settle(timeout=CANCEL_WAIT_S)

    def _hear(self, response: Response) -> None:
        """A response to an attempt, in whatever state."""
        if self._dialogs is None:
            return
        self.heard = True
        event = self._dialogs.receive(response)
        if event is not None:
            self._happened(event)
            self._tell(event)
        if isinstance(event, Refused) and self._cancelled_on is not None:
            # Its transaction ended with its connection, so nobody else ACKs (RFC 3261 §17.1.1.3).
            with contextlib.suppress(FlowFailed):
                self._agent.send_ack(ack_for(self.latest, response), self._cancelled_on)
        if response.is_final:
            self._ended.set()

    def tell_ended(self) -> None:
        """Nothing is left of the call."""
        if self._latest is not None:
            self._on_call(PlacedCall.of("ended", self.flow.target, self._latest))

    def _tell(self, event: CallEvent) -> None:
        """Pass on how far the call has come; nobody waits until that is kept."""
        target = self.flow.target
        if isinstance(event, Ringing) and event.dialog is not None and event.dialog is not self._ringing:
            self._ringing = event.dialog
            self._on_call(PlacedCall.of("ringing", target, self.latest, event.response))
        elif isinstance(event, Answered):
            self._on_call(PlacedCall.of("answered", target, self.latest, event.response))
        elif isinstance(event, Refused):
            self._on_call(PlacedCall.of("ended", target, self.latest))
