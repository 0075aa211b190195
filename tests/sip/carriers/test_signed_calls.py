"""Calls at carriers that ask for credentials: what each request inside the call carries (RFC 3261 §22)."""

from __future__ import annotations

import pytest

from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, Send, digest_is_right, fields_of, read, serving
from tests.sip.carriers.running import NUMBER, Commands, step, told

INSIDE = ("INVITE", "UPDATE", "BYE")
PROXY = ("407 Proxy Authentication Required", "Proxy-Authenticate", "proxy-authorization")
SERVER = ("401 Unauthorized", "WWW-Authenticate", "authorization")


class AsksEverywhere(Carrier):
    """Wants credentials for every request of a call, and counts: no nc serves twice (RFC 7616 §3.4)."""

    realm = "carrier.test"

    def __init__(self, asks: tuple[tuple[str, str, str], ...] = (PROXY,)) -> None:
        super().__init__()
        self.asks = asks
        self.counts: list[int] = []
        self.refused: list[Heard] = []

    def take(self, data: bytes, send: Send) -> None:
        if data.partition(b" ")[0].decode() not in INSIDE:
            super().take(data, send)
            return
        self.heard.append(request := read(data))
        for status, challenge, credentials in self.asks:
            if not self.accepts(request, credentials):
                self.refused.append(request)
                self.refuse(request, send, status, challenge)
                return
        self.heard.pop()
        super().take(data, send)

    def nonce(self, credentials: str) -> str:
        """The nonce that is good now."""
        return f"for {credentials}"

    def accepts(self, request: Heard, credentials: str) -> bool:
        """Whether a header holds a good answer with a count that was not used."""
        given = request.get(credentials)
        nonce = self.nonce(credentials)
        if not given or not digest_is_right(given, request.method, f'nonce="{nonce}"'):
            return False
        count = int(fields_of(given)["nc"], 16)
        fresh = credentials != self.asks[0][2] or count not in self.counts
        if fresh and credentials == self.asks[0][2]:
            self.counts.append(count)
        return fresh

    def refuse(self, request: Heard, send: Send, status: str, challenge: str) -> None:
        """Ask for credentials."""
        nonce = self.nonce(next(each[2] for each in self.asks if each[1] == challenge))
        header = f'{challenge}: Digest realm="{self.realm}", nonce="{nonce}", qop="auth"\r\n'
        self.reply(send, request, status, header)


@pytest.mark.parametrize("asks", [(PROXY,), (SERVER,), (PROXY, SERVER)], ids=["407", "401", "both"])
def test_a_challenge_is_paid_for_once(commands: Commands, asks: tuple[tuple[str, str, str], ...]) -> None:
    carrier = AsksEverywhere(asks)
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert [(each.method, each.tag("to")) for each in carrier.refused] == [("INVITE", None)] * len(asks)
    assert carrier.counts[-5:] == list(range(len(asks), len(asks) + 5))
    for _, _, credentials in asks:
        for ack in carrier.of("ACK")[len(asks) :]:
            # RFC 3261 §22.1: those of the INVITE, as they were.
            invite = next(each for each in carrier.of("INVITE")[::-1] if each.cseq == ack.cseq)
            assert ack.all(credentials) == invite.all(credentials) != []
    audit(carrier)


class SpendsNonces(AsksEverywhere):
    """Each nonce serves once; that the last one is spent is said by a plain new challenge."""

    def __init__(self) -> None:
        super().__init__()
        self.spent = 0

    def nonce(self, credentials: str) -> str:
        return f"n{self.spent}"

    def accepts(self, request: Heard, credentials: str) -> bool:
        accepted = super().accepts(request, credentials)
        if accepted:
            self.spent += 1
            self.counts.clear()
        return accepted


def test_a_nonce_that_serves_once_is_no_rejection(commands: Commands) -> None:
    carrier = SpendsNonces()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert [each.method for each in carrier.refused] == ["INVITE", "INVITE", "INVITE", "UPDATE", "BYE"]
    audit(carrier)


class ForbidsReplays(SpendsNonces):
    """Takes a spent nonce for an attack, and answers 403 instead of a challenge."""

    status = "403 Forbidden"

    def refuse(self, request: Heard, send: Send, status: str, challenge: str) -> None:
        if request.get("proxy-authorization"):
            self.reply(send, request, self.status)
        else:
            super().refuse(request, send, status, challenge)


@pytest.mark.parametrize("status", ["403 Forbidden", "400 Bad Request"])
def test_a_nonce_that_is_used_again_may_be_forbidden(commands: Commands, status: str) -> None:
    carrier = ForbidsReplays()
    carrier.status = status
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    forbidden = [each for each in carrier.refused if each.get("proxy-authorization")]
    assert [each.method for each in forbidden] == ["INVITE"], "it was tried more than once"
    audit(carrier)


class NextNonce(SpendsNonces):
    """Announces the nonce of the next request in every 200 (RFC 7616 §3.5)."""

    def put(self, send: Send, text: str) -> None:
        if text.startswith("SIP/2.0 200") and self.spent:
            announced = f'Proxy-Authentication-Info: nextnonce="n{self.spent}"\r\nContent-Length:'
            text = text.replace("Content-Length:", announced)
        super().put(send, text)


def test_an_announced_nonce_is_taken_in_the_call(commands: Commands) -> None:
    carrier = NextNonce()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert len(carrier.refused) == 1
    audit(carrier)


class AsksOnlyRegister(Carrier):
    """Asks for credentials at REGISTER alone."""

    def invite(self, request: Heard, send: Send) -> None:
        self.accept(request, send)


def test_a_call_that_was_not_challenged_stays_unsigned(commands: Commands) -> None:
    carrier = AsksOnlyRegister(challenge='realm="r", nonce="n", qop="auth"')
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--register", credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert carrier.of("REGISTER")[-1].get("authorization")
    signed = [each for each in carrier.heard if each.get("authorization") and each.method != "REGISTER"]
    assert signed == []
    audit(carrier)


def test_credentials_wait_to_be_asked_for_at_another_host(commands: Commands) -> None:
    """The Contact leads elsewhere: nothing is signed there unless it is challenged."""
    elsewhere = Carrier(host="127.0.0.2")
    carrier = AsksEverywhere()
    carrier.resends = False
    with serving(elsewhere), serving(carrier) as uri:
        carrier.contact = f"<sip:gw@127.0.0.2:{elsewhere.port}>"
        elsewhere.contact = carrier.contact
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert step(report, "bye") == ("pass", None)
    asked = [each for each in elsewhere.heard if each.method in INSIDE]
    assert [each.method for each in asked] == ["INVITE", "INVITE", "UPDATE", "BYE"]
    assert [each for each in asked if each.get("proxy-authorization")] == []


def test_another_host_may_ask_for_them(commands: Commands) -> None:
    elsewhere = AsksEverywhere()
    elsewhere.host = "127.0.0.2"
    carrier = AsksEverywhere()
    carrier.resends = False
    with serving(elsewhere), serving(carrier) as uri:
        carrier.contact = elsewhere.contact = f"<sip:gw@127.0.0.2:{elsewhere.port}>"
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    assert [each.method for each in elsewhere.refused] == ["INVITE", "INVITE", "UPDATE", "BYE"]


class WrongInside(AsksEverywhere):
    """Refuses right credentials inside the call, each time on a new nonce."""

    def nonce(self, credentials: str) -> str:
        return f"n{len([each for each in self.refused if each.tag('to')])}"

    def accepts(self, request: Heard, credentials: str) -> bool:
        return super().accepts(request, credentials) and not request.tag("to")


def test_credentials_that_are_refused_inside_are_tried_once_on_a_fresh_nonce(commands: Commands) -> None:
    carrier = WrongInside()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (1, "credentials_rejected"), told(report)
    assert step(report, "hold") == ("fail", "credentials_rejected")
    hold = [each for each in carrier.of("INVITE") if each.tag("to")]
    assert len([each for each in hold if each.get("proxy-authorization")]) == 2
