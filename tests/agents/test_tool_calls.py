"""Calling a tool over a socket: signed, bounded, repeated only where that does no harm."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from standardwebhooks import Webhook

from agents.enums import Outcome
from agents.tool_calls import MOST_TRIES, Endpoint, Result, call_tool
from callsphere.lib.netguard import AddressPolicy
from tests.agents.conftest import DAY, Backend

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8"])


def call(url: str, arguments: Any = None, policy: AddressPolicy = LOOPBACK, **fields: Any) -> Result:
    endpoint = Endpoint(
        **{
            "name": "free_times",
            "url": url,
            "parameters": DAY,
            "timeout_s": 60.0,
            "is_idempotent": False,
            "signing_secret": SECRET,
            **fields,
        }
    )
    given = {"day": "2027-01-04"} if arguments is None else arguments
    return call_tool(endpoint, given, reference="CA1", policy=policy)


def test_signed_request_and_its_answer(backend: Backend) -> None:
    backend.answers = [(200, b'{"times": ["9:00"]}')]
    result = call(backend.url, headers={"Authorization": "Bearer hush"})
    assert (result.outcome, result.status, result.answer, result.tries) == (
        Outcome.OK,
        200,
        {"times": ["9:00"]},
        1,
    )
    ((headers, body),) = backend.received
    assert Webhook(SECRET).verify(body, headers) == {
        "type": "tool.call",
        "tool": "free_times",
        "call": "CA1",
        "arguments": {"day": "2027-01-04"},
    }
    assert headers["authorization"] == "Bearer hush"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        ({}, "The arguments: day is missing."),
        ({"day": 4}, 'day: does not fit type "string".'),
        ({"day": "2027-01-04 or so"}, "day: does not fit maxLength 10."),
        ({"day": "x", "hour": 9}, "The arguments: there is something that the tool does not take."),
        ([], "The arguments are no object."),
    ],
)
def test_arguments_that_do_not_fit_are_not_sent(backend: Backend, arguments: Any, detail: str) -> None:
    result = call(backend.url, arguments)
    assert (result.outcome, result.detail, backend.received) == (Outcome.WRONG_ARGUMENTS, detail, [])


def test_half_a_character_is_sent_as_a_question_mark(backend: Backend) -> None:
    assert call(backend.url, {"day": "4 \ud83d"}).outcome == Outcome.OK
    assert json.loads(backend.received[0][1])["arguments"] == {"day": "4 ?"}


def test_only_what_may_be_repeated_is(backend: Backend) -> None:
    backend.answers = [(503, b""), (503, b""), (200, b"{}")]
    assert call(backend.url, is_idempotent=False).outcome == Outcome.REFUSED
    assert len(backend.received) == 1
    result = call(backend.url, is_idempotent=True)
    assert (result.outcome, result.tries, len(backend.received)) == (Outcome.OK, 2, 3)
    ids = [headers["webhook-id"] for headers, _body in backend.received]
    assert (ids[1] == ids[2], ids[0] == ids[1]) == (True, False)


def test_after_so_many_tries_it_is_told(backend: Backend) -> None:
    backend.answers = [(502, b"")] * 9
    result = call(backend.url, is_idempotent=True)
    assert (result.outcome, result.status, result.tries, len(backend.received)) == (
        Outcome.REFUSED,
        502,
        MOST_TRIES,
        MOST_TRIES,
    )


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_would_be_answered_the_same_is_not_repeated(backend: Backend, status: int) -> None:
    backend.answers = [(status, b"")]
    result = call(backend.url, is_idempotent=True)
    assert (result.outcome, result.detail, result.tries) == (Outcome.REFUSED, f"It answered {status}.", 1)


def test_redirects_are_not_followed(backend: Backend) -> None:
    backend.answers = [(307, b"")]
    result = call(backend.url)
    assert (result.detail, len(backend.received)) == ("It answered 307: redirects are not followed.", 1)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Outcome.OK),
        (b"hello", Outcome.NO_JSON),
        (b"[" * 40_000, Outcome.NO_JSON),
        (json.dumps("x" * 70_000).encode(), Outcome.TOO_LARGE),
    ],
)
def test_answers(backend: Backend, answer: bytes, outcome: Outcome) -> None:
    backend.answers = [(200, answer)]
    assert call(backend.url).outcome == outcome


def test_an_endpoint_that_hangs_is_left(backend: Backend) -> None:
    backend.hold.clear()
    result = call(backend.url, timeout_s=0.2)
    assert (result.outcome, result.detail) == (Outcome.TIMED_OUT, "No answer within 0.2 s.")


def test_nobody_there() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # and does not listen
        result = call(f"http://127.0.0.1:{reserved.getsockname()[1]}/")
    assert (result.outcome, result.detail) == (Outcome.UNREACHABLE, "The endpoint refuses connections.")


@pytest.mark.parametrize("url", ["https://xn--/a", "https://999.1.1.1/", "https://[1]/"])
def test_what_is_no_address(url: str) -> None:
    result = call(url)
    assert (result.outcome, result.detail) == (Outcome.UNREACHABLE, "The endpoint is no address.")


def test_a_refused_address_is_told_as_a_name_that_does_not_exist(backend: Backend) -> None:
    result = call(backend.url, policy=AddressPolicy())
    assert (result.outcome, result.detail) == (
        Outcome.UNREACHABLE,
        "The name of the endpoint does not resolve.",
    )
    assert backend.received == []


def test_what_is_secret_is_not_printed() -> None:
    endpoint = Endpoint("t", "https://x.example.com/", DAY, 5, False, SECRET, {"Authorization": "hush"})
    assert (SECRET in repr(endpoint), "hush" in repr(endpoint)) == (False, False)
    assert "private" not in repr(Result(Outcome.OK, answer="private"))
