"""Requests of ours inside a dialog: sent where Route and Contact say, challenges answered, 2xx ACKed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace

from callsphere.sip.agent.exchange import Exchange, NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Dialog, RoutingError
from callsphere.sip.digest import Authenticator
from callsphere.sip.message import Request, Response
from callsphere.sip.session_timer import SessionTimer, TimerNegotiation

CHALLENGES = (401, 407)
CANCEL_WAIT_S = 4.0
"""How long the end of a cancelled INVITE is waited for."""

REPLAY_REFUSED = frozenset({400, 403})
"""How peers refuse a nonce that they have seen before, where they do not challenge."""

Hop = Callable[[Dialog, float], Awaitable[Flow]]
"""The way to a dialog's next hop, found within so many seconds; raises FlowFailed or RoutingError."""


Invited = Callable[[], tuple[Request, Flow]]
"""The INVITE of a call, and where it went."""


class DialogRequests:
    """Asks inside dialogs, by the ways that `hop` finds, with the credentials of one authenticator.

    Where the INVITE was challenged, what follows is signed from the start (RFC 3261 §22.2, §22.3), but only
    at the host where the INVITE went: others have to ask.
    """

    def __init__(self, agent: UserAgent, authenticator: Authenticator, hop: Hop, invited: Invited) -> None:
        self._agent = agent
        self._authenticator = authenticator
        self._hop = hop
        self._invited = invited
        self._signed: Request | None = None
        """The latest request that was taken with its credentials."""
        self._may_reuse = True

    async def ask(
        self,
        dialog: Dialog,
        method: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        timeout: float,
    ) -> Response:
        """Give the final response; raise NoFinalAnswer, FlowFailed, RoutingError, Refusal or IntervalLoop.

        An offer in `body` that comes to nothing is withdrawn.
        """
        try:
            flow = await self._hop(dialog, timeout)
            request = dialog.request(method, via=flow.via(), headers=headers, body=body)
            return await self._ask(dialog, self._signed_from_the_start(request, flow), flow, timeout)
        except BaseException:
            if body and dialog.media is not None and dialog.media.offer_pending:
                dialog.media.withdraw_offer()
            raise

    def _signed_from_the_start(self, request: Request, flow: Flow) -> Request:
        invite, invited_by = self._invited()
        if not self._may_reuse or flow.target.address != invited_by.target.address:
            return request
        return self._authenticator.continued(request, self._signed or invite)

    def _note_taken(self, request: Request, response: Response, flow: Flow) -> None:
        """A request had its final answer, and no challenge."""
        self._authenticator.learn(response, request)
        if carries_credentials(request) and flow.target.address == self._invited()[1].target.address:
            self._signed = request

    async def _ask(self, dialog: Dialog, request: Request, flow: Flow, timeout: float) -> Response:
        redialled = False
        replays = carries_credentials(request)
        negotiation: TimerNegotiation | None = None
        while True:
            try:
                forgiven = REPLAY_REFUSED if replays else frozenset[int]()
                response = await self._attempt(dialog, request, flow, timeout, forgiven)
            except NoFinalAnswer as silence:
                if silence.cause != "connection_closed" or redialled:
                    dialog.receive_response(request.respond(408))  # RFC 3261 §8.1.3.1: silence counts as 408
                    raise
                # The peer let go of the connection just then; that says nothing about the call.
                redialled = True
                flow = await self._hop(dialog, timeout)
                request = dialog.retry(self._authenticator.again(request), via=flow.via())
                continue
            redialled = False
            if response.status in forgiven:
                # Perhaps about the nonce alone: once more as if we had never been asked.
                self._may_reuse = False
                again = self._authenticator.forget(request)
            elif response.status in CHALLENGES:
                repeated = self._agent.was_repeated(request)
                again = self._authenticator.answer(response, request, repeated=repeated)
            elif response.status == 422 and "session-expires" in request.headers:
                negotiation = negotiation or TimerNegotiation.in_request(request)
                negotiation.on_422(response)
                dialog.timer = _raised(dialog.timer, negotiation)
                again = with_interval(request, negotiation.headers(), self._authenticator)
            else:
                self._note_taken(request, response, flow)
                return response
            replays = False
            if flow.failure is not None:
                flow = await self._hop(dialog, timeout)
            request = dialog.retry(again, via=flow.via())

    async def _attempt(
        self, dialog: Dialog, request: Request, flow: Flow, timeout: float, forgiven: Collection[int]
    ) -> Response:
        """Send it once. A refusal with one of the `forgiven` codes means nothing to the dialog."""
        way: list[Flow] = []

        def hear(response: Response) -> None:
            again = dialog.ack_again(response) if response.status // 100 == 2 else None
            if again is not None and way:
                with contextlib.suppress(FlowFailed):
                    self._agent.send_ack(again, way[0])

        exchange = self._agent.start(request, flow, timeout=timeout, listener=hear)
        response = await self._final(exchange, timeout)
        if response.status in forgiven:
            return response
        dialog.receive_response(response)
        if request.method == "INVITE" and response.status < 300:
            ack_flow = flow
            with contextlib.suppress(FlowFailed, RoutingError):
                ack_flow = await self._hop(dialog, timeout)
            self._agent.send_ack(dialog.ack(request, via=ack_flow.via()), ack_flow)
            way.append(ack_flow)
        return response

    async def _final(self, exchange: Exchange, timeout: float) -> Response:
        """The final response; a re-INVITE that only rings is cancelled after twice the time."""
        await asyncio.wait({exchange.final}, timeout=2 * timeout)
        if not exchange.final.done():
            self._agent.cancel(exchange, wait=CANCEL_WAIT_S)
        return await exchange.final


def with_interval(
    request: Request, headers: Iterable[tuple[str, str]], authenticator: Authenticator
) -> Request:
    """A copy of a request with other timer headers, and with fresh credentials where it had any."""
    again = Request(request.method, request.uri, request.headers.copy(), request.body)
    for name in ("Session-Expires", "Min-SE"):
        again.headers.remove(name)
    for name, value in headers:
        if name != "Supported":
            again.headers.add(name, value)
    # The same credentials twice would be a replay.
    return authenticator.continued(again, request)


def carries_credentials(request: Request) -> bool:
    """Whether a request answers a challenge."""
    return "authorization" in request.headers or "proxy-authorization" in request.headers


def _raised(timer: SessionTimer | None, negotiation: TimerNegotiation) -> SessionTimer | None:
    """The timer with the interval that a 422 to its refresh asked for."""
    if timer is None:
        return None
    return replace(timer, interval=negotiation.interval, min_se=negotiation.min_se)
