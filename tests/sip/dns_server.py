"""A small name server on loopback that says what a test wants, over real UDP."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Question = tuple[str, str]
"""Name without final dot, record type."""


class DnsServer:
    """Answers from what `set` was told; every question asked is kept in `asked`.

    `then` answers are given one after the other, the last one for ever. Names in `mute` get no
    answer, nor do questions for `mute_types`; names in `broken` SERVFAIL. Everything else does not
    exist. `soa` (zone, TTL, MINIMUM) comes with the news that something is absent.
    """

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.mute: set[str] = set()
        self.mute_types: set[str] = set()
        self.broken: set[str] = set()
        self.ttl = 300
        self.soa: tuple[str, int, int] | None = None
        self._answers: dict[Question, list[list[str]]] = defaultdict(list)
        self._aliases: dict[str, str] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._socket.getsockname()
        return host, port

    def set(self, name: str, rdtype: str, *records: str) -> None:
        """Answer a question with these records, in presentation format."""
        self._answers[name, rdtype] = [list(records)]

    def then(self, name: str, rdtype: str, *records: str) -> None:
        """Answer the next time with these records instead."""
        self._answers[name, rdtype].append(list(records))

    def alias(self, name: str, target: str) -> None:
        """Answer every question about `name` with a CNAME and the target's records."""
        self._aliases[name] = target

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An empty datagram wakes the thread: closing a socket alone does not.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.address)
        self._thread.join(60)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65535)
            if not data:
                return
            reply = self._reply(dns.message.from_wire(data))
            if reply is not None:
                self._socket.sendto(reply.to_wire(max_size=65535), peer)

    def _reply(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        rdtype = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, rdtype))
        if name in self.mute or rdtype in self.mute_types:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if name in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        if name in self._aliases:
            reply.answer.append(
                dns.rrset.from_text(question.name, self.ttl, "IN", "CNAME", f"{self._aliases[name]}.")
            )
            name = self._aliases[name]
        records = self._records(name, rdtype)
        if records:
            reply.answer.append(
                dns.rrset.from_text(dns.name.from_text(f"{name}."), self.ttl, "IN", rdtype, *records)
            )
        elif not reply.answer and not any(known == name for known, _ in self._answers):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if not records and self.soa is not None:
            zone, ttl, minimum = self.soa
            text = f"ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 {minimum}"
            reply.authority.append(dns.rrset.from_text(f"{zone}.", ttl, "IN", "SOA", text))
        return reply

    def _records(self, name: str, rdtype: str) -> list[str]:
        answers = self._answers.get((name, rdtype), [])
        if len(answers) > 1:
            return answers.pop(0)
        return answers[0] if answers else []
