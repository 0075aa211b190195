"""Digest challenges of a sandbox carrier, answered by the product's own client side."""

from __future__ import annotations

import pytest

from callsphere.local.sandbox.behaviour import Guard
from callsphere.local.sandbox.doorkeeper import MAX_NONCES, Doorkeeper
from callsphere.sip.digest import Authenticator, Credentials, parse_challenges
from callsphere.sip.message import Request, Response, parse_message
from tests.local.sandbox.caller import Caller

GUARD = Guard({"alice": "secret"})


def request(method: str = "REGISTER") -> Request:
    message = parse_message(Caller().text(method).encode())
    assert isinstance(message, Request)
    return message


def signed(response: Response | None, password: str = "secret", method: str = "REGISTER") -> Request:
    """The request with an answer to a challenge."""
    assert response is not None
    return Authenticator(Credentials("alice", password)).answer(response, request(method))


@pytest.mark.parametrize(
    ("method", "status", "header"),
    [("REGISTER", 401, "WWW-Authenticate"), ("INVITE", 407, "Proxy-Authenticate")],
)
def test_both_algorithms_are_offered_and_taken(method: str, status: int, header: str) -> None:
    doorkeeper = Doorkeeper(GUARD)
    response = doorkeeper.refuse(request(method), 0.0, "tag")
    assert response is not None
    assert response.status == status
    challenges = parse_challenges(response)
    assert [challenge.algorithm for challenge in challenges] == ["SHA-256", "MD5"]
    assert {(challenge.realm, challenge.stale, challenge.qop) for challenge in challenges} == {
        ("sandbox", False, "auth")
    }
    assert doorkeeper.refuse(signed(response, method=method), 1.0, "tag") is None
    only_md5 = doorkeeper.refuse(request(method), 0.0, "tag")
    assert only_md5 is not None
    only_md5.headers.set(header, only_md5.headers.get_all(header)[1])
    assert doorkeeper.refuse(signed(only_md5, method=method), 1.0, "tag") is None


def stale(response: Response | None) -> bool:
    assert response is not None
    return all(challenge.stale for challenge in parse_challenges(response))


def test_a_wrong_password_is_asked_again_and_not_called_stale() -> None:
    doorkeeper = Doorkeeper(GUARD)
    challenge = doorkeeper.refuse(request(), 0.0, "tag")
    assert not stale(doorkeeper.refuse(signed(challenge, "wrong"), 1.0, "tag"))


def test_old_forged_and_repeated_credentials_are_stale() -> None:
    doorkeeper = Doorkeeper(GUARD)
    challenge = doorkeeper.refuse(request(), 0.0, "tag")
    good = signed(challenge)
    assert doorkeeper.refuse(good, 59.9, "tag") is None
    assert stale(doorkeeper.refuse(good, 59.9, "tag"))
    assert stale(doorkeeper.refuse(signed(doorkeeper.refuse(request(), 0.0, "tag")), 60.0, "tag"))
    strange = Doorkeeper(GUARD).refuse(request(), 0.0, "tag")
    assert stale(doorkeeper.refuse(signed(strange), 1.0, "tag"))


def test_a_nonce_serves_again_with_a_higher_count_unless_it_is_for_one_use() -> None:
    def answers(guard: Guard) -> list[bool]:
        doorkeeper = Doorkeeper(guard)
        client = Authenticator(Credentials("alice", "secret"))
        challenge = doorkeeper.refuse(request(), 0.0, "tag")
        assert challenge is not None
        first = client.answer(challenge, request())
        return [doorkeeper.refuse(each, 1.0, "tag") is None for each in (first, client.preemptive(request()))]

    assert answers(GUARD) == [True, True]
    assert answers(Guard({"alice": "secret"}, one_use=True)) == [True, False]


@pytest.mark.parametrize("value", ["Digest", "Basic YTpi", 'Digest realm="sandbox"', "Digest =,=", '"'])
def test_unreadable_credentials_are_challenged(value: str) -> None:
    asked = request()
    asked.headers.add("Authorization", value)
    assert not stale(Doorkeeper(GUARD).refuse(asked, 0.0, "tag"))


def test_what_is_remembered_of_nonces_is_bounded() -> None:
    doorkeeper = Doorkeeper(GUARD)
    for _ in range(MAX_NONCES + 10):
        assert doorkeeper.refuse(signed(doorkeeper.refuse(request(), 0.0, "tag")), 0.0, "tag") is None
    assert len(doorkeeper._used) == MAX_NONCES
