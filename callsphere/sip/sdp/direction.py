"""Who may send audio, and hold (RFC 3264 §5.1, §6.1, §8.4)."""

from __future__ import annotations

from callsphere.sip.sdp.description import DIRECTIONS, MediaDescription, SessionDescription

_FLOWS = {
    "sendrecv": (True, True),
    "sendonly": (True, False),
    "recvonly": (False, True),
    "inactive": (False, False),
}
"""Whether the describer sends, and whether it receives."""
_BY_FLOWS = {flows: direction for direction, flows in _FLOWS.items()}


def direction_of(session: SessionDescription, media: MediaDescription) -> str:
    """What a description says about a stream: its own attribute, else the session's, else sendrecv.

    A rejected stream is inactive. With the address 0.0.0.0 nothing can be received, which is how
    hold was asked for before RFC 3264 (§8.4).
    """
    if media.is_rejected:
        return "inactive"
    named = _named(media.attributes) or _named(session.attributes) or "sendrecv"
    connection = session.connection_of(media)
    if connection is not None and connection.is_unspecified:
        return _BY_FLOWS[_FLOWS[named][0], False]
    return named


def answer_direction(offered: str, wanted: str = "sendrecv") -> str:
    """The direction to answer with, seen from the answerer (RFC 3264 §6.1).

    `wanted` is what we would have: each way is open only when we want it and the offer has its
    other end.
    """
    their_send, their_receive = _FLOWS[offered]
    our_send, our_receive = _FLOWS[wanted]
    return _BY_FLOWS[our_send and their_receive, our_receive and their_send]


def hold_honoured(answer: SessionDescription, media: MediaDescription) -> bool:
    """Whether an answer to an offer of sendonly or inactive really keeps the peer silent.

    recvonly and inactive do, so does a rejected stream, and 0.0.0.0 from peers of before RFC 3264.
    """
    connection = answer.connection_of(media)
    if connection is not None and connection.is_unspecified:
        return True
    return direction_of(answer, media) in ("recvonly", "inactive")


def _named(attributes: tuple[tuple[str, str | None], ...]) -> str | None:
    return next((name.lower() for name, _ in attributes if name.lower() in DIRECTIONS), None)
