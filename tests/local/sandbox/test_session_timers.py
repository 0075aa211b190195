"""Session timers of the sandbox's calls, whoever refreshes (RFC 4028 §9, §10)."""

from __future__ import annotations

from tests.local.sandbox.caller import ALLOW, OFFER, TIMER, Caller

OURS = TIMER.replace("90", "90;refresher=uas")


def session(caller: Caller) -> str | None:
    return caller.last.headers.get("session-expires")


def test_the_caller_refreshes_and_the_time_starts_again() -> None:
    caller = Caller()
    caller.invite()
    assert session(caller) == "90;refresher=uac"
    assert caller.last.headers.get("require") == "timer"
    caller.ack()
    caller.wait(45.0)
    assert caller.ask("UPDATE", "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n") == ["200 OK"]
    assert session(caller) == "90;refresher=uac"
    assert caller.wait(104.9) == []
    assert caller.wait(105.4) == [(105.0, "BYE")]


def test_a_caller_who_does_not_refresh_is_hung_up_on_before_the_end() -> None:
    caller = Caller()
    caller.invite()
    caller.ack()
    assert caller.wait(60.4) == [(60.1, "BYE")]


def test_the_carrier_refreshes_when_that_is_its_task() -> None:
    caller = Caller()
    caller.invite(OURS + ALLOW)
    assert session(caller) == "90;refresher=uas"
    caller.ack()
    assert caller.wait(45.4) == [(45.1, "UPDATE")]
    assert session(caller) == "90;refresher=uac"
    assert caller.answer("200 OK", "Session-Expires: 90;refresher=uac\r\n", at=45.4) == []
    assert caller.wait(90.6) == [(90.4, "UPDATE")]
    assert caller.answer("481 Gone") == ["BYE"]


def test_it_refreshes_by_invite_where_update_is_not_allowed() -> None:
    caller = Caller()
    caller.invite(OURS + "Allow: INVITE, ACK, BYE\r\n")
    caller.ack()
    assert caller.wait(45.4) == [(45.1, "INVITE")]
    answer = "Contact: <sip:caller@127.0.0.1:4000>\r\nSession-Expires: 90;refresher=uac\r\n"
    assert caller.answer("200 OK", answer) == ["ACK"]
    assert caller.say(STRAY.format(call_id=caller.call_id)) == []


STRAY = (
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKstray\r\nFrom: <sip:a@b>;tag=x\r\n"
    "To: <sip:a@b>;tag=y\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)


def test_a_refresh_that_nobody_answers_ends_the_call() -> None:
    caller = Caller()
    caller.invite(OURS + ALLOW)
    caller.ack()
    sent = caller.wait(70.0)
    assert sent[0] == (45.1, "UPDATE")
    assert next(each for each in sent if each[1] == "BYE") == (60.1, "BYE")


def test_a_caller_without_timers_leaves_the_refresh_to_the_carrier() -> None:
    caller = Caller()
    caller.invite("Session-Expires: 120\r\n" + ALLOW)
    assert session(caller) == "120;refresher=uas"
    caller.ack()
    assert caller.wait(60.2) == [(60.1, "UPDATE")]


def test_offers_of_a_refresh_are_those_of_the_call() -> None:
    caller = Caller()
    answer = caller.invite(OURS + "Allow: INVITE, ACK, BYE\r\n", OFFER)
    caller.ack()
    caller.wait(45.4)
    assert caller.last.body == answer.body
