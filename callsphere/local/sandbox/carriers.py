"""How each sandbox carrier answers. Pure: a request and the time in, a response or nothing out."""

from collections.abc import Callable
from dataclasses import dataclass

from callsphere.sip.message import Request, Response

UP_SECONDS = 180
DOWN_SECONDS = 120
RETRY_AFTER_SECONDS = 30
_ALLOW = "OPTIONS"

Answer = Callable[[Request, float], Response | None]


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of a carrier: offset from the first sandbox port, transport, and for TLS which certificate."""

    offset: int
    transport: str  # udp, tcp, tls
    certificate: str = ""  # "valid" or "expired"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier: where it listens and how it answers `(request, seconds since start)`."""

    name: str
    answer: Answer
    listeners: tuple[Listener, ...]


def healthy(request: Request, now: float) -> Response | None:
    """Answer OPTIONS with 200, and anything else with 405 (RFC 3261 §8.2.1); ACK is never answered."""
    if request.method == "ACK":
        return None
    response = request.respond(200 if request.method == "OPTIONS" else 405, to_tag=_tag(request))
    response.headers.add("Allow", _ALLOW)
    response.headers.add("Accept", "application/sdp")
    return response


def overloaded(request: Request, now: float) -> Response | None:
    """Answer everything with 503 and Retry-After (RFC 3261 §21.5.4)."""
    if request.method == "ACK":
        return None
    response = request.respond(503, to_tag=_tag(request))
    response.headers.add("Retry-After", str(RETRY_AFTER_SECONDS))
    return response


def mute(request: Request, now: float) -> Response | None:
    """Never answer."""
    return None


def comes_and_goes(request: Request, now: float) -> Response | None:
    """Be healthy for three minutes, then silent for two, over and over."""
    return healthy(request, now) if now % (UP_SECONDS + DOWN_SECONDS) < UP_SECONDS else None


CARRIERS = (
    Carrier("healthy", healthy, (Listener(0, "udp"), Listener(0, "tcp"), Listener(1, "tls", "valid"))),
    Carrier("overloaded", overloaded, (Listener(10, "udp"), Listener(10, "tcp"))),
    Carrier("mute", mute, (Listener(20, "udp"),)),
    Carrier("expired certificate", healthy, (Listener(31, "tls", "expired"),)),
    Carrier("comes and goes", comes_and_goes, (Listener(40, "udp"),)),
)


def answer_from(
    carrier: Carrier, request: Request, *, source: tuple[str, int], now: float
) -> Response | None:
    """Return the carrier's response with its name, routed back to where the request came from.

    The top Via gains `received`, and `rport` its value when it was asked for (RFC 3581 §4).
    """
    response = carrier.answer(request, now)
    if response is None:
        return None
    via = request.via.with_param("received", source[0])
    if any(name.lower() == "rport" for name, _value in via.params):
        via = via.with_param("rport", str(source[1]))
    others = [str(each) for each in request.vias[1:]]
    response.headers.set("Via", str(via))
    for other in others:
        response.headers.add("Via", other)
    response.headers.add("Server", f"CallSphere sandbox ({carrier.name})")
    return response


def _tag(request: Request) -> str:
    # The same for each retransmission of a request, as a stateless server's must be (RFC 3261 §8.2.7).
    return f"sandbox{abs(hash((request.call_id, request.via.branch))):x}"
