"""Traces as packet captures, for the tools that SIP people use.

What was sent over UDP becomes datagrams and what was sent over TCP segments of a stream, between the
addresses that were used. Messages over TLS were never in clear on any wire: they are put into datagrams, so
that tools show them. The texts are redacted as in every other form of a trace.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

_MAGIC, _RAW_IP = 0xA1B2C3D4, 101  # pcap with microseconds; LINKTYPE_RAW
_TCP, _UDP = 6, 17
_SYN, _ACK, _PSH_ACK = 0x02, 0x10, 0x18
_SEGMENT = 1400
_PEER = re.compile(r"\[?([0-9A-Fa-f:.]+?)\]?:(\d{1,5})/(udp|tcp|tls)")
_VIA = re.compile(
    r"^(?:via|v)[ \t]*:[^\r\n]*?[ \t](\[[0-9A-Fa-f:]+\]|[0-9.]+)(?::(\d{1,5}))?[ \t]*[;\r\n]", re.I | re.M
)
_UNKNOWN = {4: ip_address("192.0.2.1"), 6: ip_address("2001:db8::1")}  # for documentation: RFC 5737, RFC 3849

Address = IPv4Address | IPv6Address
Side = tuple[Address, int]


def to_pcap(entries: Iterable[Mapping[str, Any]], started_at: datetime) -> bytes:
    """A capture of trace entries (at_ms, direction, text, peer), which began at `started_at`."""
    packets = [struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, 65535, _RAW_IP)]
    streams: dict[tuple[Side, Side], _Stream] = {}
    us: Side | None = None
    for entry in entries:
        found = _PEER.fullmatch(str(entry.get("peer") or ""))
        peer: Side = (ip_address(found[1]), int(found[2])) if found else (_UNKNOWN[4], 5060)
        if entry["direction"] == "sent" or us is None:
            us = _shown_in(str(entry["text"])) if entry["direction"] == "sent" else None
        here: Side = (
            us if us is not None and us[0].version == peer[0].version else (_UNKNOWN[peer[0].version], 5060)
        )
        sender, receiver = (here, peer) if entry["direction"] == "sent" else (peer, here)
        data = str(entry["text"]).encode("utf-8", "surrogateescape")
        at = started_at.timestamp() + int(entry["at_ms"]) / 1000
        if found and found[3] == "tcp":
            stream = streams.setdefault((here, peer), _Stream(here, peer))
            packets += [_record(at, packet) for packet in stream.carry(sender, data)]
        else:
            packets.append(_record(at, _ip(sender[0], receiver[0], _UDP, _udp(sender, receiver, data))))
    return b"".join(packets)


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
