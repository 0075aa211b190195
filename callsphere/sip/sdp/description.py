"""Session descriptions as values (RFC 8866, earlier RFC 4566) and as text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callsphere.sip.sdp.errors import SdpError

Attributes = tuple[tuple[str, str | None], ...]
"""`a=` lines in order: name, value or None for a flag."""

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(frozen=True, slots=True)
class Origin:
    """`o=`: who made the description, and which version of it this is (RFC 8866 §5.2).

    `session_id` and `version` are numbers of any length, kept as text because peers send more than
    64 bits and leading zeros.
    """

    username: str
    session_id: str
    version: str
    net_type: str
    address_type: str
    address: str

    def __str__(self) -> str:
        who = f"{self.username} {self.session_id} {self.version}"
        return f"{who} {self.net_type} {self.address_type} {self.address}"


@dataclass(frozen=True, slots=True)
class Connection:
    """`c=`: where media is to be sent (RFC 8866 §5.7). `address` is without TTL and count."""

    net_type: str
    address_type: str
    address: str
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.net_type} {self.address_type} {self.address}{self.suffix}"

    @classmethod
    def to(cls, address: str) -> Connection:
        """The connection of a numeric address."""
        return cls("IN", "IP6" if ":" in address else "IP4", address)

    @property
    def is_unspecified(self) -> bool:
        """Whether it says "send me nothing": 0.0.0.0 or its IPv6 forms (RFC 3264 §8.4, RFC 6157 §4.1)."""
        return self.address.lower() in ("0.0.0.0", "::", "0::0", "::.invalid")  # noqa: S104 (compared, not bound)


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One `m=` section (RFC 8866 §5.14). `formats` are RTP payload numbers as text, in order."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: Connection | None = None
    attributes: Attributes = ()
    port_count: int | None = None
    other_lines: tuple[tuple[str, str], ...] = ()
    """Lines that nothing here needs, such as `b=` and `i=`, in order."""

    @property
    def is_rejected(self) -> bool:
        """Port 0: refused in an answer, switched off in an offer (RFC 3264 §6, §8.2)."""
        return self.port == 0

    def values(self, name: str) -> list[str]:
        """The values of all attributes of this name, flags as ""."""
        return [value or "" for key, value in self.attributes if key.lower() == name]

    def with_direction(self, direction: str) -> MediaDescription:
        """A copy with this direction as its only one, where the old one stood or last."""
        if direction not in DIRECTIONS:
            raise ValueError(f"{direction} is no media direction.")
        kept: list[tuple[str, str | None]] = []
        place = None
        for name, value in self.attributes:
            if name not in DIRECTIONS:
                kept.append((name, value))
            elif place is None:
                place = len(kept)
        kept.insert(len(kept) if place is None else place, (direction, None))
        return replace(self, attributes=tuple(kept))


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description; `origin` is None where a peer left it out."""

    origin: Origin | None = None
    name: str = "-"
    connection: Connection | None = None
    media: tuple[MediaDescription, ...] = ()
    attributes: Attributes = ()
    times: tuple[str, ...] = ("0 0",)
    other_lines: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """The values of all session-level attributes of this name, flags as ""."""
        return [value or "" for key, value in self.attributes if key.lower() == name]

    def attribute_values(self, media: MediaDescription, name: str) -> list[str]:
        """The values that count for a stream: its own, else the session's (RFC 8866 §5.13)."""
        return media.values(name) or self.values(name)

    def connection_of(self, media: MediaDescription) -> Connection | None:
        """The connection that counts for a stream: its own, else the session's (RFC 8866 §5.7)."""
        return media.connection or self.connection

    @property
    def audio(self) -> MediaDescription | None:
        """The audio stream: the first that is not rejected, else the first, else None."""
        streams = [media for media in self.media if media.kind == "audio"]
        return next((media for media in streams if not media.is_rejected), streams[0] if streams else None)

    def same_session(self, other: SessionDescription) -> bool:
        """Whether two descriptions say the same but for the version in `o=`."""
        return replace(self, origin=None) == replace(other, origin=None)

    def lines(self) -> list[str]:
        """The lines of the description, without line breaks, in the order of RFC 8866 §5."""
        lines = ["v=0"]
        if self.origin is not None:
            lines.append(f"o={self.origin}")
        lines.append(f"s={self.name}")
        # i, u, e and p go before c, b after it, z and k after t.
        lines += [f"{key}={value}" for key, value in self.other_lines if key in "iuep"]
        if self.connection is not None:
            lines.append(f"c={self.connection}")
        lines += [f"{key}={value}" for key, value in self.other_lines if key == "b"]
        lines += [f"t={time}" for time in self.times]
        lines += [f"{key}={value}" for key, value in self.other_lines if key not in "iuepb"]
        lines += _attribute_lines(self.attributes)
        for media in self.media:
            lines += _media_lines(media)
        return lines

    def __str__(self) -> str:
        return "".join(f"{line}\r\n" for line in self.lines())

    def to_bytes(self) -> bytes:
        """The description as a body; raise SdpError when a part holds a line break of its own."""
        lines = self.lines()
        if any("\r" in line or "\n" in line for line in lines):
            raise SdpError("A part of the description holds a line break.")
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _media_lines(media: MediaDescription) -> list[str]:
    count = "" if media.port_count is None else f"/{media.port_count}"
    lines = [f"m={media.kind} {media.port}{count} {media.protocol} {' '.join(media.formats)}"]
    lines += [f"{key}={value}" for key, value in media.other_lines if key == "i"]
    if media.connection is not None:
        lines.append(f"c={media.connection}")
    lines += [f"{key}={value}" for key, value in media.other_lines if key != "i"]
    return lines + _attribute_lines(media.attributes)


def _attribute_lines(attributes: Attributes) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes]
