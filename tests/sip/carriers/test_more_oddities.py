"""What else carriers do that is odd and still right: in grammar, in session descriptions, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, Send, direction_of, sdp, serving
from tests.sip.carriers.running import NUMBER, Commands, step, told


class Writes(Carrier):
    """Writes every message in a way of its own."""

    def __init__(self, change: Callable[[str], str], routes: tuple[str, ...] = ()) -> None:
        super().__init__(routes=routes)
        self._change = change

    def put(self, send: Send, text: str) -> None:
        super().put(send, self._change(text) if text.startswith("SIP/2.0") else text)


class Describes(Carrier):
    """Writes its session descriptions in a way of its own."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def answer_sdp(self, request: Heard) -> str:
        return self._change(super().answer_sdp(request))


def _compact_timer(text: str) -> str:
    text = text.replace("Session-Expires:", "x:").replace("Require: timer", "k: timer\r\nrequire:timer")
    return text.replace("Via:", "v:").replace("Call-Id:", "i:").replace("From:", "F:").replace("To:", "T:")


def _zeros(text: str) -> str:
    text = re.sub(r"(?m)^Cseq: (\d+)", r"CSeq:   000\1  ", text)
    return re.sub(r"Content-Length: (\d+)", r"Content-Length:  00\1 ", text)


WRITTEN: dict[str, Callable[[str], str]] = {
    "compact session timer": _compact_timer,
    "leading zeros": _zeros,
    "no reason phrase and no space": lambda text: text.replace("SIP/2.0 200 OK", "SIP/2.0 200"),
    "names in lower case": lambda text: re.sub(r"(?m)^([A-Z][\w-]*):", lambda name: name[0].lower(), text),
    "names in capitals": lambda text: re.sub(r"(?m)^([A-Z][\w-]*):", lambda name: name[0].upper(), text),
    "several Contacts": lambda text: re.sub(
        r"(?m)^Contact: ([^\r]*)", r"Contact: \1;q=1.0, <sip:b@10.0.0.1>;q=0.1", text
    ),
    "Contact with escapes": lambda text: text.replace("<sip:gw@", "<sip:g%77%40x;npdi@"),
    "no Require": lambda text: text.replace("Require: timer\r\n", ""),
    "Require in two headers": lambda text: text.replace(
        "Require: timer", "Supported: timer, path\r\nRequire: timer"
    ),
    "short interval": lambda text: text.replace("Session-Expires: 90", "Session-Expires: 60"),
    "Min-SE beside it": lambda text: text.replace("Session-Expires: 90", "Min-SE: 90\r\nSession-Expires: 90"),
    "refresher in quotes": lambda text: text.replace("refresher=uac", 'refresher="uac"'),
    "Allow in many headers": lambda text: text.replace(
        "Allow: INVITE, ACK, ", "Allow: INVITE\r\nAllow: ACK,,"
    ),
    "empty headers": lambda text: text.replace("Allow:", "Subject:\r\nSupported:\r\nAllow:"),
    "To with a name in UTF-8": lambda text: text.replace("To: <", 'To: "Zoë, «x»" <'),
    "To with comment-like name": lambda text: text.replace("To: <", "To: Carrier Gate 7 <"),
    "tag in odd letters": lambda text: text.replace(";tag=carrier", ";x-y=z;tag=a.b-c!%*_+`'~"),
    "unknown parameters of Via": lambda text: re.sub(r"(?m)^(Via: [^\r]*)", r"\1;alias;i=7;keep", text),
    "transport in capitals": lambda text: text.replace("transport=tcp", "Transport=TCP"),
}


def _line_feeds(text: str) -> str:
    head, _, body = text.partition("\r\n\r\n")
    return head.replace("\r\n", "\n") + "\n\n" + body


UDP_WRITTEN: dict[str, Callable[[str], str]] = {
    "line feeds alone": _line_feeds,
    "more bytes than the length says": lambda text: text + "\r\n\r\n\x00\x00",
    "line breaks before": lambda text: "\r\n\r\n" + text,
    "response for the other transport's name": lambda text: text.replace("SIP/2.0/UDP", "SIP/2.0/udp"),
}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", WRITTEN)
def test_ways_to_write(commands: Commands, name: str, transport: str) -> None:
    _assert_passes(commands, Writes(WRITTEN[name]), transport)


@pytest.mark.parametrize("name", UDP_WRITTEN)
def test_ways_to_write_datagrams(commands: Commands, name: str) -> None:
    _assert_passes(commands, Writes(UDP_WRITTEN[name]), "udp")


ROUTES: dict[str, tuple[str, ...]] = {
    "commas in parameters": ('<sip:10.0.0.9;lr>;x="a, <b>;c",<sip:127.0.0.1:{port};lr{transport}>;y="1,2"',),
    "commas in a name": ('"Edge, one" <sip:127.0.0.1:{port};lr{transport}>',),
    "three hops": (
        "<sip:10.0.0.9;lr>",
        "<sip:10.0.0.8;lr>,<sip:10.0.0.7;lr>",
        "<sip:127.0.0.1:{port};lr{transport}>",
    ),
    "without brackets": ("sip:127.0.0.1:{port};lr",),
    "lr with a value": ("<sip:127.0.0.1:{port};LR=true{transport}>",),
    "the same proxy twice": (
        "<sip:127.0.0.1:{port};r2=on;lr{transport}>",
        "<sip:127.0.0.1:{port};r2=on;lr{transport}>",
    ),
}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", ROUTES)
def test_ways_to_name_routes(commands: Commands, name: str, transport: str) -> None:
    carrier = Carrier(routes=ROUTES[name], contact="<sip:gw@10.1.1.1:5070>")
    _assert_passes(commands, carrier, transport)
    assert {each.uri for each in carrier.heard if each.tag("to")} == {"sip:gw@10.1.1.1:5070"}


DESCRIBED: dict[str, Callable[[str], str]] = {
    "line feeds alone": lambda text: text.replace("\r\n", "\n"),
    "no line end at the end": lambda text: text.rstrip("\r\n"),
    "an empty line at the end": lambda text: f"{text}\r\n",
    "a name of a space": lambda text: text.replace("s=-", "s= "),
    "no name": lambda text: text.replace("s=-\r\n", ""),
    "an empty name": lambda text: text.replace("s=-", "s="),
    "no time": lambda text: text.replace("t=0 0\r\n", ""),
    "all our codecs and more": lambda text: text.replace("AVP 0 101", "AVP 0 8 18 4 101"),
    "a channel count": lambda text: text.replace("PCMU/8000", "pcmu/8000/1"),
    "no telephone-event": lambda text: text.replace(" 101", "").replace(
        "a=rtpmap:101 telephone-event/8000\r\n", ""
    ),
    "a second m line, refused": lambda text: f"{text}m=video 0 RTP/AVP 31\r\n",
    "a second m line before": lambda text: text.replace("m=audio", "m=image 0 udptl t38\r\nm=audio"),
    "another origin each time": lambda text: text.replace("o=gw 1 1", "o=- 17 99999999999999999999"),
    "an origin with a name": lambda text: text.replace(
        "o=gw 1 1 IN IP4 127.0.0.1", "o=x.y 1 1 IN IP4 gw.example"
    ),
    "several c lines": lambda text: text.replace("a=rtpmap:0", "c=IN IP4 127.0.0.1\r\na=rtpmap:0"),
    "direction before the media": lambda text: re.sub(
        r"(?s)(m=audio.*?)(a=(?:sendrecv|recvonly|inactive)\r\n)", r"\2\1", text
    ),
    "attributes nobody knows": lambda text: (
        f"{text}a=silenceSupp:off - - - -\r\na=x:\xe9\r\na=fmtp:101 0-16\r\n"
    ),
    "rtcp elsewhere": lambda text: f"{text}a=rtcp:40001 IN IP4 127.0.0.1\r\na=rtcp-mux\r\n",
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_ways_to_describe_a_session(commands: Commands, name: str) -> None:
    _assert_passes(commands, Describes(DESCRIBED[name]), "udp")


def _assert_passes(commands: Commands, carrier: Carrier, transport: str) -> None:
    with serving(carrier, transport) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (0, None), told(report)
    assert step(report, "bye") == ("pass", None)
    audit(carrier)


class AnswersSlowly(Carrier):
    """Says 100 to everything inside the call, rings on a re-INVITE, and repeats 100 after its 200."""

    def reinvite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "100 Trying")
        self.reply(send, request, "180 Ringing")
        self.later(0.1, lambda: self._late(request, send))

    def _late(self, request: Heard, send: Send) -> None:
        super().reinvite(request, send)
        self.reply(send, request, "100 Trying")

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "100 Trying")
        super().update(request, send)

    def bye(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "100 Trying")
        self.later(0.6, lambda: self.reply(send, request, "200 OK"))


class RingsInForks(Carrier):
    """Two phones ring, each with a session of its own; a third one answers."""

    def invite(self, request: Heard, send: Send) -> None:
        kind = "Content-Type: application/sdp\r\n"
        for tag in ("one", "two", "one"):
            self.reply(
                send, request, "183 Session Progress", self.dialog_headers(request) + kind, sdp(), tag=tag
            )
        self.reply(send, request, "180 Ringing", self.dialog_headers(request), tag="two")
        self.accept(request, send)


class RingsElsewhere(Carrier):
    """The Contact of its 183 leads nowhere, that of the 200 is right (RFC 3261 §13.2.2.4)."""

    def invite(self, request: Heard, send: Send) -> None:
        extra = "Contact: <sip:gw@127.0.0.1:9>\r\nRecord-Route: <sip:127.0.0.1:9;lr>\r\n"
        self.reply(send, request, "183 Session Progress", extra)
        self.accept(request, send)


class UpdateWithSdp(Carrier):
    """Describes the session in its answer to an UPDATE that asked for nothing."""

    def update(self, request: Heard, send: Send) -> None:
        kind = "Content-Type: application/sdp\r\n"
        self.reply(send, request, "200 OK", self.dialog_headers(request) + kind, sdp())


class RepeatsOkOnce(Carrier):
    """Repeats its 200 a moment after our ACK arrived."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 1:
            text = next(
                each.text for each in self.sent if " 200 " in each.start and "INVITE" in each.get("cseq")
            )
            self.later(0.3, lambda: self.put(send, text))


class GlareTwice(Carrier):
    """491 to hold and to the refresh."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def reinvite(self, request: Heard, send: Send) -> None:
        key = direction_of(request.body)
        if key in self.seen:
            super().reinvite(request, send)
        else:
            self.seen.add(key)
            self.reply(send, request, "491 Request Pending")

    def update(self, request: Heard, send: Send) -> None:
        if "update" in self.seen:
            super().update(request, send)
        else:
            self.seen.add("update")
            self.reply(send, request, "491 Request Pending")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    "kind", [AnswersSlowly, RingsInForks, RingsElsewhere, UpdateWithSdp, RepeatsOkOnce, GlareTwice]
)
def test_orders_of_things(commands: Commands, kind: Callable[[], Carrier], transport: str) -> None:
    _assert_passes(commands, kind(), transport)


CHALLENGES = {
    "stale from the start": 'realm="r", nonce="n", stale=TRUE, qop="auth"',
    "empty opaque": 'realm="r", nonce="n", opaque="", qop="auth"',
    "a bare list of qops": 'realm="r", nonce="n", qop=auth,auth-int, algorithm=MD5',
    "a list with spaces": 'realm="r", nonce="n", qop=" auth , auth-int ", algorithm=md5',
    "an empty qop": 'realm="r", nonce="n", qop=""',
    "an empty algorithm": 'realm="r", nonce="n", qop="auth", algorithm=""',
    "userhash": 'realm="r", nonce="n", qop="auth", algorithm=SHA-256, userhash=false',
    "a comma at the end": 'realm="r", nonce="n", qop="auth",',
    "a long nonce": f'realm="r", nonce="{"n+/=" * 60}", qop="auth"',
    "strong session": 'realm="r", nonce="n", qop="auth", algorithm="SHA-256-sess"',
}


@pytest.mark.parametrize("name", CHALLENGES)
def test_ways_to_challenge(commands: Commands, name: str) -> None:
    carrier = Carrier(challenge=CHALLENGES[name])
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--register", credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    for request in (carrier.of("INVITE")[1], carrier.of("REGISTER")[1]):
        given = request.get("authorization") or request.get("proxy-authorization")
        assert ('opaque=""' in given) == (name == "empty opaque")
    audit(carrier)


class Lists(Carrier):
    """Lists our binding in a way of its own; {uri} stands for our Contact's URI."""

    def __init__(self, lines: str) -> None:
        super().__init__()
        self._lines = lines

    def register(self, request: Heard, send: Send) -> None:
        found = re.search(r"<([^>]*)>", request.get("contact"))
        assert found is not None
        removed = request.get("contact").endswith("expires=0")
        self.reply(send, request, "200 OK", "" if removed else self._lines.replace("{uri}", found[1]))


BINDINGS = {
    "interval in Expires": ("Contact: <{uri}>\r\nExpires: 120\r\n", 120),
    "without brackets": ("Contact: {uri};expires=120\r\n", 120),
    "among others in one header": (
        'Contact: "a, b" <sip:x@10.0.0.1>;expires=9, <{uri}>;q=0.7;expires=120\r\n',
        120,
    ),
    "among others in many headers": ("m: <sip:x@10.0.0.1>;expires=9\r\nm: <{uri}>;expires=120\r\n", 120),
    "in quotes": ('Contact: <{uri}>;expires="120"\r\n', 120),
    "parameters in capitals": ('Contact: <{uri}>;EXPIRES=120;+sip.instance="<urn:x>"\r\n', 120),
    "another parameter in its URI": ("Contact: <{uri};ob>;expires=120\r\n", 120),
    "no interval at all": ("Contact: <{uri}>\r\n", 3600),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_ways_to_list_a_binding(commands: Commands, name: str) -> None:
    lines, granted = BINDINGS[name]
    carrier = Lists(lines)
    with serving(carrier) as uri:
        code, report = commands.register(uri)
    assert (code, report["cause"], report["expires_granted"]) == (0, None, granted)
    audit(carrier)
