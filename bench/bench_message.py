"""What reading and writing a SIP message costs, beside `sipmessage` with the same work on the same bytes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import sipmessage

from bench.framework import Figure, alternate
from callsphere.sip.headers import Address, CSeq, Via
from callsphere.sip.message import Headers, Request, Response, parse_message

NAME = "message"
GOAL = "not slower than sipmessage, which checks less: reading, reading with typed headers, and writing"

LOOPS = 5_000

ANSWER = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 198.51.100.20:5060;branch=z9hG4bK8e1f.2a9c4d71.0;received=198.51.100.20\r\n"
    b"Via: SIP/2.0/UDP 203.0.113.10:52044;rport=52044;branch=z9hG4bK5a0f8c1e9b7d3342\r\n"
    b"Record-Route: <sip:198.51.100.20;lr;ftag=9f3c2ab4d1e0;did=4d2.8b71>\r\n"
    b'From: "Front Desk" <sip:+4930123456@sip.carrier.example>;tag=9f3c2ab4d1e0\r\n'
    b"To: <sip:+15551234567@sip.carrier.example>;tag=as6a1d9f02\r\n"
    b"Call-ID: 3f9a1c7de28b4560a9d1e2f3\r\n"
    b"CSeq: 2 INVITE\r\n"
    b"Contact: <sip:+15551234567@198.51.100.31:5080;transport=udp>\r\n"
    b"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK\r\n"
    b"Supported: timer, replaces, 100rel\r\n"
    b"Require: timer\r\n"
    b"Session-Expires: 1800;refresher=uac\r\n"
    b"User-Agent: Carrier SBC 7.2.4\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 225\r\n"
    b"\r\n"
    b"v=0\r\no=carrier 2890844526 2890842808 IN IP4 198.51.100.40\r\ns=call\r\n"
    b"c=IN IP4 198.51.100.40\r\nt=0 0\r\nm=audio 31244 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
"""What a carrier answers to a call that went through a proxy of its own."""

OFFER = (
    b"v=0\r\no=- 3001 1 IN IP4 203.0.113.10\r\ns=-\r\nc=IN IP4 203.0.113.10\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
URI = "sip:+15551234567@sip.carrier.example"
VIA = "SIP/2.0/UDP 203.0.113.10:52044;rport;branch=z9hG4bK5a0f8c1e9b7d3342"
FROM = '"Front Desk" <sip:+4930123456@sip.carrier.example>;tag=9f3c2ab4d1e0'
TO = "<sip:+15551234567@sip.carrier.example>"
CALL_ID = "3f9a1c7de28b4560a9d1e2f3"
CSEQ = "2 INVITE"
CONTACT = "<sip:+4930123456@203.0.113.10:52044>"
MORE = [
    ("Allow", "INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE"),
    ("Supported", "timer, replaces"),
    ("Session-Expires", "1800"),
    ("User-Agent", "CallSphere"),
    ("Content-Type", "application/sdp"),
]


class Ours:
    """The work as this project's library does it. Its strict readers check more than those of the peer."""

    via, cseq = Via.parse(VIA), CSeq.parse(CSEQ)
    from_, to, contact = Address.parse(FROM), Address.parse(TO), Address.parse(CONTACT)

    def read(self) -> Response:
        """Bytes to an object."""
        message = parse_message(ANSWER)
        assert isinstance(message, Response)
        return message

    def read_typed(self) -> tuple[object, ...]:
        """The same, and five typed headers with the URIs in them."""
        message = self.read()
        from_, to, contacts = message.from_, message.to, message.contacts
        uris = from_.sip_uri, to.sip_uri, contacts[0].sip_uri
        return message.vias, message.cseq, from_, to, contacts, uris

    def write(self) -> bytes:
        """Texts to bytes."""
        return self._written(VIA, FROM, TO, CSEQ, CONTACT)

    def write_typed(self) -> bytes:
        """Typed values to bytes."""
        return self._written(self.via, self.from_, self.to, self.cseq, self.contact)

    def _written(self, via: object, from_: object, to: object, cseq: object, contact: object) -> bytes:
        headers = Headers()
        headers.add("Via", via)
        headers.add("Max-Forwards", "70")
        headers.add("From", from_)
        headers.add("To", to)
        headers.add("Call-ID", CALL_ID)
        headers.add("CSeq", cseq)
        headers.add("Contact", contact)
        for name, value in MORE:
            headers.add(name, value)
        return Request("INVITE", URI, headers, OFFER).to_bytes()


class Peer:
    """The same work with `sipmessage`."""

    uri = sipmessage.URI.parse(URI)
    via, cseq = sipmessage.Via.parse(VIA), sipmessage.CSeq.parse(CSEQ)
    from_, to, contact = (sipmessage.Address.parse(text) for text in (FROM, TO, CONTACT))

    def read(self) -> sipmessage.Response:
        """Bytes to an object."""
        message = sipmessage.Message.parse(ANSWER)
        assert isinstance(message, sipmessage.Response)
        return message

    def read_typed(self) -> tuple[object, ...]:
        """The same, and five typed headers; their URIs are read with them."""
        message = self.read()
        return message.via, message.cseq, message.from_address, message.to_address, message.contact

    def write(self) -> bytes:
        """Texts to bytes."""
        return self._written(VIA, FROM, TO, CSEQ, CONTACT)

    def write_typed(self) -> bytes:
        """Typed values to bytes."""
        via, from_, to = str(self.via), str(self.from_), str(self.to)
        return self._written(via, from_, to, str(self.cseq), str(self.contact))

    def _written(self, via: str, from_: str, to: str, cseq: str, contact: str) -> bytes:
        request = sipmessage.Request("INVITE", self.uri, OFFER)
        headers = request.headers
        headers.add("Via", via)
        headers.add("Max-Forwards", "70")
        headers.add("From", from_)
        headers.add("To", to)
        headers.add("Call-ID", CALL_ID)
        headers.add("CSeq", cseq)
        headers.add("Contact", contact)
        for name, value in MORE:
            headers.add(name, value)
        headers.add("Content-Length", str(len(OFFER)))
        return bytes(request)


def run() -> list[Figure]:
    """Microseconds of CPU per message for each piece of work, in turns with sipmessage."""
    ours, peer = Ours(), Peer()
    return [
        _compared("read a 200 with SDP", ours.read, peer.read),
        _compared("the same, with five typed headers", ours.read_typed, peer.read_typed),
        _compared("write an INVITE with SDP", ours.write, peer.write),
        _compared("the same, from five typed headers", ours.write_typed, peer.write_typed),
    ]


def _compared(name: str, ours: Callable[[], object], peers: Callable[[], object]) -> Figure:
    value, peer_value = alternate(lambda: cost_us(ours), lambda: cost_us(peers))
    return Figure(
        name,
        round(value, 2),
        "us",
        peer="sipmessage",
        peer_value=round(peer_value, 2),
        goal="ratio <= 1",
    )


def cost_us(work: Callable[[], object], loops: int = LOOPS) -> float:
    """Microseconds of CPU that one piece of work takes, garbage of others left out."""
    gc.collect()
    before = time.process_time()
    for _ in range(loops):
        work()
    return (time.process_time() - before) / loops * 1e6
