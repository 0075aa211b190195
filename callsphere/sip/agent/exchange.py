"""One request of ours on its way: its transaction, its flow, and what came back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.message import Response
from callsphere.sip.transaction import (
    ClientTransaction,
    Event,
    Final,
    FurtherSuccess,
    Provisional,
    StrayResponse,
    TimedOut,
    TransportFailed,
)


class NoFinalAnswer(Exception):
    """A request that got no final response; `cause` is a code of callsphere.sip.causes.

    `rang` says whether a provisional one came.
    """

    def __init__(self, cause: str, detail: str, *, rang: bool = False) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail
        self.rang = rang


class Exchange:
    """A client transaction and those who wait for it.

    `final` gives the final response or raises NoFinalAnswer; `ringing` is done once a provisional
    response came. `listener` hears every response, repetitions and late ones included.
    """

    def __init__(
        self, transaction: ClientTransaction, flow: Flow, listener: Callable[[Response], None] | None = None
    ) -> None:
        loop = asyncio.get_running_loop()
        self.transaction = transaction
        self.flow = flow
        self.sent_at = time.monotonic()
        self.failure: FlowFailed | None = None
        """What the transport said, before the transaction is told."""
        self.final: asyncio.Future[Response] = loop.create_future()
        self.ringing: asyncio.Future[Response] = loop.create_future()
        self.latest_status: int | None = None
        """Of the last provisional response."""
        self._listener = listener

    @property
    def answered(self) -> bool:
        """Whether any response came."""
        return self.ringing.done() or (self.final.done() and self.final.exception() is None)

    def take(self, event: Event, oddity: str | None) -> None:
        """News of the transaction. `oddity` is what unusable thing came from the peer meanwhile."""
        match event:
            case Provisional(response=response):
                self._hear(response)
                self.latest_status = response.status
                if not self.ringing.done():
                    self.ringing.set_result(response)
            case Final(response=response):
                self._hear(response)
                if not self.final.done():
                    self.final.set_result(response)
            case FurtherSuccess(response=response) | StrayResponse(response=response):
                self._hear(response)
            case TimedOut():
                waited = time.monotonic() - self.sent_at
                detail = f"Nothing came back within {waited:.1f} s."
                if self.ringing.done():
                    detail = f"No final answer came within {waited:.1f} s."
                self._give_up("malformed_answer" if oddity else "no_answer", oddity or detail)
            case TransportFailed(reason=reason):
                cause = self.failure.cause if self.failure is not None else "connection_closed"
                detail = self.failure.detail if self.failure is not None else reason
                if cause == "connection_closed" and oddity:
                    cause, detail = "malformed_answer", oddity
                self._give_up(cause, detail)

    def _hear(self, response: Response) -> None:
        if self._listener is not None:
            self._listener(response)

    def _give_up(self, cause: str, detail: str) -> None:
        if not self.final.done():
            self.final.set_exception(NoFinalAnswer(cause, detail, rang=self.ringing.done()))
            self.final.exception()  # asked for once, so that nobody hears of it when nobody waits
