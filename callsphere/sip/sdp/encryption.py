"""Whether audio is encrypted, and how keys are exchanged (RFC 3711, RFC 4568, RFC 5763)."""

from __future__ import annotations

import re
from typing import Literal

from callsphere.sip.sdp.description import MediaDescription, SessionDescription

Encryption = Literal["none", "optional", "sdes", "dtls", "keyless"]
"""none: plain RTP · optional: plain RTP that also offers keys (RFC 8643) · sdes: keys in `a=crypto` ·
dtls: keys by DTLS · keyless: SRTP without any key."""

_KEY_LINES = re.compile(rb"^(a=crypto:[^\r\n]*?inline:|a=key-mgmt:|a=ice-pwd:|k=)[^\r\n]+", re.M | re.I)


def encryption_of(session: SessionDescription, media: MediaDescription) -> Encryption:
    """How a stream is protected; keys and fingerprints may stand at session level too."""
    profile = media.protocol.upper()
    fingerprint = bool(session.attribute_values(media, "fingerprint"))
    crypto = bool(session.attribute_values(media, "crypto"))
    if "SAVP" not in profile:
        return "optional" if crypto or fingerprint else "none"
    if "TLS" in profile:
        return "dtls"
    if crypto:
        return "sdes"
    return "dtls" if fingerprint else "keyless"


def encryption_agrees(offered: Encryption, answered: Encryption) -> bool:
    """Whether an answer's protection fits the offer's."""
    if offered in ("none", "optional"):
        # Keys beside a plain profile bind nobody; an encrypted answer to a plain offer is a refusal.
        return answered in ("none", "optional")
    return offered == answered


def redact_keys(body: bytes) -> bytes:
    """A body fit for traces: key material of `a=crypto`, `a=key-mgmt`, `a=ice-pwd` and `k=` taken out."""
    return _KEY_LINES.sub(rb"\1[redacted]", body)
