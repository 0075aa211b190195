"""TCP and TLS peers that do not keep their connections, and are right all the same (RFC 3261 §18)."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from tests.peers.certificates import A_LONG_TIME, Authority, server_context
from tests.peers.scripted import StreamPeer
from tests.sip.carriers.audit import audit
from tests.sip.carriers.closing import closing
from tests.sip.carriers.laboratory import Carrier, Heard, Send
from tests.sip.carriers.running import NUMBER, Commands, step, told

CHALLENGE = 'realm="carrier.example", nonce="n1", qop="auth", algorithm=SHA-256'


def after_each(method: str) -> bool:
    return True


def after_what_is_answered(method: str) -> bool:
    return method != "ACK"


def after_requests_outside_calls(method: str) -> bool:
    return method in ("OPTIONS", "REGISTER")


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
@pytest.mark.parametrize("ends_after", [after_each, after_what_is_answered, after_requests_outside_calls])
@pytest.mark.parametrize("challenge", [None, CHALLENGE])
def test_a_peer_that_closes_after_each_answer_is_healthy(
    commands: Commands,
    authority: Authority,
    scheme: str,
    ends_after: Callable[[str], bool],
    challenge: str | None,
) -> None:
    carrier = Carrier(challenge=challenge, transport=scheme)
    with StreamPeer(closing(carrier, ends_after), _tls(authority, scheme)) as peer:
        carrier.port = peer.port
        uri = f"sip:127.0.0.1:{peer.port};transport={scheme}"
        trust = ["--ca-file", str(authority.ca_file)] if scheme == "tls" else []
        code, report = commands.check(uri, "--call", NUMBER, "--register", *trust, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_registrations_survive_a_peer_that_closes(
    commands: Commands, authority: Authority, scheme: str
) -> None:
    carrier = Carrier(challenge=CHALLENGE, transport=scheme)
    with StreamPeer(closing(carrier, after_each), _tls(authority, scheme)) as peer:
        carrier.port = peer.port
        uri = f"sip:127.0.0.1:{peer.port};transport={scheme}"
        trust = ["--ca-file", str(authority.ca_file)] if scheme == "tls" else []
        code, report = commands.register(uri, "--refreshes", "2", *trust)
    assert (code, report["cause"]) == (0, None), told({"steps": []})
    assert {each["cause"] for each in report["attempts"]} == {None}
    assert len({each.get("call-id") for each in carrier.of("REGISTER")}) == 1
    audit(carrier)


class HangsUpOn(Carrier):
    """Closes the connection instead of answering an INVITE."""

    def invite(self, request: Heard, send: Send) -> None:
        return


def test_a_peer_that_closes_on_every_invite_is_tried_once_more(commands: Commands) -> None:
    carrier = HangsUpOn(transport="tcp")
    with StreamPeer(closing(carrier, lambda method: method == "INVITE")) as peer:
        carrier.port = peer.port
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport=tcp", "--call", NUMBER)
    assert (code, report["cause"]) == (1, "connection_closed"), told(report)
    assert step(report, "invite") == ("fail", "connection_closed")
    assert [each.cseq for each in carrier.of("INVITE")] == [1, 2]


class RingsAndCloses(Carrier):
    """Rings, closes the connection, and goes on ringing."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")


def test_a_call_that_rang_is_cancelled_over_a_new_connection(commands: Commands) -> None:
    carrier = RingsAndCloses(transport="tcp")
    with StreamPeer(closing(carrier, lambda method: method == "INVITE")) as peer:
        carrier.port = peer.port
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport=tcp", "--call", NUMBER)
    assert (code, report["cause"]) == (1, "connection_closed"), told(report)
    assert len(carrier.of("INVITE")) == 1
    audit(carrier)


class ClosesOnOptions(Carrier):
    """Closes the connection on OPTIONS, and takes calls."""

    def options(self, request: Heard, send: Send) -> None:
        return


def test_a_peer_that_closes_on_options_and_takes_calls(commands: Commands) -> None:
    carrier = ClosesOnOptions(transport="tcp")
    with StreamPeer(closing(carrier, lambda method: method == "OPTIONS")) as peer:
        carrier.port = peer.port
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport=tcp", "--call", NUMBER)
    assert (code, report["cause"]) == (0, "no_answer"), told(report)
    assert step(report, "options") == ("warn", "no_answer")
    assert step(report, "bye") == ("pass", None)
    audit(carrier)


def test_a_peer_that_closes_on_everything(commands: Commands) -> None:
    carrier = ClosesOnOptions(transport="tcp")
    with StreamPeer(closing(carrier, after_each)) as peer:
        carrier.port = peer.port
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport=tcp")
    assert (code, report["cause"]) == (1, "connection_closed"), told(report)
    assert step(report, "options") == ("fail", "connection_closed")


def _tls(authority: Authority, scheme: str) -> ssl.SSLContext | None:
    return server_context(authority.issue(["127.0.0.1"], ends=A_LONG_TIME)) if scheme == "tls" else None
