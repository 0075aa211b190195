"""Finding the session description in a message's body."""

from __future__ import annotations

import re

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import Valued
from callsphere.sip.message import Message

_PART_TYPE = re.compile(rb"^(?:content-type|c)[ \t]*:[ \t]*application/sdp\b", re.I | re.M)


def sdp_body(message: Message) -> bytes | None:
    """The SDP of a message: its whole body, or a part of a multipart one (RFC 5621 §3); None without.

    A body without Content-Type that starts like SDP is taken as such, since some carriers forget the
    header.
    """
    if not message.body.strip():
        return None
    text = message.headers.get("content-type")
    if text is None:
        return message.body if message.body.lstrip().startswith(b"v=0") else None
    try:
        content_type = Valued.parse(text)
    except SipParseError:
        return None
    kind = content_type.value.lower().replace(" ", "")
    if kind == "application/sdp":
        return message.body
    boundary = content_type.param("boundary") if kind.startswith("multipart/") else None
    return _sdp_part(message.body, boundary.encode("utf-8", "surrogateescape")) if boundary else None


def _sdp_part(body: bytes, boundary: bytes) -> bytes | None:
    for part in body.replace(b"\r\n", b"\n").split(b"--" + boundary)[1:]:
        head, _, content = part.lstrip(b"\n").partition(b"\n\n")
        if _PART_TYPE.search(head):
            return content.rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    return None
