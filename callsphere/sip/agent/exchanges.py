"""All transactions of one user agent, ours and the peer's, driven by one timer (RFC 3261 §17)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from callsphere.sip.agent.answering import Arrival
from callsphere.sip.agent.exchange import Exchange
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.redialling import AcksInDoubt
from callsphere.sip.message import Request, Response
from callsphere.sip.trace import Trace
from callsphere.sip.transaction import (
    AckToSend,
    ClientTransaction,
    Event,
    Final,
    IncomingAck,
    IncomingRequest,
    InviteClientTransaction,
    Retransmit,
    Send,
    StrayResponse,
    TimedOut,
    TransactionLayer,
    TransportFailed,
)

MAX_ODDITIES = 256
MAX_REPEATED = 1024
"""Retransmissions remembered, by branch."""


class Exchanges:
    """Sends what transactions want sent, and tells exchanges what became of them. For one event loop.

    `answer` gives the response to a request of the peer's, None for none; `acknowledged` hears its ACKs.
    `acks` hears of the ACKs to refusals, which transactions send on their own.
    """

    def __init__(
        self,
        trace: Trace,
        acks: AcksInDoubt,
        answer: Callable[[IncomingRequest, Arrival], Response | None],
        acknowledged: Callable[[Request], None],
    ) -> None:
        self._trace = trace
        self._acks = acks
        self._answer = answer
        self._acknowledged = acknowledged
        self._loop = asyncio.get_running_loop()
        self._layer = TransactionLayer()
        self._by_branch: dict[str, Exchange] = {}
        self._repeated: deque[str] = deque(maxlen=MAX_REPEATED)
        self._oddities: deque[tuple[float, str, str]] = deque(maxlen=MAX_ODDITIES)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._closed = False

    # Asking

    def start(
        self, request: Request, flow: Flow, *, timeout: float, listener: Callable[[Response], None] | None
    ) -> Exchange:
        """Send a request as a transaction of its own; `timeout` bounds the wait for its first answer."""
        now = time.monotonic()
        transaction = self._layer.request(request, reliable=flow.reliable, now=now, timeout=timeout)
        exchange = Exchange(transaction, flow, listener)
        transaction.context = exchange
        self._by_branch[request.via.branch or ""] = exchange
        self._send(exchange, transaction.outgoing())
        self._schedule()
        return exchange

    def waiting(self, branch: str) -> Exchange | None:
        """The exchange that waits for answers with this branch."""
        return self._by_branch.get(branch)

    def was_repeated(self, request: Request) -> bool:
        """Whether a request went out more than once."""
        return request.via.branch in self._repeated

    def cancel(self, exchange: Exchange, *, wait: float) -> None:
        """Give an INVITE up (RFC 3261 §9.1)."""
        transaction = exchange.transaction
        if isinstance(transaction, InviteClientTransaction):
            self._carry_out(self._layer.cancel(transaction, time.monotonic(), wait=wait))

    def fail(self, exchange: Exchange, failure: FlowFailed) -> None:
        """The transport gave an exchange up (RFC 3261 §17.1.4)."""
        if self._closed or exchange.transaction.finished:
            return
        exchange.failure = failure
        reason = failure.detail
        self._carry_out(self._layer.transport_failed(exchange.transaction, reason, time.monotonic()))

    def fail_all(self, flow: Flow, failure: FlowFailed) -> None:
        """A connection is over: whatever waits on it will get no answer."""
        for exchange in list(self._by_branch.values()):
            if exchange.flow is flow and not exchange.transaction.finished:
                self.fail(exchange, failure)

    def close(self) -> None:
        """Drive nothing any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    # What arrives

    def take(self, message: Request | Response, address: str, arrival: Arrival, *, reliable: bool) -> None:
        """A message came from an address."""
        if self._closed:
            return
        for event in self._layer.receive(message, time.monotonic(), reliable=reliable):
            if isinstance(event, IncomingRequest):
                event.transaction.context = arrival
                self._respond(event, arrival)
            elif isinstance(event, IncomingAck):
                self._acknowledged(event.request)
            elif isinstance(event, StrayResponse) and event.ended is None:
                self.note(address, "an answer to another transaction")
            else:
                self._carry_out([event])
        self._schedule()

    def note(self, address: str, what: str) -> None:
        """Something unusable came from an address."""
        self._oddities.append((time.monotonic(), address, what))

    def _oddity(self, exchange: Exchange) -> str | None:
        """What unusable thing came from where an exchange waits for its answer."""
        address, since = exchange.flow.target.address, exchange.sent_at
        return next((what for at, source, what in self._oddities if at >= since and source == address), None)

    def _respond(self, event: IncomingRequest, arrival: Arrival) -> None:
        response = self._answer(event, arrival)
        if response is not None:
            self._carry_out(self._layer.respond(event.transaction, response, time.monotonic()))

    # Carrying out

    def _carry_out(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Send):
                self._transmit(event)
                continue
            ended = event.ended if isinstance(event, StrayResponse) else None
            transaction = ended or getattr(event, "transaction", None)
            exchange = transaction.context if isinstance(transaction, ClientTransaction) else None
            # A CANCEL shares the context of its INVITE; what becomes of it is of no interest.
            if isinstance(exchange, Exchange) and exchange.transaction is transaction:
                exchange.take(event, self._oddity(exchange))
                if isinstance(event, Final | TimedOut | TransportFailed):
                    self._let_go(exchange)
        self._schedule()

    def _let_go(self, exchange: Exchange) -> None:
        """An exchange has its end: the way it went is no news to it any more; its transaction lingers."""
        transaction = exchange.transaction
        self._by_branch.pop(transaction.request.via.branch or "", None)
        if not isinstance(transaction, InviteClientTransaction):
            transaction.context = None  # to an INVITE more can come, from forks

    def _transmit(self, event: Send) -> None:
        transaction = event.transaction
        if isinstance(transaction.context, Arrival):
            transaction.context.path(event.data)
            self._trace.add("sent", event.data, transaction.context.label, time.monotonic())
        elif isinstance(transaction, ClientTransaction) and isinstance(transaction.context, Exchange):
            if isinstance(event, Retransmit) and transaction.context.transaction is transaction:
                self._repeated.append(transaction.request.via.branch or "")
            if isinstance(event, AckToSend):
                self._acks.sent(transaction.context.flow, event.data)
            self._send(transaction.context, event.data, transaction)

    def _send(self, exchange: Exchange, data: bytes, transaction: ClientTransaction | None = None) -> None:
        try:
            exchange.flow.send(data)
        except FlowFailed as failure:
            if transaction is None or transaction is exchange.transaction:
                self._loop.call_soon(self.fail, exchange, failure)
            return
        self._trace.add("sent", data, exchange.flow.label, time.monotonic())

    # Time

    def _schedule(self) -> None:
        due = self._layer.next_timer()
        if due is None or self._closed:
            return
        if self._timer is not None:
            if self._timer_at <= due:
                return  # too early does no harm, and most timers are stopped before they fire
            self._timer.cancel()
        self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._tick)
        self._timer_at = due

    def _tick(self) -> None:
        self._timer = None
        self._carry_out(self._layer.handle_timer(time.monotonic()))
