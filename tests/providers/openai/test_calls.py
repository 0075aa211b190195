"""Accepting, rejecting, handing over and ending calls, through the real SDK, before the double."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.providers.openai import (
    CallGone,
    Refused,
    Unavailable,
    accept_call,
    hang_up_call,
    refer_call,
    reject_call,
    sip_address,
)
from tests.openai_double import DoubledOpenAI

SESSION: dict[str, Any] = {
    "type": "realtime",
    "model": "gpt-realtime-2.1",
    "instructions": "You answer for Acme Dental.",
    "audio": {"output": {"voice": "marin"}},
}
ENDED = {"status": "ended", "status_code": None, "ended_by": "agent", "referred_to": None}


def function(**parameters: Any) -> dict[str, Any]:
    return {"type": "function", "name": "book", "parameters": parameters}


def test_calls_go_to_the_projects_address(openai_double: DoubledOpenAI) -> None:
    assert sip_address() == "sip:proj_doubletest@sip.api.openai.com;transport=tls"


def test_without_a_project_there_is_no_address(settings: Any) -> None:
    settings.OPENAI_PROJECT_ID = ""

    assert sip_address() == ""


def test_accepted_call_has_the_session(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()

    accept_call(call_id, SESSION)

    session = openai_double.call(call_id)["session"]
    assert openai_double.state(call_id)["status"] == "accepted"
    assert (session["instructions"], session["audio"]["output"]["voice"]) == (
        "You answer for Acme Dental.",
        "marin",
    )


def test_rejected_call_ends_with_the_status(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()

    reject_call(call_id, 503)

    assert openai_double.state(call_id) == {
        "status": "rejected",
        "status_code": 503,
        "ended_by": None,
        "referred_to": None,
    }


def test_call_that_is_handed_over_ends_here(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)

    refer_call(call_id, "tel:+14155550199")

    assert openai_double.wait_for(call_id, "ended") == {**ENDED, "referred_to": "tel:+14155550199"}


def test_agent_hangs_up(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)

    hang_up_call(call_id)

    assert openai_double.state(call_id) == ENDED


@pytest.mark.parametrize(
    "act",
    [
        lambda call_id: accept_call(call_id, SESSION),
        lambda call_id: reject_call(call_id, 486),
        lambda call_id: refer_call(call_id, "tel:+14155550199"),
        hang_up_call,
    ],
)
def test_call_whose_caller_hung_up_is_gone(openai_double: DoubledOpenAI, act: Any) -> None:
    call_id = openai_double.ring()
    openai_double.hang_up(call_id)

    with pytest.raises(CallGone) as caught:
        act(call_id)

    error = caught.value
    assert (str(error), error.code, error.status) == ("The call is over.", "call_id_not_found", 404)


def test_call_cannot_be_accepted_twice(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)

    with pytest.raises(Refused) as caught:
        accept_call(call_id, SESSION)

    assert (caught.value.code, caught.value.outcome_unknown) == ("call_already_accepted", False)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"model": "gpt-9"}, "The model `gpt-9` does not exist. (model)"),
        ({"voice": "marin"}, "Unknown parameter: 'voice'. (voice)"),
        ({"audio": {"output": {"voice": "bob"}}}, None),
        (
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "very"}}}},
            None,
        ),
        ({"max_output_tokens": 5000}, None),
        ({"tools": [{"type": "function", "name": "x", "params": {}}]}, None),
        (
            {"tools": [{"type": "function", "name": "free times", "parameters": {"type": "object"}}]},
            "Invalid 'tools[0].name': string does not match pattern '^[a-zA-Z0-9_-]+$'. (tools[0].name)",
        ),
        (
            {"tools": [function(type="object", anyOf=[{}])]},
            (
                "Invalid schema for function 'book': schema must have type 'object' and not have"
                " 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level. (tools[0].parameters)"
            ),
        ),
        (
            {"tools": [function(type="object", properties={"days": {"type": "array"}})]},
            (
                "Invalid schema for function 'book': In context=('properties', 'days'), array schema missing"
                " items. (tools[0].parameters)"
            ),
        ),
    ],
)
def test_session_that_openai_does_not_take_is_refused_for_good(
    openai_double: DoubledOpenAI, change: dict[str, Any], detail: str | None
) -> None:
    call_id = openai_double.ring()

    with pytest.raises(Refused) as caught:
        accept_call(call_id, {**SESSION, **change})

    assert caught.value.status == 400
    assert detail is None or caught.value.detail == detail
    assert openai_double.state(call_id)["status"] == "ringing"


def test_wrong_key_is_refused_and_told_nowhere(openai_double: DoubledOpenAI, settings: Any) -> None:
    call_id = openai_double.ring()
    settings.OPENAI_API_KEY = "sk-wrong-key"

    with pytest.raises(Refused) as caught:
        accept_call(call_id, SESSION)

    error = caught.value
    assert (error.code, error.status, error.detail) == ("realtime_not_configured", 401, "invalid_api_key")
    assert "sk-wrong" not in f"{error}{error.__dict__}"


def test_without_a_key_nothing_is_asked(settings: Any) -> None:
    settings.OPENAI_API_KEY = ""

    with pytest.raises(Refused, match="OPENAI_API_KEY is not set"):
        accept_call("rtc_1", SESSION)


def test_what_openai_cannot_take_just_now_is_sent_again(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    openai_double.fail(action="accept", status=503, times=2)

    accept_call(call_id, SESSION)

    assert openai_double.state(call_id)["status"] == "accepted"


def test_after_two_repetitions_it_may_be_tried_later(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    openai_double.fail(action="accept", status=500, times=3)

    with pytest.raises(Unavailable) as caught:
        accept_call(call_id, SESSION)

    assert (caught.value.code, caught.value.status) == ("realtime_unavailable", 500)
    assert openai_double.state(call_id)["status"] == "ringing"


def test_whoever_is_told_to_wait_long_does_not(openai_double: DoubledOpenAI) -> None:
    """The caller would hear it ring for that long: another address may answer sooner."""
    call_id = openai_double.ring()
    openai_double.fail(action="accept", status=429, retry_after=30)

    with pytest.raises(Unavailable) as caught:
        accept_call(call_id, SESSION)

    assert (caught.value.retry_after, caught.value.outcome_unknown) == (30.0, False)
    accept_call(call_id, SESSION)


def test_lost_goodbye_is_told_to_be_gone(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)
    openai_double.fail(kind="lose", action="hangup")

    with pytest.raises(CallGone) as caught:
        hang_up_call(call_id)

    assert caught.value.outcome_unknown
    assert openai_double.state(call_id) == ENDED


def test_lost_answer_leaves_open_what_was_done(openai_double: DoubledOpenAI) -> None:
    """The repetition is refused, since the first try was carried out: attaching shows that it was."""
    call_id = openai_double.ring()
    openai_double.fail(kind="lose", action="accept")

    with pytest.raises(Refused) as caught:
        accept_call(call_id, SESSION)

    assert (caught.value.code, caught.value.outcome_unknown) == ("call_already_accepted", True)
    assert openai_double.state(call_id)["status"] == "accepted"


def test_nobody_there_may_pass(openai_double: DoubledOpenAI, settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9"

    with pytest.raises(Unavailable) as caught:
        hang_up_call("rtc_1")

    assert (caught.value.code, caught.value.outcome_unknown) == ("realtime_unreachable", True)
