"""Pinging peers with OPTIONS (RFC 3261 §11), without sockets and clocks.

`OptionsTemplate` makes the bytes of a request, `read_answer` reads what comes back, and
`PingTransactions` holds the pings in flight: non-INVITE client transactions (RFC 3261 §17.1.2) kept
as data and driven by one sweep, since a timer and an object tree per ping would cost more than the
ping itself. The caller sends, receives and tells the time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Request, Response, parse_message

T1 = 0.5
"""Estimated round trip in seconds: the first retransmission interval (RFC 3261 §17.1.1.1)."""
T2 = 4.0
"""Longest retransmission interval in seconds (RFC 3261 §17.1.2.2)."""
LATE_ANSWER_S = 64 * T1
"""How long a finished transaction is remembered, so that a late or repeated answer is known as such."""
MAX_RETRANSMISSIONS = 3
"""Fewer than RFC 3261 would send: nobody can have us pour datagrams on a silent address."""
MAX_REQUEST_BYTES = 600
MAX_REMEMBERED = 16384
"""Bound of each memory of what peers did, in entries."""
MAX_PLAIN_BYTES = 2048
"""Longer answers always go to the full parser."""
MAX_TEXTS = 1024
"""Bound of each memory of texts that peers repeat in every answer, in entries."""
MAX_TEXT = 120
"""Longest reason phrase or product name that is kept, in characters."""

_BRANCH_DIGITS = 16
_TOKEN_BYTES = 20
_TOKENS_AT_ONCE = 256
_BREAKS = re.compile(r"[\r\n\0]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

Source = tuple[Any, ...]
"""Where bytes came from, as sockets name it: numeric address and port first."""


class Answer(NamedTuple):
    """What a peer answered: status code, reason phrase, the software it says it runs, Retry-After."""

    status: int
    reason: str
    server: str
    retry_after: str = ""


class OptionsTemplate:
    """The bytes of an OPTIONS request to one target, all but branch, From tag and Call-ID.

    `uri` becomes Request-URI and To; `sent_by` is the `host:port` of Via, From and Contact.
    Raises ValueError when a part has a line break or the request would pass MAX_REQUEST_BYTES.
    """

    __slots__ = ("_pieces",)

    def __init__(self, uri: str, *, transport: str, sent_by: str, user_agent: str) -> None:
        if _BREAKS.search(f"{uri}{sent_by}{user_agent}"):
            raise ValueError("A part of the OPTIONS request holds a line break or a NUL character.")
        scheme = uri.partition(":")[0]
        # RFC 3261 §8.1.1.8: a SIPS Request-URI wants a SIPS Contact, which needs no transport.
        contact = f"sip:ping@{sent_by};transport={transport}" if scheme == "sip" else f"sips:ping@{sent_by}"
        via = f"{transport.upper()} {sent_by}"
        pieces = _pieces(
            *(uri, via, f"{scheme}:ping@{sent_by}", uri),
            f"Contact: <{contact}>\r\nAccept: application/sdp\r\nUser-Agent: {user_agent}\r\n",
        )
        if _size(pieces) > MAX_REQUEST_BYTES:
            # A very long host name: From and To need not repeat it (RFC 3261 §8.1.1.2, §8.1.1.3), and
            # what follows is optional in OPTIONS (§11.1).
            pieces = _pieces(uri, via, f"{scheme}:ping.invalid", f"{scheme}:ping.invalid", "")
        if _size(pieces) > MAX_REQUEST_BYTES:
            raise ValueError(f"The OPTIONS request would be longer than {MAX_REQUEST_BYTES} bytes.")
        self._pieces = pieces

    def fill(self, token: bytes) -> bytes:
        """The request with this token of 40 hexadecimal digits as branch (16), tag (8) and Call-ID (16)."""
        head, to_tag, to_call_id, tail = self._pieces
        return b"".join((head, token[:16], to_tag, token[16:24], to_call_id, token[24:], tail))


def _pieces(uri: str, via: str, from_uri: str, to_uri: str, more: str) -> list[bytes]:
    """The request cut where branch, tag and Call-ID belong."""
    text = (
        f"OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/{via};rport;branch=z9hG4bK\0\r\nMax-Forwards: 70\r\n"
        f"From: <{from_uri}>;tag=\0\r\nTo: <{to_uri}>\r\nCall-ID: \0\r\nCSeq: 1 OPTIONS\r\n"
        f"{more}Content-Length: 0\r\n\r\n"
    )
    return text.encode("ascii", "replace").split(b"\0")


def _size(pieces: list[bytes]) -> int:
    return sum(map(len, pieces)) + 2 * _TOKEN_BYTES


class PingTransaction:
    """One ping in flight. Times are monotonic seconds; `context` is whatever the caller keeps with it."""

    __slots__ = (
        "address",
        "branch",
        "context",
        "deadline",
        "interval",
        "next_at",
        "port",
        "request",
        "resends",
        "sent_at",
    )

    def __init__(
        self,
        branch: bytes,
        request: bytes,
        address: str,
        port: int,
        now: float,
        deadline: float,
        context: object,
    ) -> None:
        self.branch = branch
        self.request = request
        self.address = address
        self.port = port
        self.sent_at = now
        self.deadline = deadline
        self.next_at = deadline
        self.interval = T1
        self.resends = 0
        self.context = context


class Due(NamedTuple):
    """What a sweep found: requests to send again, and pings whose time is over."""

    resend: list[PingTransaction]
    expired: list[PingTransaction]


class PingTransactions:
    """All pings in flight, over every transport, matched by branch and CSeq method (RFC 3261 §17.1.3)."""

    def __init__(self) -> None:
        self.pending: dict[bytes, PingTransaction] = {}
        self._tokens = fresh_tokens()
        self._finished: dict[bytes, float] = {}
        self._oddities: dict[Source, tuple[float, str]] = {}

    def open(
        self,
        template: OptionsTemplate,
        source: Source,
        now: float,
        deadline: float,
        context: object,
        *,
        reliable: bool = False,
    ) -> PingTransaction:
        """Make a ping to this address, to be answered before `deadline`; its request is to be sent now.

        Over a reliable transport it is never sent again (RFC 3261 §17.1.2.2, Timer E).
        """
        token = next(self._tokens)
        branch = token[:_BRANCH_DIGITS]
        ping = PingTransaction(branch, template.fill(token), source[0], source[1], now, deadline, context)
        if not reliable and now + T1 < deadline:
            ping.next_at = now + T1
        self.pending[branch] = ping
        return ping

    def close(self, ping: PingTransaction, now: float) -> None:
        """Take a ping out; an answer that still comes is known to be late."""
        if self.pending.pop(ping.branch, None) is not None:
            self._remember(ping.branch, now)

    def receive(self, data: bytes, source: Source, now: float) -> tuple[PingTransaction, Answer] | None:
        """Read a datagram; give the ping it ends and what it says, or None when it ends none.

        The branch tells whose answer it is (RFC 3261 §17.1.3), and nobody else can know it: carriers with
        several addresses answer from another one than they were asked at. Whatever is no answer to a
        ping in flight is ignored, and kept in mind for `oddity`.
        """
        plain = read_plain(data)
        if plain is None:
            return self._receive_unusual(data, source, now)
        branch, line, server = plain
        ping = self.pending.get(branch)
        if ping is None:
            self._note_stranger(branch, source, now)
            return None
        status, reason = _status_and_reason(line)
        if status < 200:
            self.proceed(ping, now)
            return None
        del self.pending[branch]
        if ping.resends:
            self._remember(branch, now)
        return ping, Answer(status, reason, server)

    def match(
        self, message: Request | Response, source: Source, now: float
    ) -> tuple[PingTransaction, Answer] | None:
        """The same for a message that is already parsed, as streams give it."""
        if isinstance(message, Request):
            return None  # a carrier may ask us something too; that is no answer and no fault
        if len(message.vias) > 1:  # RFC 3261 §8.1.3.3: meant for somebody before us
            self.note(source, now, "an answer with more than one Via")
            return None
        branch = (message.via.branch or "").encode("utf-8", "replace")
        ping = self.pending.get(branch[len("z9hG4bK") :]) if branch[:7].lower() == b"z9hg4bk" else None
        if ping is None or message.cseq.method != "OPTIONS":
            self._note_stranger(branch[7:], source, now)
            return None
        if not message.is_final:
            self.proceed(ping, now)
            return None
        self.close(ping, now)
        server = message.headers.get("server") or message.headers.get("user-agent") or ""
        retry_after = printable(message.headers.get("retry-after") or "")
        return ping, Answer(message.status, printable(message.reason), printable(server), retry_after)

    def find(self, request: bytes) -> PingTransaction | None:
        """The ping whose request these bytes begin like, as an ICMP error quotes it."""
        start = request.find(b";branch=z9hG4bK") + 15
        return self.pending.get(request[start : start + _BRANCH_DIGITS])

    def proceed(self, ping: PingTransaction, now: float) -> None:
        """A provisional response came: resend at T2 from now on (RFC 3261 §17.1.2.2, Proceeding)."""
        ping.interval = T2
        if ping.next_at < ping.deadline:
            ping.next_at = min(now + T2, ping.deadline)

    def sweep(self, now: float) -> Due:
        """Fire timers E (resend, intervals doubling up to T2) and F (the deadline) that are due."""
        due = Due([], [])
        for ping in self.pending.values():
            if ping.next_at <= now:
                (due.expired if ping.deadline <= now else due.resend).append(ping)
        for ping in due.resend:
            ping.resends += 1
            ping.interval = min(2 * ping.interval, T2)
            more = ping.resends < MAX_RETRANSMISSIONS
            ping.next_at = min(now + ping.interval, ping.deadline) if more else ping.deadline
        for ping in due.expired:
            self.close(ping, now)
        self._forget(now)
        return due

    def note(self, source: Source, now: float, what: str) -> None:
        """Keep in mind that something unusable came from this address and port."""
        if len(self._oddities) >= MAX_REMEMBERED:
            self._oddities.clear()
        self._oddities[source[0], source[1]] = (now, what)

    def oddity(self, ping: PingTransaction) -> str | None:
        """What unusable thing came from the ping's target since it was sent, None when nothing did."""
        noted = self._oddities.get((ping.address, ping.port))
        return noted[1] if noted is not None and noted[0] >= ping.sent_at else None

    def _receive_unusual(
        self, data: bytes, source: Source, now: float
    ) -> tuple[PingTransaction, Answer] | None:
        if not data.strip(b"\r\n\0 "):
            return None  # a keep-alive (RFC 5626 §3.5.1, and the NULs some equipment sends)
        try:
            message = parse_message(data)
        except SipParseError as error:
            self.note(source, now, error.reason)
            return None
        return self.match(message, source, now)

    def _note_stranger(self, branch: bytes, source: Source, now: float) -> None:
        if branch not in self._finished:
            self.note(source, now, "an answer to another transaction")

    def _remember(self, branch: bytes, now: float) -> None:
        if len(self._finished) >= MAX_REMEMBERED:
            self._finished.pop(next(iter(self._finished)))
        self._finished[branch] = now + LATE_ANSWER_S

    def _forget(self, now: float) -> None:
        while self._finished:
            oldest = next(iter(self._finished))
            if self._finished[oldest] > now:
                break
            del self._finished[oldest]


def fresh_tokens() -> Iterator[bytes]:
    """Endless unguessable tokens of 40 hexadecimal digits; drawn in bulk, one system call for many."""
    while True:
        digits = os.urandom(_TOKEN_BYTES * _TOKENS_AT_ONCE).hex().encode()
        for start in range(0, len(digits), 2 * _TOKEN_BYTES):
            yield digits[start : start + 2 * _TOKEN_BYTES]


def printable(text: str) -> str:
    """A peer's text without control characters and of bounded length."""
    text = _UNPRINTABLE.sub(" ", text[: 2 * MAX_TEXT]).strip()
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


class _Plain(NamedTuple):
    """What is read from a plain answer: branch digits, status and reason, product."""

    branch: bytes
    line: bytes
    server: str


_FROM_TO = (
    rb"From: <sips?:[A-Za-z0-9@.:\[\]-]+>;tag=[0-9a-f]{8}\r\n"
    rb"To: <sips?:[A-Za-z0-9.:;=\[\]-]+>(?:;tag=[A-Za-z0-9.!%*_+`'~-]+)?\r\n"
)
_CALL_ID = rb"Call-ID: [0-9a-f]{16}\r\n"
_RPORT = rb"(?:;rport(?:=[0-9]{1,5})?)?"
_RECEIVED = rb"(?:;received=[0-9.]+)?"
_PLAIN = re.compile(
    rb"SIP/2\.0 ([1-6][0-9][0-9] [\t -~]*)\r\n"
    rb"Via: SIP/2\.0/(?:UDP|TCP|TLS) (?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])"
    rb":(?:[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3})"
    + (_RPORT + _RECEIVED + rb";branch=z9hG4bK([0-9a-f]{16})" + _RECEIVED + _RPORT)
    + rb"\r\n(?:"
    + (_FROM_TO + _CALL_ID + rb"|" + _CALL_ID + _FROM_TO)
    + rb")CSeq: 1 OPTIONS\r\n"
)
_PLAIN_TAIL = re.compile(
    rb"\r\n(?:(?!(?:Via|From|To|Call-ID|CSeq|Content-Length|[vftil]):)[A-Za-z-]+: [\t -~\x80-\xff]*\r\n)*"
    rb"Content-Length: 0\r\n\r\n",
    re.I,
)
_tails: dict[bytes, str] = {}
_reasons: dict[bytes, tuple[int, str]] = {}


def read_plain(data: bytes) -> _Plain | None:
    """Read an answer written the way nearly all are; None asks for the full parser.

    Plain is: one Via, first, with a branch of ours; the mandatory headers right below it in one of
    the two usual orders; no folding, no body, Content-Length last. What passes here the full parser
    would read the same way.
    """
    found = _PLAIN.match(data) if len(data) <= MAX_PLAIN_BYTES else None
    if found is None or data.startswith(b"503", 8):  # a 503 may say Retry-After
        return None
    # The rest is the same in every answer of a peer, so it is looked through only once.
    tail = data[found.end() - 2 :]
    server = _tails.get(tail)
    if server is None:
        if not _PLAIN_TAIL.fullmatch(tail):
            return None
        server = printable(
            (_field(tail, b"\r\nServer: ") or _field(tail, b"\r\nUser-Agent: ")).decode("utf-8", "replace")
        )
        if len(_tails) >= MAX_TEXTS:
            _tails.clear()
        _tails[tail] = server
    line, branch = found.groups()
    return _Plain(branch, line, server)


def _status_and_reason(line: bytes) -> tuple[int, str]:
    """Split "200 OK"; lines seen before are not cleaned again."""
    known = _reasons.get(line)
    if known is None:
        known = int(line[:3]), printable(line[4:].decode("utf-8", "replace"))
        if len(_reasons) >= MAX_TEXTS:
            _reasons.clear()
        _reasons[line] = known
    return known


def _field(data: bytes, opening: bytes) -> bytes:
    start = data.find(opening)
    return data[start + len(opening) : data.find(b"\r\n", start + 2)] if start >= 0 else b""
