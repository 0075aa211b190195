"""Reading a session description (RFC 8866), tolerant where carriers are odd and clear.

Tolerated: LF alone, lines in another order, missing `s=`, `t=` and `o=`, spaces at the ends of lines,
empty lines, unknown line types. Refused: what does not say where and how media goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from callsphere.sip.sdp.description import (
    Connection,
    MediaDescription,
    Origin,
    SessionDescription,
)
from callsphere.sip.sdp.errors import SdpError

MAX_SDP_BYTES = 64 * 1024
MAX_MEDIA = 64
"""Longest body and most streams that are read."""

_MEDIA = re.compile(r"([^\s/]+)[ \t]+([0-9]{1,5})(?:/([0-9]{1,5}))?[ \t]+([^\s]+)[ \t]+([^\s].*)")
_ADDRESS = re.compile(r"([^\s/]+)((?:/[0-9]{1,5}){0,2})")


class _Reader:
    """A description while it is being read, line by line."""

    def __init__(self) -> None:
        self.origin: Origin | None = None
        self.name = "-"
        self.times: list[str] = []
        self.session = _Section()
        self.streams: list[_Section] = []

    def take(self, key: str, value: str) -> None:
        """Take one line; raise SdpError when it is unusable."""
        if key == "m":
            self.streams.append(_Section(_parse_media(value)))
            return
        section = self.streams[-1] if self.streams else self.session
        if key == "c":
            section.connection = section.connection or _parse_connection(value)
        elif key == "a":
            name, colon, rest = value.partition(":")
            section.attributes.append((name.strip(" \t"), rest.strip(" \t") if colon else None))
        elif key in "ost" and section is self.session:
            self._take_head(key, value)
        elif key != "v":
            section.other_lines.append((key, value))

    def _take_head(self, key: str, value: str) -> None:
        if key == "t":
            self.times.append(value)
        elif key == "s":
            self.name = value or "-"
        else:
            self.origin = self.origin or _parse_origin(value)


@dataclass(slots=True)
class _Section:
    """The session part, or one stream, while it is being read."""

    media: MediaDescription | None = None
    connection: Connection | None = None
    attributes: list[tuple[str, str | None]] = field(default_factory=list)
    other_lines: list[tuple[str, str]] = field(default_factory=list)

    def finish(self) -> MediaDescription:
        """The stream as read."""
        if self.media is None:
            raise SdpError("A stream has no m= line.")
        return replace(
            self.media,
            connection=self.connection,
            attributes=tuple(self.attributes),
            other_lines=tuple(self.other_lines),
        )


def parse_sdp(data: bytes) -> SessionDescription:
    """Read a body; raise SdpError, and nothing else, for what is no usable description."""
    lines = _lines(data)
    if not lines or lines[0] != ("v", "0"):
        raise SdpError("The description does not start with v=0.")
    reader = _Reader()
    for key, value in lines[1:]:
        reader.take(key, value)
    if len(reader.streams) > MAX_MEDIA:
        raise SdpError(f"The description has more than {MAX_MEDIA} streams.")
    return SessionDescription(
        reader.origin,
        reader.name,
        reader.session.connection,
        tuple(stream.finish() for stream in reader.streams),
        tuple(reader.session.attributes),
        tuple(reader.times) or ("0 0",),
        tuple(reader.session.other_lines),
    )


def _lines(data: bytes) -> list[tuple[str, str]]:
    """Type and value of each line."""
    if len(data) > MAX_SDP_BYTES:
        raise SdpError(f"The description is longer than {MAX_SDP_BYTES} bytes.")
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    lines: list[tuple[str, str]] = []
    for line in (each.rstrip(" \t") for each in text.strip("\0").split("\n")):
        if not line:
            continue
        if len(line) < 2 or line[1] != "=" or not line[0].isascii() or not line[0].isalpha():
            raise SdpError("A line of the description is not of the form letter, equals sign, value.")
        lines.append((line[0].lower(), line[2:].strip(" \t")))
    return lines


def _parse_origin(value: str) -> Origin | None:
    parts = value.split()
    if len(parts) < 6 or not _is_number(parts[-5]) or not _is_number(parts[-4]):
        return None  # who made it matters to nobody who only wants to send media
    # Some user names hold spaces, which the grammar does not allow.
    return Origin("_".join(parts[:-5]), *parts[-5:])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _parse_connection(value: str) -> Connection:
    parts = value.split()
    address = _ADDRESS.fullmatch(parts[2]) if len(parts) == 3 else None
    if address is None or parts[0].upper() != "IN" or parts[1].upper() not in ("IP4", "IP6"):
        raise SdpError("The c= line names no internet address.")
    return Connection("IN", parts[1].upper(), address[1], address[2])


def _parse_media(value: str) -> MediaDescription:
    match = _MEDIA.fullmatch(value)
    if match is None or int(match[2]) > 65535:
        raise SdpError("An m= line does not say medium, port, protocol and formats.")
    kind, port, count, protocol, formats = match.groups()
    return MediaDescription(
        kind.lower(),
        int(port),
        protocol,
        tuple(formats.split()),
        port_count=None if count is None else int(count),
    )
