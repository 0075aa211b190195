"""Branches and the next attempt of a request (RFC 3261 §8.1.1.7, §8.1.3.5)."""

from __future__ import annotations

import pytest

from callsphere.sip.message import SipParseError
from callsphere.sip.transaction import ack_for, new_branch, next_attempt
from tests.sip.transacting import BRANCH, make_request


def test_branches_are_new_and_marked() -> None:
    branches = {new_branch() for _ in range(100)}
    assert len(branches) == 100
    assert {(branch[:7], len(branch)) for branch in branches} == {("z9hG4bK", 23)}


def test_the_next_attempt_has_a_new_branch_and_the_next_number() -> None:
    request = make_request("REGISTER", number=41)
    request.headers.add("Authorization", "Digest x")
    attempt = next_attempt(request)
    assert attempt.via.branch not in (None, BRANCH)
    assert str(attempt.via) == str(request.via).replace(BRANCH, attempt.via.branch or "")
    assert str(attempt.cseq) == "42 REGISTER"
    assert (attempt.method, attempt.uri, attempt.body) == (request.method, request.uri, request.body)
    unchanged = ("From", "To", "Call-ID", "Route", "Contact", "Authorization")
    assert [attempt.headers.get_all(name) for name in unchanged] == [
        request.headers.get_all(name) for name in unchanged
    ]
    assert (request.via.branch, request.cseq.number) == (BRANCH, 41)


def test_the_next_attempt_may_go_another_way() -> None:
    attempt = next_attempt(make_request("INVITE"), sent_by=("tls", "192.0.2.9:5061"))
    assert len(attempt.vias) == 1
    assert (attempt.via.transport, attempt.via.host, attempt.via.port) == ("TLS", "192.0.2.9", 5061)
    assert attempt.via.params[0] == ("rport", None)


def test_numbers_end() -> None:
    with pytest.raises(SipParseError):
        next_attempt(make_request("OPTIONS", number=2**32 - 1))


def test_an_ack_takes_the_to_of_the_response_as_it_stands() -> None:
    invite = make_request("INVITE")
    response = invite.respond(486)
    response.headers.set("t", "Bob <sip:bob@example.com;x=y>;tag=9;z")
    assert ack_for(invite, response).headers.get("To") == "Bob <sip:bob@example.com;x=y>;tag=9;z"
