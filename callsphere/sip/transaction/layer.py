"""All transactions of one user agent: matching, and one clock for them (RFC 3261 §17.1.3, §17.2.3)."""

from __future__ import annotations

import heapq
from itertools import count

from callsphere.sip.message import Request, Response
from callsphere.sip.transaction.client import (
    ClientTransaction,
    InviteClientTransaction,
    client_transaction,
)
from callsphere.sip.transaction.events import (
    CancelReady,
    ClientEvent,
    Event,
    IncomingAck,
    IncomingRequest,
    RequestToSend,
    ServerEvent,
    StrayResponse,
)
from callsphere.sip.transaction.matching import Key, client_key, is_echo, merge_key, server_key
from callsphere.sip.transaction.server import (
    InviteServerTransaction,
    ServerTransaction,
    server_transaction,
)
from callsphere.sip.transaction.timers import RFC_3261, Timing

MAX_ENDED = 1024
"""Ended client transactions remembered, so that late answers are known as such."""
MAX_SERVER_TRANSACTIONS = 4096
"""Requests kept at once where nothing else is said; more are dropped unanswered, and come again if meant."""


class TransactionLayer:
    """Routes messages to transactions and keeps their timers.

    It does not know addresses: the caller sends a transaction's messages where its first one went
    (client) or back where its request came from (server). Whatever a transaction is told has to go
    through the layer, so that its timers are seen. `capacity` is how many requests are kept at once.
    """

    def __init__(self, *, timing: Timing = RFC_3261, capacity: int = MAX_SERVER_TRANSACTIONS) -> None:
        self._timing = timing
        self._capacity = capacity
        self._clients: dict[Key, ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}
        self._merges: dict[Key, Key] = {}
        self._ended: dict[Key, ClientTransaction] = {}
        self._watched: dict[ClientTransaction | ServerTransaction, float] = {}
        self._heap: list[tuple[float, int, ClientTransaction | ServerTransaction]] = []
        self._order = count()

    def __len__(self) -> int:
        """How many transactions are alive."""
        return len(self._clients) + len(self._servers)

    def request(
        self,
        request: Request,
        *,
        reliable: bool,
        now: float,
        timeout: float | None = None,
        context: object = None,
    ) -> ClientTransaction:
        """Start a client transaction; its `outgoing()` is to be sent now.

        Raises ValueError for an ACK or a branch that is in use, SipParseError for what is no SIP.
        """
        transaction = client_transaction(
            request, reliable=reliable, now=now, timeout=timeout, timing=self._timing
        )
        if transaction.key in self._clients:
            raise ValueError("A transaction with this branch and method is under way: take a new branch.")
        transaction.context = context
        self._clients[transaction.key] = transaction
        self._watch(transaction)
        return transaction

    def receive(self, message: Request | Response, now: float, *, reliable: bool = False) -> list[Event]:
        """Take a message from the wire. `reliable`: it came over TCP or TLS."""
        if isinstance(message, Response):
            return self._receive_response(message, now)
        return self._receive_request(message, now, reliable)

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> list[Event]:
        """Answer a request; errors as those of `ServerTransaction.respond`."""
        return self._after_server(transaction, transaction.respond(response, now))

    def cancel(
        self, transaction: InviteClientTransaction, now: float, *, wait: float | None = None
    ) -> list[Event]:
        """Give an INVITE up, as `InviteClientTransaction.cancel`; the CANCEL gets its own transaction."""
        return self._after_client(transaction, transaction.cancel(now, wait=wait), now)

    def transport_failed(
        self, transaction: ClientTransaction | ServerTransaction, reason: str, now: float
    ) -> list[Event]:
        """Tell a transaction that its message could not be sent."""
        if isinstance(transaction, ClientTransaction):
            return self._after_client(transaction, transaction.transport_failed(reason), now)
        return self._after_server(transaction, transaction.transport_failed(reason))

    def next_timer(self) -> float | None:
        """When `handle_timer` is due, monotonic seconds; None when no timer runs."""
        while self._heap and self._heap[0][2].next_timer() != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def handle_timer(self, now: float) -> list[Event]:
        """Fire all timers that are due, in their order."""
        events: list[Event] = []
        while (due := self.next_timer()) is not None and due <= now:
            transaction = heapq.heappop(self._heap)[2]
            self._watched.pop(transaction, None)
            if isinstance(transaction, ClientTransaction):
                events += self._after_client(transaction, transaction.handle_timer(now), now)
            else:
                events += self._after_server(transaction, transaction.handle_timer(now))
        return events

    def _receive_response(self, response: Response, now: float) -> list[Event]:
        key = client_key(response)
        transaction = self._clients.get(key)
        if transaction is not None and is_echo(response, transaction.request):
            return self._after_client(transaction, transaction.receive(response, now), now)
        ended = self._ended.get(key)
        if ended is not None and not is_echo(response, ended.request):
            ended = None
        return [StrayResponse(response, ended)]

    def _receive_request(self, request: Request, now: float, reliable: bool) -> list[Event]:
        known = self._servers.get(server_key(request))
        if known is not None:
            return self._after_server(known, known.receive(request, now))
        if request.method == "ACK":
            return [IncomingAck(request)]
        if len(self._servers) >= self._capacity:
            return []
        transaction = server_transaction(request, reliable=reliable, now=now, timing=self._timing)
        self._servers[server_key(request)] = transaction
        self._watch(transaction)
        cancels = (
            self._servers.get(server_key(request, method="INVITE")) if request.method == "CANCEL" else None
        )
        return [
            IncomingRequest(
                transaction,
                request,
                cancels=cancels if isinstance(cancels, InviteServerTransaction) else None,
                merged=self._is_merged(request),
            )
        ]

    def _is_merged(self, request: Request) -> bool:
        """Whether a request outside a dialog is here already under another branch (RFC 3261 §8.2.2.2)."""
        if request.to_tag is not None or request.method == "CANCEL":
            return False
        first = self._merges.setdefault(merge_key(request), server_key(request))
        return first != server_key(request)

    def _after_client(
        self, transaction: ClientTransaction, news: list[ClientEvent], now: float
    ) -> list[Event]:
        events: list[Event] = []
        for event in news:
            if not isinstance(event, CancelReady):
                events.append(event)
                continue
            cancel = self.request(
                event.request,
                reliable=transaction.reliable,
                now=now,
                timeout=event.wait,
                context=transaction.context,
            )
            events.append(RequestToSend(cancel, cancel.outgoing()))
        if transaction.finished:
            self._end(transaction)
        self._watch(transaction)
        return events

    def _end(self, transaction: ClientTransaction) -> None:
        if self._clients.pop(transaction.key, None) is not None:
            self._ended[transaction.key] = transaction
            while len(self._ended) > MAX_ENDED:
                del self._ended[next(iter(self._ended))]

    def _after_server(self, transaction: ServerTransaction, news: list[ServerEvent]) -> list[Event]:
        if transaction.finished:
            key = server_key(transaction.request)
            self._servers.pop(key, None)
            if self._merges.get(merge_key(transaction.request)) == key:
                del self._merges[merge_key(transaction.request)]
        self._watch(transaction)
        return list(news)

    def _watch(self, transaction: ClientTransaction | ServerTransaction) -> None:
        """Note when a transaction wants to be called; what the heap says otherwise is passed over."""
        due = transaction.next_timer()
        if due is None:
            self._watched.pop(transaction, None)
        elif self._watched.get(transaction) != due:
            self._watched[transaction] = due
            heapq.heappush(self._heap, (due, next(self._order), transaction))
