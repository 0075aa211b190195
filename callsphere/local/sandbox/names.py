"""A name server for the sandbox: names of carriers that are found, half found and not found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from callsphere.local.sandbox.carriers import NOTHING_PORT
from callsphere.sip.nat import Address

ZONE = "sandbox.test"
TTL_S = 60

Records = Mapping[tuple[str, str], list[str]]


def records(base_port: int) -> Records:
    """Name under the zone and type to its records, in presentation format."""
    here = f"here.{ZONE}."
    return {
        ("here", "A"): ["127.0.0.1"],
        ("_sip._udp.good", "SRV"): [f"10 0 {base_port} {here}"],
        ("_sip._udp.half", "SRV"): [f"10 0 {base_port + NOTHING_PORT} {here}", f"20 0 {base_port} {here}"],
        ("_sip._udp.broken", "SRV"): [f"10 0 {base_port} gone.{ZONE}."],
    }


class NameServer(asyncio.DatagramProtocol):
    """Answers for the zone; every other name does not exist."""

    def __init__(self, base_port: int) -> None:
        self._records = {
            (dns.name.from_text(f"{name}.{ZONE}."), dns.rdatatype.from_text(kind)): found
            for (name, kind), found in records(base_port).items()
        }
        self._names = {name for name, _ in self._records}
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        """Keep what sends."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Answer a query; what is none is dropped."""
        try:
            query = dns.message.from_wire(data)
            if query.flags & dns.flags.QR or query.opcode() != dns.opcode.QUERY or not query.question:
                return
            reply = self.reply(query)
        except dns.exception.DNSException:
            return
        self._transport.sendto(reply.to_wire(), addr)

    def reply(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to one question."""
        question = query.question[0]
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        found = self._records.get((question.name, question.rdtype))
        if found is not None:
            rrset = dns.rrset.from_text_list(question.name, TTL_S, dns.rdataclass.IN, question.rdtype, found)
            reply.answer.append(rrset)
        elif not any(name.is_subdomain(question.name) for name in self._names):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply
