"""Session descriptions (RFC 8866) and offers and answers of them (RFC 3264), without I/O.

media = MediaSession(LocalAudio("203.0.113.10", 40000, session_id=3890123))
body = media.offer().to_bytes()                     # INVITE
problems = lint_answer(parse_sdp(body), sdp_body(response_200), "198.51.100.7")
media.receive_answer(parse_sdp(sdp_body(response_200)))
body = media.offer("sendonly").to_bytes()           # hold: o= version + 1
body = media.offer().to_bytes()                     # refresh: same version, same bytes
answer = media.receive_offer(parse_sdp(peer_offer)) # the peer's re-INVITE
"""

from __future__ import annotations

from callsphere.sip.sdp.addresses import is_private_address
from callsphere.sip.sdp.body import sdp_body
from callsphere.sip.sdp.codecs import PCMA, PCMU, TELEPHONE_EVENT, Codec, codecs_of, common_codecs
from callsphere.sip.sdp.description import Connection, MediaDescription, Origin, SessionDescription
from callsphere.sip.sdp.direction import answer_direction, direction_of, hold_honoured
from callsphere.sip.sdp.encryption import encryption_agrees, encryption_of, redact_keys
from callsphere.sip.sdp.errors import OfferRefused, SdpError
from callsphere.sip.sdp.lint import Finding, lint_answer
from callsphere.sip.sdp.media_session import LocalAudio, MediaSession, build_answer, build_offer
from callsphere.sip.sdp.parsing import parse_sdp

__all__ = [
    "PCMA",
    "PCMU",
    "TELEPHONE_EVENT",
    "Codec",
    "Connection",
    "Finding",
    "LocalAudio",
    "MediaDescription",
    "MediaSession",
    "OfferRefused",
    "Origin",
    "SdpError",
    "SessionDescription",
    "answer_direction",
    "build_answer",
    "build_offer",
    "codecs_of",
    "common_codecs",
    "direction_of",
    "encryption_agrees",
    "encryption_of",
    "hold_honoured",
    "is_private_address",
    "lint_answer",
    "parse_sdp",
    "redact_keys",
    "sdp_body",
]
