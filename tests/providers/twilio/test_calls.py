"""Calls under way and ended, by the SDK against the double that plays them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from callsphere.providers.twilio import calls, twiml
from callsphere.providers.twilio.calls import NewCall
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.twiml import InstructionsInvalid
from tests.voice_peers import AGENT, CALLER, NUMBER, OpenAISide, OurSide, Phone
from tests.waiting import wait_until

DESK = "+442079460000"
TALKING = {"*": {"talks_s": None}}


def connected(phone: Phone) -> str:
    """Return a call that is connected with a leg until somebody ends it."""
    phone.says("/voice", f"<Dial action='/next'><Number>{DESK}</Number></Dial>")
    phone.says("/next", "<Say>And then.</Say>")
    sid = phone.ring(legs=TALKING)
    phone.wait_for_leg(sid, "in-progress")
    return sid


def test_call_that_is_over_has_duration_and_price(phone: Phone) -> None:
    phone.says("/voice", f"<Dial>{DESK}</Dial>")
    sid = phone.play(legs={"*": {"talks_s": 90}})["sid"]

    call = calls.read_call(phone.account, sid)
    legs = calls.find_legs(phone.account, sid)

    assert (call.status, call.direction, call.is_over) == ("completed", "inbound", True)
    assert (call.to_number, call.from_number, call.parent_sid) == (NUMBER, CALLER, "")
    assert (call.duration_s, call.price, call.price_unit) == (92, Decimal("-0.0170"), "USD")
    assert call.started_at
    assert call.ended_at
    assert (call.ended_at - call.started_at).total_seconds() == pytest.approx(92, abs=1)
    assert [(leg.direction, leg.parent_sid, leg.duration_s, leg.price) for leg in legs] == [
        ("outbound-dial", sid, 90, Decimal("-0.028"))
    ]


def test_price_is_known_some_time_after_the_end(phone: Phone) -> None:
    phone.twilio.twilio.switchboard.pace.priced_after_s = 1000
    sid = phone.play()["sid"]
    assert calls.read_call(phone.account, sid).price is None


def test_call_under_way_is_read(phone: Phone) -> None:
    sid = connected(phone)

    call = calls.read_call(phone.account, sid)

    assert (call.status, call.is_over, call.duration_s, call.price, call.ended_at) == (
        *("in-progress", False, None, None, None),
    )


def test_call_is_hung_up_with_its_leg(phone: Phone, ours: OurSide) -> None:
    sid = connected(phone)

    calls.hang_up_call(phone.account, sid)
    call = phone.over(sid)
    again = calls.hang_up_call(phone.account, sid)

    assert (call["status"], call["legs"][0]["status"], call["said"]) == ("completed", "completed", [])
    assert again.status == "completed"
    assert ours.statuses("/status") == ["completed"]


def test_leg_alone_is_hung_up(phone: Phone, ours: OurSide) -> None:
    sid = connected(phone)

    calls.hang_up_call(phone.account, phone.state(sid)["legs"][0]["sid"])
    call = phone.over(sid)

    assert (call["said"], ours.told("/next")[0]["DialCallStatus"]) == (["And then."], "completed")


def test_call_is_led_elsewhere(phone: Phone, ours: OurSide, openai_side: OpenAISide) -> None:
    phone.says("/voice", f"<Dial action='/next' answerOnBridge='true'><Sip>{AGENT}</Sip></Dial>")
    sid = phone.ring(legs=TALKING)
    phone.wait_for_leg(sid, "in-progress")

    leg = twiml.NumberLeg(DESK, status_callback=f"{ours.url}/leg")
    document = twiml.say_then("I connect you.", twiml.dial_number(leg, twiml.Dialling()))
    calls.redirect_call(phone.account, sid, document)
    wait_until(lambda: len(phone.state(sid)["legs"]) == 2)
    phone.control(f"calls/{sid}/hangup", {})
    call = phone.over(sid)

    assert call["said"] == ["I connect you."]
    assert [leg["to"] for leg in call["legs"]] == [AGENT, DESK]
    assert openai_side.wait_for_call().state["ended_by"] == "caller"
    assert ours.told("/next") == []


def test_call_that_is_over_is_led_nowhere(phone: Phone) -> None:
    sid = phone.play()["sid"]
    with pytest.raises(TwilioError) as refused:
        calls.redirect_call(phone.account, sid, twiml.reject())
    assert (refused.value.problem.name, refused.value.code) == (calls.CALL_OVER, 21220)


def test_instructions_that_are_too_long_are_not_sent(phone: Phone) -> None:
    document = twiml.say_and_hang_up("a" * 4000)
    with pytest.raises(InstructionsInvalid, match="4000"):
        calls.redirect_call(phone.account, "CA" + "0" * 32, document)
    with pytest.raises(InstructionsInvalid, match="4000"):
        calls.create_call(phone.account, NewCall(DESK, NUMBER, twiml=document))


def test_call_ends_at_a_new_limit(phone: Phone) -> None:
    sid = connected(phone)
    calls.set_time_limit(phone.account, sid, 1)
    assert phone.over(sid)["events"][-1]["by"] == "time limit"
    assert calls.set_time_limit(phone.account, sid, 5).is_over


def test_call_of_somebody_else_is_not_there(phone: Phone) -> None:
    sid = phone.play()["sid"]
    other = phone.twilio.tenant_account("globex")
    with pytest.raises(TwilioError) as refused:
        calls.read_call(other, sid)
    assert refused.value.is_missing


def test_call_is_placed(phone: Phone, ours: OurSide) -> None:
    phone.says("/answered", "<Say>This is Acme.</Say>")
    new = NewCall(DESK, NUMBER, url=f"{ours.url}/answered", status_callback=f"{ours.url}/progress")

    placed = calls.create_call(phone.account, new)
    call = phone.over(placed.sid)

    assert (placed.status, placed.direction) == ("queued", "outbound-api")
    assert (call["status"], call["said"]) == ("completed", ["This is Acme."])
    assert ours.statuses("/progress") == ["initiated", "ringing", "in-progress", "completed"]
    assert [fields["SequenceNumber"] for fields in ours.told("/progress")] == ["0", "1", "2", "3"]
    assert (ours.told("/answered")[0]["Direction"], ours.told("/answered")[0]["CallStatus"]) == (
        *("outbound-api", "in-progress"),
    )
    assert phone.all_are_signed()


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("+442079460091", "busy", "486"),
        ("+442079460092", "no-answer", "487"),
        ("+442079460093", "failed", "503"),
    ],
)
def test_call_that_is_placed_and_not_answered(
    phone: Phone, ours: OurSide, number: str, status: str, code: str
) -> None:
    document = twiml.say_and_hang_up("This is Acme.")
    new = NewCall(number, NUMBER, twiml=document, status_callback=f"{ours.url}/progress", timeout_s=20)

    call = phone.over(calls.create_call(phone.account, new).sid)

    assert (call["status"], call["said"]) == (status, [])
    assert ours.statuses("/progress") == ["initiated", "ringing", status]
    assert ours.told("/progress")[-1]["SipResponseCode"] == code


@pytest.mark.parametrize(("number", "by"), [("+442079460094", "machine_start"), (DESK, "human")])
def test_who_answered_is_known_before_anything_is_asked(
    phone: Phone, ours: OurSide, number: str, by: str
) -> None:
    new = NewCall(number, NUMBER, url=f"{ours.url}/answered", detects="Enable")

    sid = calls.create_call(phone.account, new).sid
    phone.over(sid)

    assert ours.told("/answered")[0]["AnsweredBy"] == by
    assert calls.read_call(phone.account, sid).answered_by == by


def test_who_answered_is_told_meanwhile(phone: Phone, ours: OurSide) -> None:
    new = NewCall(
        "+442079460094",
        NUMBER,
        url=f"{ours.url}/answered",
        detects="Enable",
        amd_callback=f"{ours.url}/amd",
    )
    phone.over(calls.create_call(phone.account, new).sid)

    assert "AnsweredBy" not in ours.told("/answered")[0]
    assert ours.told("/amd")[0]["AnsweredBy"] == "machine_start"


def test_call_that_rings_is_cancelled(phone: Phone, ours: OurSide) -> None:
    phone.twilio.twilio.switchboard.pace.speed = 0.001
    new = NewCall(DESK, NUMBER, twiml=twiml.reject(), status_callback=f"{ours.url}/progress")
    sid = calls.create_call(phone.account, new).sid
    wait_until(lambda: phone.state(sid)["status"] == "ringing")

    calls.hang_up_call(phone.account, sid)
    phone.over(sid)

    assert ours.statuses("/progress") == ["initiated", "ringing", "canceled"]


@pytest.mark.parametrize(
    ("to", "caller", "problem"),
    [("+44", NUMBER, "destination_invalid"), (DESK, "+12125550199", "trial_account")],
)
def test_call_that_cannot_be_placed(phone: Phone, to: str, caller: str, problem: str) -> None:
    with pytest.raises(TwilioError) as refused:
        calls.create_call(phone.account, NewCall(to, caller, twiml=twiml.reject()))
    assert refused.value.problem.name == problem


def test_call_needs_either_address_or_instructions(phone: Phone) -> None:
    with pytest.raises(InstructionsInvalid, match="either"):
        calls.create_call(phone.account, NewCall(DESK, NUMBER))
