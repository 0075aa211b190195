"""Carriers that are odd and still right pass, and the wire stays in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sip.carriers import odd_carriers
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, serving
from tests.sip.carriers.running import NUMBER, Commands, told

PASSING: list[Callable[[], Carrier]] = [
    Carrier,
    odd_carriers.CompactForms,
    odd_carriers.BareContact,
    odd_carriers.ContactWithName,
    odd_carriers.ContactParameters,
    odd_carriers.NoLength,
    odd_carriers.Forks,
    odd_carriers.TwoAnswers,
    odd_carriers.TaglessRinging,
    odd_carriers.ReliableEarly,
    odd_carriers.CrossedOk,
    odd_carriers.OtherPort,
    odd_carriers.OtherPayloads,
    odd_carriers.OnlyAlaw,
    odd_carriers.HeldByZero,
    odd_carriers.MixedCaseSession,
    odd_carriers.NoRefresher,
    odd_carriers.CarrierRefreshes,
    odd_carriers.NoUpdate,
    odd_carriers.NoAllow,
    odd_carriers.UpdateRefused,
    odd_carriers.Glare,
    odd_carriers.Overlap,
    odd_carriers.StrictInterval,
    odd_carriers.AsksInside,
    odd_carriers.PeerReinvites,
    odd_carriers.LateAnswer,
    odd_carriers.LooseRoute,
    odd_carriers.LrWithValue,
    odd_carriers.StrictRoute,
    odd_carriers.OptionsRefused,
    odd_carriers.NoReason,
    odd_carriers.UnknownHeaders,
    odd_carriers.Multipart,
    odd_carriers.ContactMoves,
    odd_carriers.LosesInvite,
    odd_carriers.LosesAck,
    odd_carriers.RouteWithUser,
    odd_carriers.LosesBye,
    odd_carriers.LeadsByMaddr,
]
UDP_ONLY = (
    odd_carriers.NoLength,
    odd_carriers.OtherPort,
    odd_carriers.LosesInvite,
    odd_carriers.LosesAck,
    odd_carriers.CrossedOk,
    odd_carriers.BareContact,
    odd_carriers.ContactParameters,
    odd_carriers.LosesBye,
)


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.__name__)
def test_it_passes_over_udp(commands: Commands, kind: Callable[[], Carrier]) -> None:
    carrier = kind()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["verdict"], report["cause"]) == (0, "pass", None), told(report)
    audit(carrier)


@pytest.mark.parametrize(
    "kind", [kind for kind in PASSING if kind not in UDP_ONLY], ids=lambda kind: kind.__name__
)
def test_it_passes_over_tcp(commands: Commands, kind: Callable[[], Carrier]) -> None:
    carrier = kind()
    with serving(carrier, "tcp") as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["verdict"], report["cause"]) == (0, "pass", None), told(report)
    audit(carrier)


@pytest.mark.parametrize(
    "status", ["403 Forbidden", "404 Not Found", "481 No", "483 Too Many Hops", "501 No", "503 No"]
)
def test_any_final_answer_to_options_passes(commands: Commands, status: str) -> None:
    carrier = odd_carriers.OptionsRefused()
    carrier.status = status
    with serving(carrier) as uri:
        code, report = commands.check(uri)
    assert (code, report["verdict"]) == (0, "pass"), told(report)


CHALLENGES = {
    "no qop": 'realm="carrier.test", nonce="n1"',
    "qop auth": 'realm="carrier.test", nonce="n2", qop="auth", algorithm=MD5, opaque="x y"',
    "both qops": 'realm="carrier.test",nonce="n3",qop="auth-int, auth",algorithm=SHA-256',
    "unquoted": 'realm="a, b" , nonce="n,4==" , qop=auth , algorithm="MD5" , stale=FALSE',
    "session": 'domain="sip:x", realm="", nonce="n5", qop="auth", algorithm=MD5-sess',
    "escapes": r'realm="the \"best\" one \\ two", nonce="n6\\x", qop="auth"',
    "strong": 'nonce="n6", realm="carrier.test", algorithm=SHA-512-256, qop="auth", charset=UTF-8',
}


def test_an_escaped_character_is_the_character(commands: Commands) -> None:
    carrier = odd_carriers.EscapesUser()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--register", credentials=True)
    assert (code, report["verdict"], report["cause"]) == (0, "pass", None), told(report)
    audit(carrier)


@pytest.mark.parametrize("name", CHALLENGES)
def test_challenges_are_answered(commands: Commands, name: str) -> None:
    carrier = Carrier(challenge=CHALLENGES[name])
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--register", credentials=True)
    assert (code, report["verdict"], report["cause"]) == (0, "pass", None), told(report)
    audit(carrier)
    assert carrier.of("REGISTER")[-1].get("contact").endswith("expires=0")
