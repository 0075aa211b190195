"""What goes over the wire: routes, repetitions, credentials, connections and TLS."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.peers.certificates import A_LONG_TIME, Authority, server_context
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, Send, fields_of, read, sdp, serving
from tests.sip.carriers.running import BRIEFLY, NUMBER, Commands, step, told


def test_loose_routes_are_reversed(commands: Commands) -> None:
    first = "<sip:10.9.9.9;lr>"
    carrier = Carrier(routes=(first, "<sip:127.0.0.1:{port};lr>"), contact="<sip:gw@10.1.1.1>")
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)
    inside = [each for each in carrier.heard if each.tag("to")]
    assert {each.uri for each in inside} == {"sip:gw@10.1.1.1"}
    assert {", ".join(each.all("route")) for each in inside} == {
        f"<sip:127.0.0.1:{carrier.port};lr>, {first}"
    }


def test_a_strict_router_is_the_request_uri(commands: Commands) -> None:
    carrier = Carrier(routes=("<sip:10.9.9.9;lr>", "<sip:old@127.0.0.1:{port}>"), contact="<sip:gw@10.1.1.1>")
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)
    inside = [each for each in carrier.heard if each.tag("to")]
    assert {each.uri for each in inside} == {f"sip:old@127.0.0.1:{carrier.port}"}
    assert {", ".join(each.all("route")) for each in inside} == {"<sip:10.9.9.9;lr>, <sip:gw@10.1.1.1>"}


class Silent(Carrier):
    """Answers OPTIONS and no call."""

    def invite(self, request: Heard, send: Send) -> None:
        """Silence."""


def test_an_unanswered_invite_is_repeated_at_doubled_intervals(commands: Commands) -> None:
    carrier = Silent()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--timeout", "2.5")
    assert (code, report["cause"]) == (1, "no_answer"), told(report)
    assert len(carrier.of("INVITE")) == 3  # after 0.5 and 1.5 s; the next would come after 3.5 s
    audit(carrier)


def test_nothing_is_repeated_over_tcp(commands: Commands) -> None:
    carrier = Silent()
    with serving(carrier, "tcp") as uri:
        code, report = commands.check(uri, "--call", NUMBER, *BRIEFLY)
    assert (code, report["cause"]) == (1, "no_answer"), told(report)
    assert len(carrier.of("INVITE")) == 1


class OneTimeNonces(Carrier):
    """A nonce serves once, for every request but ACK; no stale flag says so."""

    def __init__(self) -> None:
        super().__init__()
        self._used: set[str] = set()
        self._count = 0

    def take(self, data: bytes, send: Send) -> None:
        method = data.partition(b" ")[0]
        if method in (b"ACK", b"CANCEL", b"OPTIONS"):
            super().take(data, send)
            return
        found = re.search(rb'nonce="([^"]+)"', data)
        nonce = found[1].decode() if found else ""
        if nonce and nonce not in self._used:
            self._used.add(nonce)
            self.challenge = f'realm="r", nonce="{nonce}"'
            super().take(data, send)
            assert self.proves(self.heard[-1])
            return
        taken, self.challenge = self.challenge, None
        self._refuse(data, send)
        self.challenge = taken

    def _refuse(self, data: bytes, send: Send) -> None:
        request = read(data)
        self.heard.append(request)
        self._count += 1
        self.reply(
            send,
            request,
            "407 Proxy Authentication Required",
            f'Proxy-Authenticate: Digest realm="r", nonce="n{self._count}", qop="auth"\r\n',
        )


def test_one_time_nonces_for_every_request(commands: Commands) -> None:
    carrier = OneTimeNonces()
    with serving(carrier, "tcp") as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--register", credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)


def test_counts_rise_while_a_nonce_lives(commands: Commands) -> None:
    carrier = Carrier(challenge='realm="r", nonce="same", qop="auth"')
    with serving(carrier) as uri:
        code, report = commands.register(uri, "--refreshes", "2")
    assert (code, report["cause"]) == (0, None), report
    audit(carrier)
    signed = [fields_of(each.get("authorization")) for each in carrier.of("REGISTER")[1:]]
    assert [fields["nc"] for fields in signed] == [f"{count:08x}" for count in range(1, 5)]
    assert carrier.of("REGISTER")[-1].get("contact").endswith("expires=0")


class TwoChallenges(Carrier):
    """A proxy with 407 in front of a server with 401, and one header for each algorithm."""

    def invite(self, request: Heard, send: Send) -> None:
        if not request.get("proxy-authorization"):
            both = "".join(
                f'Proxy-Authenticate: Digest realm="p", nonce="p1", qop="auth", algorithm={name}\r\n'
                for name in ("SHA-512", "SHA-256", "MD5")
            )
            self.reply(send, request, "407 Proxy Authentication Required", both)
        elif not request.get("authorization"):
            header = 'WWW-Authenticate: Basic realm="s", Digest realm="s", nonce="s1"\r\n'
            self.reply(send, request, "401 Unauthorized", header)
        else:
            self.accept(request, send)


def test_two_challenges_on_the_path(commands: Commands) -> None:
    carrier = TwoChallenges()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)
    last = next(each for each in carrier.of("INVITE") if each.get("authorization"))
    assert fields_of(last.get("proxy-authorization"))["algorithm"] == "SHA-256"
    assert len(carrier.of("INVITE")) == 5


class Pieces(Carrier):
    """A stream in small pieces, with keep-alives between."""

    def put(self, send: Send, text: str) -> None:
        def pieces(data: bytes) -> None:
            send(b"\r\n\r\n")
            for start in range(0, len(data), 90):
                send(data[start : start + 90])

        super().put(pieces, text)


class Together(Carrier):
    """180 and 200 in one piece, and 200 answers that come with the next message glued on."""

    def invite(self, request: Heard, send: Send) -> None:
        held: list[bytes] = []
        self.reply(held.append, request, "180 Ringing")
        self.resends = False
        self.accept(request, held.append)
        send(b"".join(held))


class Tagless(Carrier):
    """A 200 without To tag, as RFC 2543 allowed."""

    def text(
        self, request: Heard, status: str, extra: str = "", body: str = "", *, tag: str | None = "carrier"
    ) -> str:
        return super().text(request, status, extra, body, tag=None)


class Accepted202(Carrier):
    """202 to INVITE and OPTIONS with a body."""

    def put(self, send: Send, text: str) -> None:
        super().put(send, text.replace("SIP/2.0 200 OK", "SIP/2.0 202 Accepted"))


class EarlyAnswer(Carrier):
    """The answer in 183, none in the 200 (seen at older gateways)."""

    def invite(self, request: Heard, send: Send) -> None:
        extra = "Content-Type: application/sdp\r\n"
        self.reply(send, request, "183 Session Progress", self.dialog_headers(request) + extra, sdp())
        self.ok(request, send, "")


class OptionsTwice(Carrier):
    """Answers OPTIONS twice and INVITE with 100 after 180."""

    def options(self, request: Heard, send: Send) -> None:
        for _ in range(2):
            self.reply(send, request, "200 OK", "Accept: application/sdp\r\n")

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")
        self.reply(send, request, "100 Trying", tag=None)
        self.accept(request, send)


class Interval(Carrier):
    """Grants another interval than was asked for."""

    def __init__(self) -> None:
        super().__init__(session="1800;refresher=uac")


class ZeroHold(Carrier):
    """Answers hold with the address 0.0.0.0, as RFC 2543 did."""

    def answer_sdp(self, request: Heard) -> str:
        if "a=sendonly" in request.body:
            return sdp("a=recvonly\r\n", address="0.0.0.0")
        return super().answer_sdp(request)


class OptionsChallenged(Carrier):
    """Challenges OPTIONS."""

    def options(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "401 Unauthorized", 'WWW-Authenticate: Digest realm="r", nonce="n"\r\n')


class Mixed(Carrier):
    """Echoes headers with capitals and spaces of its own."""

    def put(self, send: Send, text: str) -> None:
        text = re.sub(r"^Via: SIP/2.0/(\w+) ", r"VIA:SIP / 2.0 / \1   ", text, flags=re.M)
        text = re.sub(r"^To: <", 'tO: "Called Party"   <', text, flags=re.M)
        super().put(send, text)


ODD: list[tuple[Callable[[], Carrier], str]] = [
    (Pieces, "tcp"),
    (Together, "tcp"),
    (Tagless, "udp"),
    (Accepted202, "udp"),
    (EarlyAnswer, "udp"),
    (OptionsTwice, "udp"),
    (Interval, "udp"),
    (ZeroHold, "udp"),
    (OptionsChallenged, "udp"),
    (Mixed, "udp"),
    (Mixed, "tcp"),
]


@pytest.mark.parametrize(("kind", "transport"), ODD)
def test_more_oddities_pass(commands: Commands, kind: Callable[[], Carrier], transport: str) -> None:
    carrier = kind()
    with serving(carrier, transport) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)


@pytest.mark.parametrize(
    ("scheme", "contact"),
    [("sip", "<sip:gw@127.0.0.1:{port}{transport}>"), ("sips", "<sips:gw@127.0.0.1:{port}>")],
)
def test_a_signed_call_over_tls(commands: Commands, authority: Authority, scheme: str, contact: str) -> None:
    carrier = Carrier(challenge='realm="r", nonce="n", qop="auth", algorithm=SHA-256', contact=contact)
    with serving(carrier, "tls", server_context(authority.issue(["127.0.0.1"]))) as uri:
        if scheme == "sips":
            uri = f"sips:127.0.0.1:{carrier.port}"
        code, report = commands.check(
            *(uri, "--call", NUMBER, "--register", "--ca-file", str(authority.ca_file)), credentials=True
        )
    assert (code, report["cause"]) == (0, "tls_expires_soon"), told(report)
    assert step(report, "bye") == ("pass", None)
    assert all(
        each.get("via").startswith("SIP/2.0/TLS") for each in carrier.heard if each.all("max-forwards")
    )
    audit(carrier)


class WrongAlways(Carrier):
    """Refuses correct credentials, each time on a new nonce."""

    def invite(self, request: Heard, send: Send) -> None:
        nonce = f'realm="r", nonce="n{len(self.heard)}", qop="auth"'
        self.reply(
            send, request, "407 Proxy Authentication Required", f"Proxy-Authenticate: Digest {nonce}\r\n"
        )


class ForbidsSigned(WrongAlways):
    """Challenges, then answers 403."""

    def invite(self, request: Heard, send: Send) -> None:
        if request.get("proxy-authorization"):
            self.reply(send, request, "403 Forbidden")
        else:
            super().invite(request, send)


@pytest.mark.parametrize("kind", [WrongAlways, ForbidsSigned])
def test_refused_credentials_are_tried_once(commands: Commands, kind: Callable[[], Carrier]) -> None:
    carrier = kind()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (1, "credentials_rejected"), told(report)
    assert len([each for each in carrier.of("INVITE") if each.get("proxy-authorization")]) == 1
    audit(carrier)


class LosesBinding(Carrier):
    """Takes the signed REGISTER, and its answer gets lost."""

    def __init__(self) -> None:
        super().__init__(challenge='realm="r", nonce="n", qop="auth"')
        self.bound = False

    def register(self, request: Heard, send: Send) -> None:
        removed = request.get("contact").endswith("expires=0")
        if self.proves(request):
            self.bound = not removed
        if removed or not self.bound:
            super().register(request, send)


@pytest.mark.parametrize("command", ["check", "register"])
def test_a_binding_that_may_have_come_about_is_removed(commands: Commands, command: str) -> None:
    carrier = LosesBinding()
    with serving(carrier) as uri:
        if command == "check":
            code, report = commands.check(uri, "--register", *BRIEFLY, credentials=True)
            assert step(report, "register") == ("fail", "no_answer")
        else:
            code, report = commands.register(uri, *BRIEFLY)
            assert [each["status"] for each in report["attempts"]] == [401, None]
    assert (code, report["cause"]) == (1, "no_answer")
    assert not carrier.bound
    audit(carrier)


def test_a_binding_in_doubt_is_left_where_it_is_wanted(commands: Commands) -> None:
    carrier = LosesBinding()
    with serving(carrier) as uri:
        code, _ = commands.register(uri, "--keep", *BRIEFLY)
    assert code == 1
    assert carrier.bound


class MuteRegistrar(Carrier):
    """Says nothing to REGISTER."""

    def register(self, request: Heard, send: Send) -> None:
        """Silence."""


def test_a_registrar_that_never_spoke_is_asked_for_nothing_more(commands: Commands) -> None:
    carrier = MuteRegistrar()
    with serving(carrier) as uri:
        code, report = commands.register(uri, *BRIEFLY)
    assert (code, report["cause"]) == (1, "no_answer")
    assert not [each for each in carrier.of("REGISTER") if each.get("contact").endswith("expires=0")]


@pytest.mark.parametrize("header", ["Contact", "Record-Route"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_that_leaves_tls_is_told(
    commands: Commands, authority: Authority, header: str, transport: str
) -> None:
    """Not wrong by RFC 3261, but hardly what somebody wants who asked for TLS."""
    inside, carrier = Carrier(), Carrier()
    carrier.resends = False
    tls = server_context(authority.issue(["127.0.0.1"], ends=A_LONG_TIME))
    with serving(inside, transport), serving(carrier, "tls", tls) as uri:
        named = "" if transport == "udp" else ";transport=tcp"
        if header == "Contact":
            carrier.contact = f"<sip:gw@127.0.0.1:{inside.port}{named}>"
        else:
            carrier.routes = (f"<sip:127.0.0.1:{inside.port};lr{named}>",)
        code, report = commands.check(uri, "--call", NUMBER, "--ca-file", str(authority.ca_file))
    assert (code, report["cause"]) == (0, None), told(report)
    told_of = f"by its {header} it goes on unencrypted, to 127.0.0.1:{inside.port}/{transport}"
    assert told_of in next(each["detail"] for each in report["steps"] if each["name"] == "ack")
    assert [each.method for each in inside.heard][-1] == "BYE"
