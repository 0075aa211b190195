"""The DNS messages that come and go most: one question, and plain answers to it (RFC 1035 §4, RFC 2782).

Whatever is not plain is `Unusual`, and left to dnspython: answers in TLS or over TCP, other records than
addresses and services, errors of servers, names with other characters than host names have.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from callsphere.sip.resolver.records import Srv

ABSENT_S = 300.0
"""How long the news that there is nothing holds when no SOA says it (RFC 2308 §5 leaves it open)."""

_HEADER = struct.Struct("!6H")
_FIXED = struct.Struct("!HHIH")
_SRV = struct.Struct("!HHH")
_SOA_FIXED = 20
"""Octets of a SOA's five numbers, the last of them MINIMUM; two names of at least one octet come before."""
_RESPONSE, _OPCODE, _TRUNCATED, _RCODE = 0x8000, 0x7800, 0x0200, 0x000F
_RECURSION_DESIRED = 0x0100
_NXDOMAIN = 3
_WITHOUT_QUESTION = frozenset({1, 2, 4, 5})
"""FORMERR, SERVFAIL, NOTIMP, REFUSED: servers leave out the question where they say these."""
_IN, _CNAME, _SOA = 1, 5, 6
_TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "NAPTR": 35}
_LABEL = re.compile(rb"[A-Za-z0-9_-]{1,63}")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_MAX_NAME = 253
_MAX_CHAIN = 8
_MAX_TTL = 2**31 - 1
_TO_QUESTION = b"\xc0\x0c"
"""A name that points at that of the question (§4.1.4)."""


class Unusual(ValueError):
    """A reply that is not plain."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it goes out. `rdtype` is its number."""

    data: bytes
    name: str
    rdtype: int

    @property
    def question(self) -> bytes:
        """Its question section."""
        return self.data[_HEADER.size :]


@dataclass(frozen=True, slots=True)
class Reply:
    """The records of a question, none when there are none, and for how many seconds that holds."""

    records: tuple[Any, ...]
    ttl: float


class _Record(NamedTuple):
    rdtype: int
    ttl: int
    start: int
    end: int


def make_query(name: str, rdtype: str) -> Query | None:
    """A question for a name in lower case without final dot; None where that is not for this module."""
    if rdtype not in _TYPES or len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        return None
    number = _TYPES[rdtype]
    labels = b"".join(bytes((len(label),)) + label for label in name.encode("ascii").split(b"."))
    header = _HEADER.pack(int.from_bytes(os.urandom(2)), _RECURSION_DESIRED, 1, 0, 0, 0)
    return Query(header + labels + struct.pack("!BHH", 0, number, _IN), name, number)


def read_reply(data: bytes, query: Query) -> Reply | None:
    """Read a reply; None for what is no reply to this question. Raises Unusual, and nothing else."""
    if len(data) < _HEADER.size or data[:2] != query.data[:2]:
        return None
    _, flags, questions, answers, authorities, _ = _HEADER.unpack_from(data)
    if not flags & _RESPONSE or flags & _OPCODE:
        return None
    rcode = flags & _RCODE
    if not questions and rcode in _WITHOUT_QUESTION:
        raise Unusual(f"rcode {rcode}")
    after = len(query.data)
    if questions != 1 or data[_HEADER.size : after].lower() != query.question:
        return None
    if flags & _TRUNCATED or rcode not in (0, _NXDOMAIN):
        raise Unusual("truncated" if flags & _TRUNCATED else f"rcode {rcode}")
    try:
        return _read(data, query, after, answers, authorities, exists=rcode == 0)
    except (IndexError, struct.error):
        raise Unusual("cut off") from None


def _read(data: bytes, query: Query, offset: int, answers: int, authorities: int, *, exists: bool) -> Reply:
    by_name: dict[str, list[_Record]] = {}
    for _ in range(answers):
        name, record, offset = _read_record(data, query, offset)
        by_name.setdefault(name, []).append(record)
    name, ttl = query.name, float(_MAX_TTL)
    for _ in range(_MAX_CHAIN):
        owned = by_name.get(name, [])
        found = [record for record in owned if record.rdtype == query.rdtype]
        if found:
            if not exists:
                raise Unusual("records of a name that does not exist")
            return _found(data, query.rdtype, found, ttl)
        aliases = [record for record in owned if record.rdtype == _CNAME]
        if len(aliases) > 1:
            raise Unusual("two aliases of one name")
        if not aliases:
            return Reply((), _absence(data, query, name, offset, authorities, ttl))
        ttl = min(ttl, aliases[0].ttl)
        name, _ = _read_name(data, aliases[0].start)
    raise Unusual("a long chain of aliases")


def _found(data: bytes, rdtype: int, found: list[_Record], ttl: float) -> Reply:
    read = _READERS.get(rdtype)
    if read is None:
        raise Unusual(f"records of type {rdtype}")
    records = dict.fromkeys(read(data, record.start, record.end) for record in found)
    return Reply(tuple(records), min(ttl, *(record.ttl for record in found)))


def _absence(data: bytes, query: Query, name: str, offset: int, authorities: int, ttl: float) -> float:
    """Seconds for which "there is no such record" holds (RFC 2308 §5), as `lookup.absence_ttl` has it."""
    holds: list[float] = []
    for _ in range(authorities):
        zone, record, offset = _read_record(data, query, offset)
        if record.rdtype != _SOA or not (name == zone or name.endswith(f".{zone}") or not zone):
            continue
        if record.end - record.start < _SOA_FIXED + 2:
            raise Unusual("a short SOA")
        holds.append(min(record.ttl, int.from_bytes(data[record.end - 4 : record.end])))
    return min(ttl, *(holds or [ABSENT_S]))


def _read_record(data: bytes, query: Query, offset: int) -> tuple[str, _Record, int]:
    """Owner, record, and where the next one starts."""
    if data[offset : offset + 2] == _TO_QUESTION:
        name, offset = query.name, offset + 2
    else:
        name, offset = _read_name(data, offset)
    rdtype, rdclass, ttl, length = _FIXED.unpack_from(data, offset)
    start = offset + _FIXED.size
    if rdclass != _IN or start + length > len(data):
        raise Unusual("a record of another class" if rdclass != _IN else "cut off")
    # RFC 2181 §8: a TTL with its highest bit set is none.
    return name, _Record(rdtype, ttl if ttl <= _MAX_TTL else 0, start, start + length), start + length


def _read_name(data: bytes, offset: int) -> tuple[str, int]:
    """A name in lower case without final dot, and where it ends."""
    labels: list[bytes] = []
    size, end, earliest = 0, 0, offset
    while length := data[offset]:
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | data[offset + 1]
            end = end or offset + 2
            if target >= earliest:  # pointers lead back (§4.1.4), so that they cannot go round in circles
                raise Unusual("a pointer forwards")
            offset = earliest = target
            continue
        label = data[offset + 1 : offset + 1 + length]
        size += length + 1
        if length != len(label) or size > _MAX_NAME + 1 or not _LABEL.fullmatch(label):
            raise Unusual("no host name")
        labels.append(label)
        offset += 1 + length
    return b".".join(labels).decode("ascii").lower(), end or offset + 1


def _read_a(data: bytes, start: int, end: int) -> str:
    if end - start != 4:
        raise Unusual("no IPv4 address")
    return socket.inet_ntop(socket.AF_INET, data[start:end])


def _read_aaaa(data: bytes, start: int, end: int) -> str:
    if end - start != 16:
        raise Unusual("no IPv6 address")
    return socket.inet_ntop(socket.AF_INET6, data[start:end])


def _read_srv(data: bytes, start: int, end: int) -> Srv:
    priority, weight, port = _SRV.unpack_from(data, start)
    host, after = _read_name(data, start + _SRV.size)
    if after != end:
        raise Unusual("no SRV record")
    return Srv(priority, weight, port, host)


_READERS: dict[int, Callable[[bytes, int, int], Any]] = {1: _read_a, 28: _read_aaaa, 33: _read_srv}
