"""Traces as packet captures, for the tools that SIP people use.

What was sent over UDP becomes datagrams and what was sent over TCP segments of a stream, between the
addresses that were used. Messages over TLS were never in clear on any wire: a capture with one of them
consists of exported PDUs, as Wireshark itself writes what it has decrypted, each with its addresses, its
ports and what carried it. The texts are redacted as in every other form of a trace.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from callsphere.sip.trace import REDACTED

_MAGIC, _RAW_IP, _UPPER_PDU = 0xA1B2C3D4, 101, 252  # pcap with microseconds; link types of tcpdump.org
_TCP, _UDP = 6, 17
_SYN, _ACK, _PSH_ACK = 0x02, 0x10, 0x18
_PORTS_OF_TCP, _PORTS_OF_UDP = 2, 3
_SEGMENT = 1400
_LONGEST = 262_144
"""Bytes of a packet; a message of the trace has 32,768 characters at most."""
_PEER = re.compile(r"\[?([0-9A-Fa-f:.]+?)\]?:(\d{1,5})/(udp|tcp|tls)")
_VIA = re.compile(
    r"^(?:via|v)[ \t]*:[^\r\n]*?[ \t](\[[0-9A-Fa-f:]+\]|[0-9.]+)(?::(\d{1,5}))?[ \t]*[;\r\n]", re.I | re.M
)
_LENGTH = re.compile(rb"^(content-length|l)([ \t]*:[ \t]*)\d+", re.I | re.M)
# Our credentials are digests, and tools give up on a message where no scheme is named.
_SCHEMELESS = re.compile(rf"^((?:proxy-)?authorization: )({re.escape(REDACTED)})", re.I | re.M)
_UNKNOWN = {4: ip_address("192.0.2.1"), 6: ip_address("2001:db8::1")}  # for documentation: RFC 5737, RFC 3849

Address = IPv4Address | IPv6Address
Side = tuple[Address, int]


@dataclass(frozen=True, slots=True)
class _Message:
    """One message: when (seconds since 1970), our end, theirs, which of them sent it, over what."""

    at: float
    us: Side
    them: Side
    is_sent: bool
    transport: str
    data: bytes

    @property
    def sender(self) -> Side:
        return self.us if self.is_sent else self.them

    @property
    def receiver(self) -> Side:
        return self.them if self.is_sent else self.us


def to_pcap(entries: Iterable[Mapping[str, Any]], started_at: datetime) -> bytes:
    """A capture of trace entries (at_ms, direction, text, peer), which began at `started_at`.

    Entries whose text was not kept have no packet.
    """
    messages = list(_messages(entries, started_at.timestamp()))
    # A capture has packets of one kind alone.
    exported = any(message.transport == "tls" for message in messages)
    packets = _as_exported(messages) if exported else _on_the_wire(messages)
    kind = _UPPER_PDU if exported else _RAW_IP
    head = struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, _LONGEST, kind)
    return b"".join([head, *(_record(at, packet) for at, packet in packets)])


def _messages(entries: Iterable[Mapping[str, Any]], started: float) -> Iterator[_Message]:
    shown: Side | None = None
    for entry in entries:
        text, is_sent = str(entry["text"]), entry["direction"] == "sent"
        found = _PEER.fullmatch(str(entry.get("peer") or ""))
        them: Side = (ip_address(found[1]), int(found[2])) if found else (_UNKNOWN[4], 5060)
        if is_sent:
            shown = _shown_in(text)
        version = them[0].version
        us = shown if shown is not None and shown[0].version == version else (_UNKNOWN[version], 5060)
        if text:
            data = _SCHEMELESS.sub(r"\1Digest \2", text).encode("utf-8", "surrogateescape")
            at = started + int(entry["at_ms"]) / 1000
            yield _Message(at, us, them, is_sent, found[3] if found else "udp", data)


def _on_the_wire(messages: Iterable[_Message]) -> Iterator[tuple[float, bytes]]:
    streams: dict[tuple[Side, Side], _Stream] = {}
    for message in messages:
        sender, receiver = message.sender, message.receiver
        if message.transport == "tcp":
            ends = message.us, message.them
            stream = streams.setdefault(ends, _Stream(*ends))
            for packet in stream.carry(sender, _framed(message.data)):
                yield message.at, packet
        else:
            yield message.at, _ip(sender[0], receiver[0], _UDP, _udp(sender, receiver, message.data))


def _framed(data: bytes) -> bytes:
    """A message whose length is right again: it ends the message on a stream (RFC 3261 §18.3).

    Redaction has made some bodies shorter or longer.
    """
    head, blank, body = data.partition(b"\r\n\r\n")
    return _LENGTH.sub(rb"\g<1>\g<2>%d" % len(body), head) + blank + body


def _as_exported(messages: Iterable[_Message]) -> Iterator[tuple[float, bytes]]:
    for message in messages:
        yield message.at, _exported(message)


def _exported(message: _Message) -> bytes:
    """A message with what is known of its way, in Wireshark's tags (epan/exported_pdu.h)."""
    source, destination = message.sender, message.receiver
    addresses = (20, 21) if source[0].version == 4 else (22, 23)
    carrier = _PORTS_OF_UDP if message.transport == "udp" else _PORTS_OF_TCP
    tags = (
        _tag(12, b"sip\0"),  # the protocol's name, filled up to four bytes
        _tag(addresses[0], source[0].packed),
        _tag(addresses[1], destination[0].packed),
        _tag(24, struct.pack("!I", carrier)),
        _tag(25, struct.pack("!I", source[1])),
        _tag(26, struct.pack("!I", destination[1])),
        _tag(0, b""),
    )
    return b"".join(tags) + message.data


def _tag(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value


def _shown_in(text: str) -> Side | None:
    """Where we sent from, as our topmost Via shows it."""
    found = _VIA.search(text)
    if found is None:
        return None
    try:
        return ip_address(found[1].strip("[]")), int(found[2] or 5060)
    except ValueError:
        return None


class _Stream:
    """One TCP connection that we opened."""

    def __init__(self, client: Side, server: Side) -> None:
        self._next = {client: 1000, server: 5000}
        self._client, self._server = client, server
        self._is_open = False

    def carry(self, sender: Side, data: bytes) -> list[bytes]:
        """The packets that bring data from one side to the other; before the first one they shake hands."""
        packets = [] if self._is_open else self._handshake()
        self._is_open = True
        for at in range(0, len(data), _SEGMENT):
            packets.append(self._packet(sender, _PSH_ACK, data[at : at + _SEGMENT]))
        return packets

    def _handshake(self) -> list[bytes]:
        return [
            self._packet(self._client, _SYN, first=True),
            self._packet(self._server, _SYN | _ACK),
            self._packet(self._client, _ACK),
        ]

    def _packet(self, sender: Side, flags: int, data: bytes = b"", *, first: bool = False) -> bytes:
        receiver = self._server if sender == self._client else self._client
        expected = 0 if first else self._next[receiver]
        head = struct.pack(
            "!HHIIBBHHH", sender[1], receiver[1], self._next[sender], expected, 5 << 4, flags, 65535, 0, 0
        )
        self._next[sender] += len(data) + bool(flags & _SYN)
        return _ip(sender[0], receiver[0], _TCP, _checked(sender[0], receiver[0], _TCP, head + data, 16))


def _udp(sender: Side, receiver: Side, data: bytes) -> bytes:
    data = data[: 65535 - 8 - 40]
    head = struct.pack("!HHHH", sender[1], receiver[1], len(data) + 8, 0)
    return _checked(sender[0], receiver[0], _UDP, head + data, 6)


def _ip(source: Address, destination: Address, protocol: int, payload: bytes) -> bytes:
    if source.version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64)
        return head + source.packed + destination.packed + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0)
    head += source.packed + destination.packed
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + payload


def _checked(source: Address, destination: Address, protocol: int, segment: bytes, at: int) -> bytes:
    """The segment with its checksum, which covers the addresses too (RFC 768, RFC 9293 §3.1)."""
    cover = source.packed + destination.packed + struct.pack("!IxxxB", len(segment), protocol)
    return segment[:at] + struct.pack("!H", _checksum(cover + segment) or 0xFFFF) + segment[at + 2 :]


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _record(at: float, packet: bytes) -> bytes:
    seconds = int(at)
    return struct.pack("<IIII", seconds, int((at - seconds) * 1e6), len(packet), len(packet)) + packet
