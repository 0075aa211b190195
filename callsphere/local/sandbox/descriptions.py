"""Session descriptions that no carrier should send."""

from __future__ import annotations

import re

_FORMATS = re.compile(rb"(m=audio \d+ \S+) [^\r\n]*")
_MAPS = re.compile(rb"a=(?:rtpmap|fmtp):[^\r\n]*\r\n")
_KEY = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + b"c2FuZGJveCBrZXksIHNlY3JldCB0byBub2JvZHk=" + b"\r\n"


def nothing(sdp: bytes) -> bytes:
    """Say nothing."""
    return b""


def other_codec(sdp: bytes) -> bytes:
    """Choose a codec that was not offered: G.729."""
    return _FORMATS.sub(rb"\1 18", _MAPS.sub(b"", sdp))


def encrypted(sdp: bytes) -> bytes:
    """Demand SRTP where plain RTP was offered."""
    return sdp.replace(b"RTP/AVP", b"RTP/SAVP") + _KEY


def hold_ignored(sdp: bytes) -> bytes:
    """Go on sending when asked to be silent."""
    return sdp.replace(b"a=recvonly", b"a=sendrecv").replace(b"a=inactive", b"a=sendrecv")
