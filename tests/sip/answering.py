"""A carrier that answers calls, over UDP, TCP and TLS: what a healthy one does, each answer replaceable."""

from __future__ import annotations

import socket
from collections.abc import Callable

from callsphere.sip.digest import Verdict, make_challenge, verify
from callsphere.sip.message import Request, Response, StreamParser, parse_message
from callsphere.sip.sdp import LocalAudio, MediaSession, parse_sdp, sdp_body
from tests.peers.scripted import UdpPeer
from tests.waiting import wait_until

Answer = Callable[[Request], Response | None]
REALM = "carrier.test"
NONCE = "abc123"


class Carrier:
    """Answers requests; `requests` keeps all of them, `contact` is where the rest of a call goes.

    `answers` replaces the answer to a method; None from it means silence. With `password` every
    REGISTER and first INVITE of `user` is challenged.
    """

    def __init__(self, *, user: str = "alice", password: str | None = None) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, Answer] = {}
        self.contact = "sip:carrier@127.0.0.1"
        self.user = user
        self.password = password
        self.timer = True
        self.routes: list[str] = []
        self._media: dict[str, MediaSession] = {}
        self._answered: dict[tuple[str | None, str], list[Response]] = {}

    @property
    def methods(self) -> list[str]:
        """What was asked so far, in order."""
        return [request.method for request in self.requests]

    def asked(self, *methods: str) -> bool:
        """Whether exactly this was asked, in order; the last of it may still be under way."""
        wait_until(lambda: len(self.requests) >= len(methods), lambda: str(self.methods))
        return self.methods == list(methods)

    def take(self, request: Request) -> list[Response]:
        """The answers to a request; one that comes again gets them again (RFC 3261 §17.2)."""
        key = (request.via.branch, request.method)
        if key in self._answered:
            return self._answered[key]
        self._answered[key] = []
        self._answered[key] = self._answers_to(request)
        return self._answered[key]

    def _answers_to(self, request: Request) -> list[Response]:
        self.requests.append(request)
        if request.method in self.answers:
            given = self.answers[request.method](request)
            return [] if given is None else [given]
        if request.method == "ACK":
            return []
        if self.password is not None and request.method in ("REGISTER", "INVITE") and not request.to_tag:
            refused = self._challenge(request)
            if refused is not None:
                return [refused]
        if request.method == "REGISTER":
            return [self.registered(request)]
        if request.method == "INVITE":
            ringing = [] if request.to_tag else [request.respond(100)]
            return [*ringing, self.accepted(request)]
        if request.method == "UPDATE":
            return [self.refreshed(request)]
        response = request.respond(200, to_tag="carrier")
        response.headers.add("Server", "Edge 1.0")
        return [response]

    def registered(self, request: Request) -> Response:
        """A 200 that lists the Contact as it was sent."""
        response = request.respond(200, to_tag="carrier")
        for contact in request.headers.get_all("contact"):
            if not contact.endswith("expires=0"):
                response.headers.add("Contact", contact)
        return response

    def refreshed(self, request: Request) -> Response:
        """A 2xx with Contact, routes and session timer."""
        response = request.respond(200, to_tag="carrier")
        response.headers.add("Contact", f"<{self.contact}>")
        response.headers.add("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE")
        for route in self.routes:
            response.headers.add("Record-Route", route)
        if self.timer:
            response.headers.add("Require", "timer")
            interval = (request.headers.get("session-expires") or "90").partition(";")[0]
            response.headers.add("Session-Expires", f"{interval};refresher=uac")
        return response

    def accepted(self, request: Request) -> Response:
        """A 200 to INVITE with an answer to its offer."""
        response = self.refreshed(request)
        media = self._media.setdefault(
            request.call_id, MediaSession(LocalAudio("127.0.0.1", 40000, session_id=5))
        )
        body = sdp_body(request)
        assert body is not None
        response.headers.add("Content-Type", "application/sdp")
        response.body = media.receive_offer(parse_sdp(body)).to_bytes()
        return response

    def _challenge(self, request: Request) -> Response | None:
        verified = verify(
            request,
            realm=REALM,
            password_of=lambda user: self.password if user == self.user else None,
            is_live=lambda nonce: nonce == NONCE,
        )
        if verified.verdict is Verdict.ACCEPTED:
            return None
        response = request.respond(401, to_tag="carrier")
        response.headers.add("WWW-Authenticate", make_challenge(REALM, NONCE, algorithm="SHA-256"))
        return response


def over_udp(carrier: Carrier) -> UdpPeer:
    """The carrier at a UDP port; `carrier.contact` leads there."""

    def script(peer: UdpPeer, data: bytes, source: tuple[str, int]) -> None:
        message = parse_message(data)
        if isinstance(message, Request):
            for response in carrier.take(message):
                peer.send(response.to_bytes(), source)

    peer = UdpPeer(script)
    carrier.contact = f"sip:carrier@127.0.0.1:{peer.port}"
    return peer


def serve(carrier: Carrier, connection: socket.socket) -> None:
    """The carrier on one connection, until that ends."""
    parser = StreamParser()
    while data := connection.recv(65536):
        for event in parser.feed(data):
            if isinstance(event, Request):
                for response in carrier.take(event):
                    connection.sendall(response.to_bytes())
