"""Broken carriers: each is reported by its cause, in its step, and nothing is left open."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, Send, direction_of, sdp, serving
from tests.sip.carriers.running import BRIEFLY, NUMBER, Commands, step, told

Expected = tuple[str, str, str]


class Refuses(Carrier):
    """Refuses the call."""

    def __init__(self, status: str, extra: str = "") -> None:
        super().__init__()
        self._status, self._extra = status, extra

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "100 Trying", tag=None)
        self.reply(send, request, self._status, self._extra)


REFUSALS = [
    ("300 Multiple Choices", "Contact: <sip:10.0.0.1>, <sip:b@127.0.0.1>\r\n", "fail", "redirected"),
    ("302 Moved Temporarily", "Contact: <sip:127.0.0.1:9>\r\n", "fail", "redirected"),
    ("305 Use Proxy", "", "fail", "redirected"),
    ("400 Bad Request", "", "fail", "unexpected_answer"),
    ("400 Missing To header", "", "fail", "unexpected_answer"),
    ("400 Invalid number", "", "fail", "number_incomplete"),
    ("402 Payment Required", "", "fail", "payment_required"),
    ("403 Forbidden", "", "fail", "ip_not_allowed"),
    ("404 Not Found", "", "fail", "number_not_found"),
    ("405 Method Not Allowed", "Allow: OPTIONS\r\n", "fail", "unexpected_answer"),
    ("408 Request Timeout", "", "fail", "call_not_answered"),
    ("410 Gone", "", "fail", "number_not_found"),
    ("415 Unsupported Media Type", "Accept: text/x\r\n", "fail", "media_rejected"),
    ("420 Bad Extension", "Unsupported: timer\r\n", "fail", "extension_required"),
    ("421 Extension Required", "Require: 100rel\r\n", "fail", "extension_required"),
    ("480 Temporarily Unavailable", "", "fail", "call_not_answered"),
    ("482 Loop Detected", "", "fail", "loop_detected"),
    ("483 Too Many Hops", "", "fail", "loop_detected"),
    ("484 Address Incomplete", "", "fail", "number_incomplete"),
    ("486 Busy Here", "", "warn", "busy"),
    ("487 Request Terminated", "", "fail", "unexpected_answer"),
    ("488 Not Acceptable Here", 'Warning: 304 x "no codec"\r\n', "fail", "media_rejected"),
    ("500 Server Internal Error", "", "fail", "carrier_error"),
    ("501 Not Implemented", "", "fail", "carrier_error"),
    ("503 Service Unavailable", "Retry-After: 17 (soon)\r\n", "fail", "carrier_overloaded"),
    ("504 Server Time-out", "", "fail", "carrier_error"),
    ("580 Precondition Failure", "", "fail", "carrier_error"),
    ("600 Busy Everywhere", "", "warn", "busy"),
    ("603 Decline", "", "fail", "declined"),
    ("604 Does Not Exist Anywhere", "", "fail", "number_not_found"),
    ("606 Not Acceptable", "", "fail", "media_rejected"),
    ("607 Unwanted", "", "fail", "declined"),
    ("608 Rejected", "", "fail", "declined"),
    ("699 Whatever", "", "fail", "unexpected_answer"),
]


@pytest.mark.parametrize(("status", "extra", "result", "cause"), REFUSALS, ids=[each[0] for each in REFUSALS])
def test_a_refused_call(commands: Commands, status: str, extra: str, result: str, cause: str) -> None:
    carrier = Refuses(status, extra)
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["verdict"], report["cause"]) == (int(result == "fail"), result, cause), told(report)
    assert step(report, "invite") == (result, cause)
    assert {step(report, name)[0] for name in ("ack", "session_timer", "hold", "refresh", "bye")} == {
        "skipped"
    }
    assert len(carrier.of("INVITE")) == 1
    assert (
        "17" in next(each["detail"] for each in report["steps"] if each["name"] == "invite")
        or "503" not in status
    )
    audit(carrier)


class MuteOptions(Carrier):
    """Ignores OPTIONS, answers calls."""

    def options(self, request: Heard, send: Send) -> None:
        """Silence."""


class Mute(MuteOptions):
    """Answers nothing."""

    def invite(self, request: Heard, send: Send) -> None:
        """Silence."""


class Garbage(Carrier):
    """Answers with bytes that are no SIP."""

    def put(self, send: Send, text: str) -> None:
        super().put(send, "HTTP/1.1 400 Bad Request\r\n\r\n")


class RingsForever(Carrier):
    """Rings until it is cancelled."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")


class AnswersLate(RingsForever):
    """Answers when it is cancelled."""

    def cancel(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "200 OK")
        self.accept(next(each for each in self.heard if each.branch == request.branch), send)


class IgnoresAck(Carrier):
    """Repeats its 200 whatever is sent."""

    def _again(self, request: Heard, send: Send, text: str, after: float) -> None:
        for seconds in (0.5, 1.5, 3.5):
            self.later(seconds, lambda: self.put(send, text))


class Contact(Carrier):
    """A Contact of its own."""

    def __init__(self, contact: str) -> None:
        super().__init__(contact=contact)


class Sdp(Carrier):
    """An answer of its own."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def answer_sdp(self, request: Heard) -> str:
        return self._change(super().answer_sdp(request))


class NoTimer(Carrier):
    """No session timer."""

    def __init__(self) -> None:
        super().__init__(session=None)


class RaisesForEver(Carrier):
    """422 with ever higher Min-SE."""

    def invite(self, request: Heard, send: Send) -> None:
        asked = int(request.get("session-expires").split(";")[0])
        self.reply(send, request, "422 Session Interval Too Small", f"Min-SE: {asked * 2}\r\n")


class HoldRefused(Carrier):
    """Refuses a re-INVITE for hold."""

    def __init__(self, status: str = "488 Not Acceptable Here", routes: tuple[str, ...] = ()) -> None:
        super().__init__(routes=routes)
        self._status = status

    def reinvite(self, request: Heard, send: Send) -> None:
        if direction_of(request.body) == "sendonly":
            self.reply(send, request, self._status)
        else:
            super().reinvite(request, send)


class HoldIgnored(Carrier):
    """Answers hold with sendrecv."""

    def answer_sdp(self, request: Heard) -> str:
        return sdp("a=sendrecv\r\n")


class HoldKills(Carrier):
    """Hangs up when it is held."""

    def reinvite(self, request: Heard, send: Send) -> None:
        super().reinvite(request, send)
        self.put(send, self.inside(request, "BYE", 90))


class HoldKillsLate(Carrier):
    """Hangs up a moment after it was held."""

    def reinvite(self, request: Heard, send: Send) -> None:
        super().reinvite(request, send)
        if len([each for each in self.of("INVITE") if each.tag("to")]) == 1:
            self.later(0.5, lambda: self.put(send, self.inside(request, "BYE", 90)))


class RefreshRefused(Carrier):
    """Refuses UPDATE, and re-INVITE after hold."""

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "488 Not Acceptable Here")

    def reinvite(self, request: Heard, send: Send) -> None:
        if len([each for each in self.of("INVITE") if each.tag("to")]) > 2:
            self.reply(send, request, "488 Not Acceptable Here")
        else:
            super().reinvite(request, send)


class Drops(Carrier):
    """Hangs up a moment after the ACK."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 1:
            self.later(0.2, lambda: self.put(send, self.inside(self.of("INVITE")[0], "BYE", 90)))


class ByeRefused(Carrier):
    """Answers BYE with 481."""

    def bye(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "481 Call/Transaction Does Not Exist")


class ByeIgnored(Carrier):
    """Does not answer BYE."""

    def bye(self, request: Heard, send: Send) -> None:
        """Silence."""


class RouteBroken(Carrier):
    """A proxy that does not know its own route."""

    def __init__(self) -> None:
        super().__init__(routes=("<sip:127.0.0.1:{port};lr{transport}>",))

    def reinvite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "404 Not here")


def _srtp(text: str) -> str:
    return text.replace("RTP/AVP", "RTP/SAVP") + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n"


BROKEN: list[tuple[str, Callable[[], Carrier], Expected]] = [
    ("options mute", MuteOptions, ("options", "warn", "no_answer")),
    ("mute", Mute, ("options", "fail", "no_answer")),
    ("garbage", Garbage, ("options", "fail", "malformed_answer")),
    ("rings for ever", RingsForever, ("invite", "fail", "call_not_answered")),
    ("answers the CANCEL", AnswersLate, ("invite", "fail", "call_not_answered")),
    ("ignores the ACK", IgnoresAck, ("ack", "fail", "ack_not_received")),
    ("no Contact", lambda: Contact(""), ("ack", "fail", "contact_unusable")),
    ("bad Contact", lambda: Contact("<http://x>"), ("ack", "fail", "contact_unusable")),
    ("closed Contact", lambda: Contact("<sip:gw@127.0.0.1:9>"), ("ack", "fail", "contact_unusable")),
    ("Contact 0.0.0.0", lambda: Contact("<sip:gw@0.0.0.0:5060>"), ("ack", "fail", "contact_unusable")),
    (
        "no codec",
        lambda: Sdp(lambda text: text.replace("AVP 0 101", "AVP 18").replace("0 PCMU", "18 G729")),
        ("invite", "fail", "sdp_no_common_codec"),
    ),
    (
        "port zero",
        lambda: Sdp(lambda text: text.replace("40000", "0")),
        ("invite", "fail", "sdp_no_common_codec"),
    ),
    ("SRTP", lambda: Sdp(_srtp), ("invite", "fail", "sdp_encryption_mismatch")),
    ("no SDP", lambda: Sdp(lambda text: ""), ("invite", "fail", "sdp_missing")),
    ("no timer", NoTimer, ("session_timer", "warn", "session_timer_absent")),
    ("422 for ever", RaisesForEver, ("invite", "fail", "session_interval_loop")),
    ("hold refused", HoldRefused, ("hold", "fail", "hold_rejected")),
    ("hold ignored", HoldIgnored, ("hold", "warn", "hold_not_honoured")),
    ("hold hangs up", HoldKills, ("hold", "fail", "hold_kills_call")),
    ("hold hangs up late", HoldKillsLate, ("hold", "fail", "hold_kills_call")),
    ("500 to hold", lambda: HoldRefused("500 Server Error"), ("hold", "fail", "hold_rejected")),
    ("481 to hold", lambda: HoldRefused("481 No call"), ("hold", "fail", "hold_kills_call")),
    ("408 to hold", lambda: HoldRefused("408 Request Timeout"), ("hold", "fail", "hold_kills_call")),
    ("refresh refused", RefreshRefused, ("refresh", "fail", "refresh_rejected")),
    ("drops", Drops, ("ack", "fail", "call_dropped")),
    ("BYE refused", ByeRefused, ("bye", "warn", "bye_rejected")),
    ("BYE ignored", ByeIgnored, ("bye", "warn", "bye_rejected")),
    ("route broken", RouteBroken, ("hold", "fail", "route_broken")),
]
NO_ACK = {"closed Contact", "garbage", "mute"}
SAYS_NOTHING = {"options mute", "mute", "garbage", "rings for ever", "answers the CANCEL", "BYE ignored"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(("name", "kind", "expected"), BROKEN, ids=[each[0] for each in BROKEN])
def test_a_broken_carrier(
    commands: Commands, name: str, kind: Callable[[], Carrier], expected: Expected, transport: str
) -> None:
    carrier = kind()
    with serving(carrier, transport) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *(BRIEFLY if name in SAYS_NOTHING else ()))
    where, result, cause = expected
    assert (report["verdict"], report["cause"]) == (result, cause), told(report)
    assert code == int(result == "fail")
    assert step(report, where) == (result, cause)
    audit(carrier, acks=name not in NO_ACK, ends=name not in NO_ACK)


REGISTRARS: list[tuple[str, str, str]] = [
    ("403 Forbidden", "", "ip_not_allowed"),
    ("404 Not Found", "", "registration_rejected"),
    ("405 Method Not Allowed", "", "registration_rejected"),
    ("500 Error", "", "registration_rejected"),
    ("503 Busy", "", "registration_rejected"),
    ("600 Busy", "", "registration_rejected"),
    ("200 OK", "", "registration_not_kept"),
    ("200 OK", "Contact: <sip:other@127.0.0.1>;expires=60\r\n", "registration_not_kept"),
    ("200 OK", "{contact};expires=0", "registration_not_kept"),
    ("423 Interval Too Brief", "", "registration_too_brief"),
    ("423 Interval Too Brief", "Min-Expires: 1\r\n", "registration_too_brief"),
    ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"\r\n', "digest_unsupported"),
    (
        "401 Unauthorized",
        'WWW-Authenticate: Digest realm="x", nonce="n", algorithm=X\r\n',
        "digest_unsupported",
    ),
    ("401 Unauthorized", 'WWW-Authenticate: Digest realm="x, nonce=\r\n', "challenge_malformed"),
    ("401 Unauthorized", "", "challenge_malformed"),
    ("401 Unauthorized", 'WWW-Authenticate: Digest realm="x", nonce="n"\r\n', "credentials_rejected"),
]


class Registrar(Carrier):
    """Answers every REGISTER alike."""

    def __init__(self, status: str, extra: str) -> None:
        super().__init__()
        self._status, self._extra = status, extra

    def register(self, request: Heard, send: Send) -> None:
        contact = re.sub(";expires.*", "", request.get("contact"))
        extra = self._extra.replace("{contact}", f"Contact: {contact}")
        self.reply(
            send, request, self._status, extra if not extra or extra.endswith("\n") else f"{extra}\r\n"
        )


@pytest.mark.parametrize(("status", "extra", "cause"), REGISTRARS)
def test_a_registrar_that_refuses(commands: Commands, status: str, extra: str, cause: str) -> None:
    carrier = Registrar(status, extra)
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--register", credentials=True)
    assert (code, report["cause"]) == (1, cause), told(report)
    assert step(report, "register") == ("fail", cause)
    signed = [each for each in carrier.of("REGISTER") if each.get("authorization")]
    assert len(signed) <= 1
    audit(carrier)


class Stale(Carrier):
    """A new nonce each time, always stale."""

    def register(self, request: Heard, send: Send) -> None:
        nonce = f'realm="x", nonce="n{len(self.heard)}", stale=true, qop="auth"'
        self.reply(send, request, "401 Unauthorized", f"WWW-Authenticate: Digest {nonce}\r\n")


def test_stale_for_ever_is_a_loop(commands: Commands) -> None:
    carrier = Stale()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--register", credentials=True)
    assert (code, report["cause"]) == (1, "challenge_loop"), told(report)
    assert len([each for each in carrier.of("REGISTER") if each.get("authorization")]) <= 2
    audit(carrier)


def test_no_credentials(commands: Commands) -> None:
    carrier = Carrier(challenge='realm="x", nonce="n", qop="auth"')
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (1, "credentials_missing"), told(report)
    audit(carrier)


def test_another_realm(commands: Commands) -> None:
    carrier = Carrier(challenge='realm="x", nonce="n", qop="auth"')
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--realm", "y", credentials=True)
    assert (code, report["cause"]) == (1, "realm_mismatch"), told(report)
    assert not [each for each in carrier.heard if each.get("proxy-authorization")]
    audit(carrier)


def test_longer_intervals_are_taken_once(commands: Commands) -> None:
    carrier = Registrar("423 Interval Too Brief", "Min-Expires: 900\r\n")
    with serving(carrier) as uri:
        _, report = commands.check(uri, "--register", credentials=True)
    assert step(report, "register") == ("fail", "registration_too_brief")
    assert 2 <= len(carrier.of("REGISTER")) <= 3


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_contact_where_nothing_is_heard(commands: Commands, transport: str) -> None:
    """The ACK goes where the Contact says and vanishes there; the call is hung up where it was placed."""
    with _black_hole(transport) as place:
        carrier = Carrier(contact=f"<sip:gw@{place}{{transport}}>")
        with serving(carrier, transport) as uri:
            code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (1, "contact_unusable"), told(report)
    assert step(report, "ack")[1] == "contact_unusable"
    assert step(report, "bye") == ("pass", None)
    audit(carrier, acks=False)


@contextmanager
def _black_hole(transport: str) -> Iterator[str]:
    """An address that takes everything and answers nothing."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as hole:
        hole.bind(("127.0.0.3", 0))
        if transport == "tcp":
            hole.listen(5)
        yield f"127.0.0.3:{hole.getsockname()[1]}"
