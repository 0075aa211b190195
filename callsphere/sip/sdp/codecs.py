"""Audio formats and how two descriptions share them (RFC 3264 §6.1, RFC 3551 §6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from callsphere.sip.sdp.description import MediaDescription


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type: number, encoding name as written, clock rate in Hz, channels, `a=fmtp` value."""

    payload: int
    name: str
    clock: int
    channels: int = 1
    fmtp: str | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes two payload types the same format, whatever their numbers (RFC 3264 §6.1)."""
        name = self.name.upper()
        # RFC 3551 §4.5.2: G722 is announced with 8000 by an old mistake; some announce the true 16000.
        return name, 8000 if name == "G722" else self.clock, self.channels

    @property
    def is_speech(self) -> bool:
        """Whether it carries a voice: not keypad tones, comfort noise or redundancy."""
        return self.name.upper() not in ("TELEPHONE-EVENT", "TONE", "CN", "RED", "ULPFEC", "RTX")

    @property
    def rtpmap(self) -> str:
        """The value of its `a=rtpmap`."""
        channels = "" if self.channels == 1 else f"/{self.channels}"
        return f"{self.payload} {self.name}/{self.clock}{channels}"


PCMU = Codec(0, "PCMU", 8000)
PCMA = Codec(8, "PCMA", 8000)
TELEPHONE_EVENT = Codec(101, "telephone-event", 8000, fmtp="0-15")

STATIC = {
    codec.payload: codec
    for codec in (
        PCMU,
        Codec(3, "GSM", 8000),
        Codec(4, "G723", 8000),
        Codec(5, "DVI4", 8000),
        Codec(6, "DVI4", 16000),
        Codec(7, "LPC", 8000),
        PCMA,
        Codec(9, "G722", 8000),
        Codec(10, "L16", 44100, 2),
        Codec(11, "L16", 44100),
        Codec(12, "QCELP", 8000),
        Codec(13, "CN", 8000),
        Codec(14, "MPA", 90000),
        Codec(15, "G728", 8000),
        Codec(16, "DVI4", 11025),
        Codec(17, "DVI4", 22050),
        Codec(18, "G729", 8000),
    )
}
"""Audio payload types that need no `a=rtpmap` (RFC 3551 §6, table 4)."""

_RTPMAP = re.compile(r"([0-9]{1,3})[ \t]+([^\s/]+)/([0-9]{1,6})(?:/([0-9]{1,3}))?[ \t]*")
_FMTP = re.compile(r"([0-9]{1,3})[ \t]+(.+)")
_PAYLOAD = re.compile(r"[0-9]{1,3}")


def codecs_of(media: MediaDescription, *, like: MediaDescription | None = None) -> list[Codec]:
    """The formats of a stream in order of preference; numbers that nothing explains are left out.

    `like` is the offer that an answer belongs to: a number that the answer does not explain means
    there what it meant in the offer.
    """
    explained = dict(STATIC)
    if like is not None:
        explained |= {codec.payload: codec for codec in codecs_of(like)}
    explained |= _mapped(media)
    parameters = {int(match[1]): match[2] for match in map(_FMTP.fullmatch, media.values("fmtp")) if match}
    found: list[Codec] = []
    for text in media.formats:
        codec = explained.get(int(text)) if _PAYLOAD.fullmatch(text) else None
        if codec is not None and codec not in found:
            found.append(
                Codec(codec.payload, codec.name, codec.clock, codec.channels, parameters.get(codec.payload))
            )
    return found


def common_codecs(offer: MediaDescription, answer: MediaDescription) -> list[Codec]:
    """The speech formats of an answer that the offer had too, in the answer's order.

    Numbers may differ: formats are matched by name, clock rate and channels. Keypad tones alone
    are no conversation.
    """
    offered = {codec.key for codec in codecs_of(offer)}
    return [codec for codec in codecs_of(answer, like=offer) if codec.is_speech and codec.key in offered]


def codec_attributes(codecs: list[Codec]) -> list[tuple[str, str | None]]:
    """The `a=rtpmap` and `a=fmtp` lines of formats, static ones included (RFC 3551 §6 recommends it)."""
    lines: list[tuple[str, str | None]] = []
    for codec in codecs:
        lines.append(("rtpmap", codec.rtpmap))
        if codec.fmtp is not None:
            lines.append(("fmtp", f"{codec.payload} {codec.fmtp}"))
    return lines


def _mapped(media: MediaDescription) -> dict[int, Codec]:
    found: dict[int, Codec] = {}
    for value in media.values("rtpmap"):
        match = _RTPMAP.fullmatch(value)
        if match is not None:
            payload, name, clock, channels = match.groups()
            found.setdefault(int(payload), Codec(int(payload), name, int(clock), int(channels or 1)))
    return found
