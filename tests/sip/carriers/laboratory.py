"""Carriers made of plain text, over real UDP, TCP and TLS sockets; they share no code with what they test."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.peers.scripted import StreamPeer, UdpPeer

USER = "alice"
PASSWORD = "pass word with spaces 7"
Send = Callable[[bytes], None]
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}
_ECHOED = ("via", "from", "to", "call-id", "cseq")


@dataclass(frozen=True)
class Heard:
    """A message from the wire and when it came (monotonic seconds)."""

    at: float
    text: str
    start: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def method(self) -> str:
        """The method, or the code of a response."""
        first, second, *_ = self.start.split(" ", 2)
        return second if first == "SIP/2.0" else first

    @property
    def uri(self) -> str:
        """The Request-URI."""
        return self.start.split(" ")[1]

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name: str) -> str:
        """The first value of a header, empty when it is missing."""
        return next(iter(self.all(name)), "")

    def tag(self, name: str) -> str | None:
        """The tag of From or To."""
        found = re.search(r";tag=([^;>\s]+)", self.get(name))
        return found[1] if found else None

    @property
    def branch(self) -> str:
        """The branch of the topmost Via."""
        found = re.search(r";branch=([^;,\s]+)", self.get("via"))
        return found[1] if found else ""

    @property
    def cseq(self) -> int:
        """The number in CSeq."""
        return int(self.get("cseq").split()[0])


def read(data: bytes) -> Heard:
    """A message as text."""
    head, end, body = data.decode().lstrip("\r\n").partition("\r\n\r\n")
    if not end:
        head, _, body = head.partition("\n\n")
    start, *lines = head.splitlines()
    headers = tuple(
        (_COMPACT.get(name.strip().lower(), name.strip().lower()), value.strip())
        for name, _, value in (each.partition(":") for each in lines)
    )
    return Heard(time.monotonic(), data.decode(), start, headers, body)


@dataclass
class Carrier:
    """A healthy carrier. Subclasses replace the method for what they do otherwise.

    `challenge` is what follows "Digest" in the challenge to REGISTER and the first INVITE.
    """

    challenge: str | None = None
    contact: str = "<sip:gw@{host}:{port}{transport}>"
    routes: tuple[str, ...] = ()
    session: str | None = "90;refresher=uac"
    allow: str | None = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE"
    heard: list[Heard] = field(default_factory=list)
    sent: list[Heard] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0
    transport: str = "udp"
    resends: bool = True
    _timers: list[threading.Timer] = field(default_factory=list)
    _answers: dict[bytes, list[bytes]] = field(default_factory=dict)

    # What a test may replace

    def options(self, request: Heard, send: Send) -> None:
        """Answer OPTIONS."""
        self.reply(send, request, "200 OK")

    def register(self, request: Heard, send: Send) -> None:
        """Answer REGISTER."""
        if self.challenged(request, send, "401 Unauthorized", "WWW-Authenticate"):
            return
        removed = "expires=0" in request.get("contact")
        listed = "" if removed else f"Contact: {request.get('contact')}\r\n"
        self.reply(send, request, "200 OK", listed)

    def invite(self, request: Heard, send: Send) -> None:
        """Answer the INVITE that starts a call."""
        if self.challenged(request, send, "407 Proxy Authentication Required", "Proxy-Authenticate"):
            return
        self.reply(send, request, "100 Trying", tag=None)
        self.reply(send, request, "180 Ringing")
        self.accept(request, send)

    def reinvite(self, request: Heard, send: Send) -> None:
        """Answer an INVITE inside the call."""
        self.accept(request, send)

    def update(self, request: Heard, send: Send) -> None:
        """Answer UPDATE."""
        self.reply(send, request, "200 OK", self.dialog_headers(request))

    def bye(self, request: Heard, send: Send) -> None:
        """Answer BYE."""
        self.reply(send, request, "200 OK")

    def cancel(self, request: Heard, send: Send) -> None:
        """Answer CANCEL, and end what it cancels."""
        self.reply(send, request, "200 OK")
        invite = next(each for each in self.heard if each.branch == request.branch)
        self.reply(send, invite, "487 Request Terminated")

    def ack(self, request: Heard, send: Send) -> None:
        """Take an ACK."""

    def answer_sdp(self, request: Heard) -> str:
        """The answer to the offer of a request."""
        direction = {"sendonly": "recvonly", "inactive": "inactive"}.get(
            direction_of(request.body), "sendrecv"
        )
        return sdp(f"a={direction}\r\n")

    # What they are made of

    def accept(self, request: Heard, send: Send) -> None:
        """200 with an answer, repeated over UDP until an ACK comes."""
        body = self.answer_sdp(request)
        self.ok(request, send, body)

    def ok(self, request: Heard, send: Send, body: str, extra: str = "", tag: str = "carrier") -> None:
        """200 with a given body, repeated over UDP until an ACK comes."""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = self.text(request, "200 OK", self.dialog_headers(request) + extra + kind, body, tag=tag)
        self.put(send, text)
        self._again(request, send, text, 0.5)

    def _again(self, request: Heard, send: Send, text: str, after: float) -> None:
        def due() -> None:
            if not any(each.method == "ACK" and each.cseq == request.cseq for each in self.heard):
                self.put(send, text)
                self._again(request, send, text, after * 2)

        if self.resends:
            self.later(after, due)

    def dialog_headers(self, request: Heard) -> str:
        """Contact, Allow, routes and session timer."""
        named = "" if self.transport == "udp" else f";transport={self.transport}"
        here = {"host": self.host, "port": self.port, "transport": named}
        lines = [f"Record-Route: {route.format(**here)}" for route in self.routes]
        if self.contact:
            lines.append(f"Contact: {self.contact.format(**here)}")
        if self.allow is not None:
            lines.append(f"Allow: {self.allow}")
        if self.session is not None and "timer" in request.get("supported"):
            lines += ["Require: timer", f"Session-Expires: {self.session}"]
        return "".join(f"{line}\r\n" for line in lines)

    def text(
        self, request: Heard, status: str, extra: str = "", body: str = "", *, tag: str | None = "carrier"
    ) -> str:
        """An answer that echoes what RFC 3261 §8.2.6.2 asks for."""
        lines = []
        for name, value in request.headers:
            if name in _ECHOED:
                added = f";tag={tag}" if name == "to" and ";tag=" not in value and tag else ""
                lines.append(f"{name.title()}: {value}{added}\r\n")
        length = f"Content-Length: {len(body.encode())}\r\n\r\n"
        return f"SIP/2.0 {status}\r\n{''.join(lines)}{extra}{length}{body}"

    def reply(
        self,
        send: Send,
        request: Heard,
        status: str,
        extra: str = "",
        body: str = "",
        *,
        tag: str | None = "carrier",
    ) -> None:
        """Answer with headers of one's own."""
        self.put(send, self.text(request, status, extra, body, tag=tag))

    def put(self, send: Send, text: str) -> None:
        """Send text and keep it."""
        data = text.encode()
        self.sent.append(read(data))
        try:
            send(data)
        except OSError:
            self.sent.pop()

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something after a while."""
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def inside(self, request: Heard, method: str, number: int, extra: str = "", body: str = "") -> str:
        """A request of the carrier's in the call that `request` (an INVITE of ours) started."""
        contact = re.search(r"<([^>]+)>", request.get("contact"))
        caller, called = request.get("from"), request.get("to")
        called += "" if ";tag=" in called else ";tag=carrier"
        return (
            f"{method} {contact[1] if contact else ''} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport.upper()} {self.host}:{self.port};rport"
            f";branch=z9hG4bKc{method}{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: {called}\r\nTo: {caller}\r\nCall-ID: {request.get('call-id')}\r\n"
            f"CSeq: {number} {method}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def challenged(self, request: Heard, send: Send, status: str, header: str) -> bool:
        """Whether the request was refused with a challenge."""
        if self.challenge is None or self.proves(request):
            return False
        self.reply(send, request, status, f"{header}: Digest {self.challenge}\r\n")
        return True

    def proves(self, request: Heard) -> bool:
        """Whether a request knows the password, as RFC 7616 §3.4.1 computes it."""
        given = request.get("proxy-authorization") or request.get("authorization")
        return bool(given) and digest_is_right(given, request.method, self.challenge or "")

    def take(self, data: bytes, send: Send) -> None:
        """A message came."""
        message = read(data)
        self.heard.append(message)
        method = message.method.lower()
        if method == "invite" and message.tag("to"):
            self.reinvite(message, send)
        elif method in ("options", "register", "invite", "update", "bye", "cancel", "ack"):
            getattr(self, method)(message, send)

    def receive(self, data: bytes, send: Send) -> None:
        """A datagram came.

        A request that was answered and comes again is the same one still, on its way for long or answered
        late by a busy machine: it gets the same answer (RFC 3261 §17.2), and is heard once.
        """
        answers = self._answers.setdefault(data, [])
        if answers and not data.startswith(b"ACK "):
            send(answers[-1])
            return

        def remembering(answer: bytes) -> None:
            if answer.startswith(b"SIP/2.0"):
                answers.append(answer)
            send(answer)

        self.take(data, remembering)

    def end(self) -> None:
        """Stop every timer."""
        for timer in self._timers:
            timer.cancel()

    def of(self, method: str) -> list[Heard]:
        """What was heard of a method."""
        return [each for each in self.heard if each.method == method]


def sdp(*extra: str, address: str = "127.0.0.1", audio: str = "40000 RTP/AVP 0 101") -> str:
    """A session description with lines of one's own at its end."""
    lines = "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    return (
        f"v=0\r\no=gw 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {audio}\r\n"
        f"{lines}{''.join(extra)}"
    )


def direction_of(body: str) -> str:
    """The direction that a session description asks for."""
    found = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", body, re.M)
    return found[1] if found else "sendrecv"


def fields_of(credentials: str) -> dict[str, str]:
    """The fields of an Authorization header."""
    found = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))', credentials.partition(" ")[2])
    return {name.lower(): quoted or bare for name, quoted, bare in found}


def digest_is_right(credentials: str, method: str, challenge: str) -> bool:
    """Check a digest with qop auth, or without one."""
    given = fields_of(credentials)
    nonce = re.search(r'nonce="((?:[^"\\]|\\.)*)"', challenge)
    if nonce is None or given.get("nonce") != nonce[1]:
        return False
    name = given.get("algorithm", "MD5").upper()

    def digest(text: str) -> str:
        kinds = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
        return hashlib.new(kinds[name.removesuffix("-SESS")], text.encode()).hexdigest()

    first = digest(f"{given['username']}:{given['realm']}:{PASSWORD}")
    if name.endswith("-SESS"):
        first = digest(f"{first}:{given['nonce']}:{given['cnonce']}")
    second = digest(f"{method}:{given['uri']}")
    middle = f"{given['nc']}:{given['cnonce']}:{given['qop']}:" if "qop" in given else ""
    return given["response"] == digest(f"{first}:{given['nonce']}:{middle}{second}")


@contextmanager
def serving(
    carrier: Carrier,
    transport: str = "udp",
    tls: ssl.SSLContext | None = None,
    *,
    port: int = 0,
    kept_open: bool = False,
) -> Iterator[str]:
    """Serve a carrier on a port of its loopback address; give its URI.

    Who asks may keep connections open for another time: then their end is not waited for.
    """
    carrier.transport = transport
    host = carrier.host.strip("[]")
    peer: UdpPeer | StreamPeer
    if transport == "udp":
        peer = UdpPeer(
            lambda peer, data, source: (
                carrier.receive(data, lambda reply: peer.send(reply, source)) if data.strip() else None
            ),
            host,
            port,
        )
    else:
        peer = StreamPeer(lambda connection: _stream(carrier, connection), tls, host=host, port=port)
    carrier.port = peer.port
    with peer:
        try:
            yield f"sip:{carrier.host}:{peer.port}" + (
                "" if transport == "udp" else f";transport={transport}"
            )
            if isinstance(peer, StreamPeer) and not kept_open:
                peer.settle()
        finally:
            carrier.end()


def _stream(carrier: Carrier, connection: socket.socket) -> None:
    buffer = b""
    lock = threading.Lock()

    def send(data: bytes) -> None:
        with lock:
            connection.sendall(data)

    connection.settimeout(60)
    while piece := connection.recv(65536):
        buffer += piece
        while True:
            buffer = buffer.lstrip(b"\r\n")
            head, end, rest = buffer.partition(b"\r\n\r\n")
            found = re.search(rb"(?im)^content-length\s*:\s*(\d+)", head)
            length = int(found[1]) if found else 0
            if not end or len(rest) < length:
                break
            buffer = rest[length:]
            carrier.take(head + end + rest[:length], send)
