"""More broken carriers: routes that lead nowhere, requests lost there, glare without end, odd answers."""

from __future__ import annotations

import re

import pytest

from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.sip.carriers.running import BRIEFLY, NUMBER, Commands, step, told

ROUTE = ("<sip:127.0.0.1:{port};lr{transport}>",)


class LosesInside(Carrier):
    """A proxy that refuses one kind of request inside the call."""

    def __init__(self, method: str, status: str, *, routes: tuple[str, ...] = ROUTE) -> None:
        super().__init__(routes=routes)
        self._method, self._status = method, status

    def reinvite(self, request: Heard, send: Send) -> None:
        self._refuse("INVITE", request, send) or super().reinvite(request, send)

    def update(self, request: Heard, send: Send) -> None:
        self._refuse("UPDATE", request, send) or super().update(request, send)

    def bye(self, request: Heard, send: Send) -> None:
        self._refuse("BYE", request, send) or super().bye(request, send)

    def _refuse(self, method: str, request: Heard, send: Send) -> bool:
        if method == self._method:
            self.reply(send, request, self._status)
        return method == self._method


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "481 Gone"])
@pytest.mark.parametrize(("method", "where"), [("INVITE", "hold"), ("UPDATE", "refresh"), ("BYE", "bye")])
def test_what_a_proxy_loses_is_its_route(commands: Commands, method: str, where: str, status: str) -> None:
    carrier = LosesInside(method, status)
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"], step(report, where)) == (1, "route_broken", ("fail", "route_broken"))
    audit(carrier)


@pytest.mark.parametrize(
    ("method", "status", "where", "result", "cause"),
    [
        ("INVITE", "404 Not Found", "hold", "fail", "hold_rejected"),
        ("INVITE", "500 Oops", "hold", "fail", "hold_rejected"),
        ("BYE", "405 Method Not Allowed", "bye", "warn", "bye_rejected"),
        ("BYE", "500 Oops", "bye", "warn", "bye_rejected"),
    ],
)
def test_without_a_route_it_is_the_carriers_own_refusal(
    commands: Commands, method: str, status: str, where: str, result: str, cause: str
) -> None:
    carrier = LosesInside(method, status, routes=())
    with serving(carrier) as uri:
        _, report = commands.check(uri, "--call", NUMBER)
    assert (report["cause"], step(report, where)) == (cause, (result, cause)), told(report)
    audit(carrier)


class BusyInside(Carrier):
    """491 to every refresh, for ever."""

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "491 Request Pending")

    def reinvite(self, request: Heard, send: Send) -> None:
        if self.of("UPDATE"):
            self.reply(send, request, "491 Request Pending")
        else:
            super().reinvite(request, send)


def test_glare_without_end_is_a_refused_refresh(commands: Commands) -> None:
    carrier = BusyInside()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (1, "refresh_rejected"), told(report)
    assert len(carrier.of("UPDATE")) == 3
    audit(carrier)


@pytest.mark.parametrize(
    "contact",
    ["*", "<>", "<sip:>", "<tel:+14155550123>", "<sip:gw@127.0.0.1:99999>", '"open <sip:gw@127.0.0.1>'],
)
def test_contacts_that_cannot_be_used(commands: Commands, contact: str) -> None:
    carrier = Carrier(contact=contact)
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (1, "contact_unusable"), told(report)
    assert step(report, "bye") == ("pass", None)
    audit(carrier)


@pytest.mark.parametrize(
    "route", ["<sip:>", "<http://127.0.0.1>", "<sip:127.0.0.1:{port};lr", "<sip:0.0.0.0;lr>"]
)
def test_routes_that_cannot_be_used(commands: Commands, route: str) -> None:
    carrier = Carrier(routes=(route,))
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (1, "contact_unusable"), told(report)
    assert step(report, "bye") == ("pass", None)
    audit(carrier)


class Omits(Carrier):
    """Leaves a header out of its answers."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def put(self, send: Send, text: str) -> None:
        whole = text.encode()
        super().put(lambda _: send(re.sub(rb"(?m)^%s: [^\n]*\n" % self._name.encode(), b"", whole)), text)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-Id", "Cseq"])
def test_answers_without_what_every_answer_has(commands: Commands, name: str, transport: str) -> None:
    with serving(Omits(name), transport) as uri:
        code, report = commands.check(uri, *BRIEFLY)
    expected = ("fail", "malformed_answer")
    assert (code, report["cause"], step(report, "options")) == (1, "malformed_answer", expected), told(report)


class ChallengesBye(Carrier):
    """Asks for credentials at BYE alone."""

    def bye(self, request: Heard, send: Send) -> None:
        if not request.get("authorization"):
            header = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
            self.reply(send, request, "401 Unauthorized", header)
        else:
            super().bye(request, send)


@pytest.mark.parametrize(("signed", "expected"), [(True, ("pass", None)), (False, ("warn", "bye_rejected"))])
def test_a_challenge_at_the_end(commands: Commands, signed: bool, expected: tuple[str, str | None]) -> None:
    carrier = ChallengesBye()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=signed)
    assert (code, report["cause"], step(report, "bye")) == (0, expected[1], expected), told(report)
    audit(carrier)


CALL_CHALLENGES: list[tuple[str, str]] = [
    ('Digest realm="r", nonce="n", qop="auth-conf"', "digest_unsupported"),
    ('Digest realm="r", nonce="n", algorithm=AKAv1-MD5', "digest_unsupported"),
    ('Basic realm="r"', "digest_unsupported"),
    ('Digest nonce="n"', "challenge_malformed"),
    ('Digest realm="r', "challenge_malformed"),
]


class ChallengesOddly(Carrier):
    """Asks for credentials in a way that cannot be answered."""

    def __init__(self, challenge: str) -> None:
        super().__init__()
        self._text = challenge

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "407 Proxy", f"Proxy-Authenticate: {self._text}\r\n")


@pytest.mark.parametrize(("challenge", "cause"), CALL_CHALLENGES)
def test_challenges_that_cannot_be_answered(commands: Commands, challenge: str, cause: str) -> None:
    carrier = ChallengesOddly(challenge)
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"], step(report, "invite")) == (1, cause, ("fail", cause)), told(report)
    assert len(carrier.of("INVITE")) == 1
    audit(carrier)


class StaleCalls(Carrier):
    """A new nonce each time, always stale."""

    def invite(self, request: Heard, send: Send) -> None:
        header = (
            f'Proxy-Authenticate: Digest realm="x", nonce="n{len(self.heard)}", stale=true, qop="auth"\r\n'
        )
        self.reply(send, request, "407 Proxy Authentication Required", header)


def test_stale_nonces_without_end_in_a_call(commands: Commands) -> None:
    carrier: Carrier = StaleCalls()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, credentials=True)
    assert (code, report["cause"]) == (1, "challenge_loop"), told(report)
    assert len(carrier.of("INVITE")) == 3
    audit(carrier)
