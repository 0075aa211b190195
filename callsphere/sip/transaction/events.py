"""What transactions tell the one who uses them. Every event names its transaction.

A `Send` is to be put on the wire at once, to where the transaction's other messages go; everything
else is news.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callsphere.sip.message import Request, Response

if TYPE_CHECKING:
    from callsphere.sip.transaction.client import ClientTransaction, InviteClientTransaction
    from callsphere.sip.transaction.server import InviteServerTransaction, ServerTransaction


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes that are due now."""

    transaction: ClientTransaction | ServerTransaction
    data: bytes = field(repr=False)


class RequestToSend(Send):
    """A request for the first time: CANCEL, which the layer sends when RFC 3261 §9.1 lets it."""

    __slots__ = ()


class Retransmit(Send):
    """A request again (timers A and E), or a response again (timer G, or its request came again)."""

    __slots__ = ()


class AckToSend(Send):
    """The ACK for a final response other than 2xx, which is the transaction's own (RFC 3261 §17.1.1.3)."""

    __slots__ = ()


class ResponseToSend(Send):
    """A response for the first time."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Provisional:
    """A 1xx arrived."""

    transaction: ClientTransaction
    response: Response


@dataclass(frozen=True, slots=True)
class Final:
    """The first final response arrived. For an INVITE: a 2xx waits for an ACK from the dialog."""

    transaction: ClientTransaction
    response: Response


@dataclass(frozen=True, slots=True)
class FurtherSuccess:
    """Another 2xx to the same INVITE (RFC 6026 §7.2): a repetition, to be ACKed again, or another fork."""

    transaction: InviteClientTransaction
    response: Response


@dataclass(frozen=True, slots=True)
class CancelReady:
    """CANCEL may go out now, as a transaction of its own (RFC 3261 §9.1); the layer sees to it.

    `wait` is how many seconds its answer is waited for.
    """

    transaction: InviteClientTransaction
    request: Request
    wait: float


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No final response in time: timers B and F, or nothing came after a CANCEL (RFC 3261 §9.1)."""

    transaction: ClientTransaction


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """The transport could not send, or its connection broke before a final response (RFC 3261 §17.1.4)."""

    transaction: ClientTransaction | ServerTransaction
    reason: str


@dataclass(frozen=True, slots=True)
class AckMissing:
    """No ACK came for our final response within timer H (RFC 3261 §17.2.1)."""

    transaction: InviteServerTransaction


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A new request, to be answered with `transaction.respond`.

    `cancels` is the INVITE that a CANCEL is about: answer the CANCEL 200 and the INVITE 487, or the
    CANCEL 481 when it is None (RFC 3261 §9.2). `merged`: the same request is here already by another
    way, so 482 is due (§8.2.2.2).
    """

    transaction: ServerTransaction
    request: Request
    cancels: InviteServerTransaction | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class IncomingAck:
    """An ACK that ends no transaction: it is for a 2xx, and its dialog has to know (RFC 3261 §13.3.1.4)."""

    request: Request


@dataclass(frozen=True, slots=True)
class StrayResponse:
    """A response to no transaction that is alive.

    `ended` is the one it came too late for (a 2xx to an INVITE that was given up still wants ACK and
    BYE); None when it answers nothing that was asked.
    """

    response: Response
    ended: ClientTransaction | None


ClientEvent = Send | Provisional | Final | FurtherSuccess | CancelReady | TimedOut | TransportFailed
ServerEvent = Send | AckMissing | TransportFailed | IncomingAck
Event = ClientEvent | ServerEvent | IncomingRequest | StrayResponse
