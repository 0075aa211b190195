"""Transactions (RFC 3261 §17 and RFC 6026) as data: no sockets, no clock.

A user agent keeps one layer, calls it with messages and the time (monotonic seconds), and carries
out the events. A `Send` goes on the wire at once, where its transaction's messages go:

    layer = TransactionLayer()
    options = layer.request(request, reliable=False, now=now, timeout=10.0)
    socket.send(options.outgoing())
    for event in layer.receive(message, now):     # or layer.handle_timer(now), at layer.next_timer()
        match event:
            case Send(transaction, data): socket.send(data)
            case Provisional(transaction, response) | Final(transaction, response): ...
            case FurtherSuccess(transaction, response): ...     # ACK it again, or ACK and BYE a fork
            case TimedOut(transaction) | TransportFailed(transaction): ...
            case IncomingRequest(transaction, request): ...     # layer.respond(transaction, response, now)
            case IncomingAck(request) | StrayResponse(response, ended): ...

`layer.cancel(invite, now)` gives a call up; its CANCEL goes out when RFC 3261 §9.1 allows it. A
request that is tried once more (credentials, another interval or target) becomes
`next_attempt(request)`: next CSeq number, new branch.
"""

from __future__ import annotations

from callsphere.sip.transaction.client import (
    ClientState,
    ClientTransaction,
    InviteClientTransaction,
    NonInviteClientTransaction,
    client_transaction,
)
from callsphere.sip.transaction.derived import MAGIC_COOKIE, ack_for, cancel_for, new_branch, next_attempt
from callsphere.sip.transaction.events import (
    AckMissing,
    AckToSend,
    CancelReady,
    Event,
    Final,
    FurtherSuccess,
    IncomingAck,
    IncomingRequest,
    Provisional,
    RequestToSend,
    ResponseToSend,
    Retransmit,
    Send,
    StrayResponse,
    TimedOut,
    TransportFailed,
)
from callsphere.sip.transaction.layer import TransactionLayer
from callsphere.sip.transaction.server import (
    InviteServerTransaction,
    NonInviteServerTransaction,
    ServerState,
    ServerTransaction,
    server_transaction,
)
from callsphere.sip.transaction.timers import RFC_3261, Timing

__all__ = [
    "MAGIC_COOKIE",
    "RFC_3261",
    "AckMissing",
    "AckToSend",
    "CancelReady",
    "ClientState",
    "ClientTransaction",
    "Event",
    "Final",
    "FurtherSuccess",
    "IncomingAck",
    "IncomingRequest",
    "InviteClientTransaction",
    "InviteServerTransaction",
    "NonInviteClientTransaction",
    "NonInviteServerTransaction",
    "Provisional",
    "RequestToSend",
    "ResponseToSend",
    "Retransmit",
    "Send",
    "ServerState",
    "ServerTransaction",
    "StrayResponse",
    "TimedOut",
    "Timing",
    "TransactionLayer",
    "TransportFailed",
    "ack_for",
    "cancel_for",
    "client_transaction",
    "new_branch",
    "next_attempt",
    "server_transaction",
]
