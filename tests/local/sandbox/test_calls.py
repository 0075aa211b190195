"""Calls that a sandbox carrier takes, message by message (RFC 3261 §9, §13.3, §14, §15)."""

from __future__ import annotations

import gc

import pytest

from callsphere.local.sandbox import switch
from callsphere.local.sandbox.behaviour import Behaviour
from callsphere.local.sandbox.call import Call
from callsphere.sip.message import Response
from tests.local.sandbox.caller import OFFER, Caller


def header(message: object, name: str) -> str | None:
    assert hasattr(message, "headers")
    value = message.headers.get(name)
    assert value is None or isinstance(value, str)
    return value


def test_a_call_rings_and_is_answered() -> None:
    caller = Caller()
    assert caller.ask("INVITE", body=OFFER) == ["100 Trying", "180 Ringing"]
    assert caller.wait(0.3) == [(0.1, "200 OK")]
    response = caller.last
    assert isinstance(response, Response)
    assert response.to_tag == caller.heard[1][2].to_tag
    assert header(response, "Contact") == "<sip:carrier@127.0.0.1:5060>"
    assert header(response, "Server") == "CallSphere sandbox (test)"
    assert header(response, "Content-Type") == "application/sdp"
    assert b"m=audio 9 RTP/AVP 0\r\n" in response.body
    assert b"a=sendrecv" in response.body


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_answer_is_repeated_until_its_ack_comes(transport: str) -> None:
    caller = Caller(transport=transport)
    caller.invite()
    first = caller.heard[-1][1]
    assert caller.wait(4.0) == [(0.6, "200 OK"), (1.6, "200 OK"), (3.6, "200 OK")]
    assert {text for _, text, _ in caller.heard[-3:]} == {first}
    assert caller.ack(at=5.0) == []
    assert caller.wait(30.0) == []


def test_without_an_ack_the_call_is_hung_up_after_32_seconds() -> None:
    caller = Caller()
    caller.invite()
    sent = caller.wait(40.0)
    assert [when for when, line in sent if line == "200 OK"] == [
        *(0.6, 1.6, 3.6, 7.6, 11.6, 15.6, 19.6, 23.6, 27.6, 31.6)
    ]
    assert next(when for when, line in sent if line == "BYE") == 32.1
    caller.wait(120.0)
    assert len(caller.switch) == 0


def test_repetitions_get_the_same_answer_and_no_second_call() -> None:
    caller = Caller()
    invite = caller.text("INVITE", body=OFFER, number=1)
    caller.say(invite)
    assert caller.say(invite, 0.05) == ["180 Ringing"]
    assert caller.heard[-1][1] == caller.heard[-2][1]
    caller.wait(0.1)
    caller.to_tag = f";tag={caller.last.to_tag}"
    caller.ack()
    bye = caller.text("BYE", number=2)
    assert caller.say(bye) == caller.say(bye, 1.0) == ["200 OK"]
    assert caller.heard[-1][1] == caller.heard[-2][1]
    assert caller.ask("BYE") == ["481 Call/Transaction Does Not Exist"]


def test_pings_leave_nothing_and_repetitions_get_the_same() -> None:
    caller = Caller()
    options = caller.text("OPTIONS", number=1)
    assert caller.say(options) == caller.say(options) == ["200 OK"]
    assert caller.heard[0][1] == caller.heard[1][1]
    assert header(caller.last, "Allow") == (
        "INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS, INFO, NOTIFY, REGISTER"
    )
    assert len(caller.switch) == 0


def test_a_ringing_call_can_be_cancelled() -> None:
    caller = Caller()
    caller.say(caller.text("INVITE", body=OFFER, number=1, branch="same"))
    ringing = caller.last
    assert caller.say(caller.text("CANCEL", number=1, branch="same"), 0.05) == [
        "200 OK",
        "487 Request Terminated",
    ]
    assert {each.to_tag for _, _, each in caller.heard[-2:]} == {ringing.to_tag}
    assert caller.wait(0.6) == [(0.55, "487 Request Terminated")]
    caller.say(caller.text("ACK", number=1, branch="same"))
    assert caller.wait(60.0) == []
    assert len(caller.switch) == 0


def test_an_answered_call_survives_a_late_cancel() -> None:
    caller = Caller()
    caller.invite()
    branch = f"{caller.call_id}INVITE{caller.invite_number}"
    tag, caller.to_tag = caller.to_tag, ""
    assert caller.say(caller.text("CANCEL", number=caller.invite_number, branch=branch)) == ["200 OK"]
    caller.to_tag = tag
    caller.ack()
    assert caller.ask("BYE") == ["200 OK"]


def test_what_is_cancelled_and_unknown_is_481() -> None:
    assert Caller().ask("CANCEL") == ["481 Call/Transaction Does Not Exist"]


def test_hold_and_resume_are_answered_in_kind() -> None:
    caller = Caller()
    caller.invite()
    caller.ack()
    held = OFFER.replace("- 1 1 IN", "- 1 2 IN").replace("sendrecv", "sendonly")
    invite = caller.text("INVITE", body=held, number=20)
    assert caller.say(invite, 1.0) == ["200 OK"]
    response = caller.last
    assert isinstance(response, Response)
    assert b"a=recvonly" in response.body
    assert caller.wait(2.0) == [(1.5, "200 OK")]
    caller.ack(number=20)
    assert caller.ask("UPDATE", body=held.replace("1 2 IN", "1 3 IN")) == ["500 Server Internal Error"]
    assert caller.say(caller.text("UPDATE", body=OFFER.replace("1 1 IN", "1 3 IN"), number=21)) == ["200 OK"]
    response = caller.last
    assert isinstance(response, Response)
    assert b"a=sendrecv" in response.body
    assert caller.wait(10.0) == []


def test_the_caller_may_leave_the_offer_to_the_carrier() -> None:
    caller = Caller()
    response = caller.invite(body="")
    assert b"m=audio 9 RTP/AVP 0 8 101\r\n" in response.body
    caller.ack(OFFER)
    held = OFFER.replace("- 1 1 IN", "- 1 2 IN").replace("sendrecv", "sendonly")
    assert caller.ask("INVITE", body=held) == ["200 OK"]


@pytest.mark.parametrize(
    ("extra", "body", "answer"),
    [
        ("Content-Type: text/plain\r\n", "hello", "415 Unsupported Media Type"),
        ("", "v=0\r\nbroken\r\n", "400 Bad Request"),
        ("", OFFER.replace("RTP/AVP 0", "RTP/AVP 18"), "488 Not Acceptable Here"),
        ("", OFFER.replace("RTP/AVP", "RTP/SAVP"), "488 Not Acceptable Here"),
        ("Require: 100rel\r\n", OFFER, "420 Bad Extension"),
        ("Supported: timer\r\nSession-Expires: 60\r\n", OFFER, "422 Session Interval Too Small"),
    ],
)
def test_a_call_that_cannot_be_taken_is_refused(extra: str, body: str, answer: str) -> None:
    caller = Caller()
    assert caller.ask("INVITE", extra, body) == [answer]
    caller.wait(100.0)
    assert len(caller.switch) == 0


def test_a_caller_who_gives_up_by_bye_ends_the_ringing() -> None:
    caller = Caller()
    caller.ask("INVITE", body=OFFER)
    caller.to_tag = f";tag={caller.last.to_tag}"
    assert caller.ask("UPDATE", body=OFFER) == ["500 Server Internal Error"]
    assert caller.ask("BYE") == ["487 Request Terminated", "200 OK"]


def test_a_call_that_nobody_answers_ends_after_two_minutes() -> None:
    caller = Caller(Behaviour(rings_s=float("inf")))
    caller.ask("INVITE", body=OFFER)
    assert caller.wait(120.4) == [(120.0, "480 Temporarily Unavailable")]


def test_a_call_without_a_timer_ends_after_an_hour() -> None:
    caller = Caller()
    response = caller.invite(extra="")
    assert header(response, "Session-Expires") is None
    caller.ack()
    assert caller.wait(3599.0) == []
    assert caller.wait(3600.2) == [(3600.1, "BYE")]
    assert caller.answer("200 OK") == []
    assert caller.wait(3700.0) == []
    assert len(caller.switch) == 0


def test_questions_inside_a_call_are_answered_and_strange_ones_refused() -> None:
    caller = Caller()
    caller.invite()
    caller.ack()
    asked = {method: caller.ask(method) for method in ("OPTIONS", "INFO", "REFER", "PUBLISH", "XYZZY")}
    assert asked == {
        "OPTIONS": ["200 OK"],
        "INFO": ["200 OK"],
        "REFER": ["603 Decline"],
        "PUBLISH": ["405 Method Not Allowed"],
        "XYZZY": ["501 Not Implemented"],
    }


def test_one_way_only_is_answered_with_482() -> None:
    caller = Caller()
    invite = caller.text("INVITE", body=OFFER, number=1, branch="one")
    caller.say(invite)
    assert caller.say(invite.replace("z9hG4bKone", "z9hG4bKother")) == ["482 Loop Detected"]


def test_more_calls_than_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "MAX_CALLS", 2)
    caller = Caller()
    answers = []
    for _ in range(3):
        caller.new_call()
        answers.append(caller.ask("INVITE", body=OFFER)[-1])
    assert answers == ["180 Ringing", "180 Ringing", "503 Service Unavailable"]
    assert header(caller.last, "Retry-After") == "30"


def test_of_a_thousand_calls_nothing_is_kept() -> None:
    caller = Caller()
    for number in range(1000):
        caller.new_call()
        caller.invite()
        caller.ack()
        if number % 2:
            caller.ask("BYE")  # the others are forgotten by their callers
    assert len(caller.switch) > 500
    caller.heard.clear()
    caller.wait(caller.now + 200.0)
    assert (len(caller.switch), caller.switch.next_timer()) == (0, None)
    gc.collect()
    # `type`, for `isinstance` would wake every lazy object that other tests left behind.
    assert [each for each in gc.get_objects() if type(each) is Call] == []
