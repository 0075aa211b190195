"""<Dial> as the double plays it: lines, agents, what legs tell, what the action is told."""

from __future__ import annotations

import pytest

from tests.voice_peers import AGENT, CALLER, NUMBER, OpenAISide, OurSide, Phone

DESK, MOBILE = "+442079460000", "+442079460001"
TOLD = "statusCallback='/leg' statusCallbackEvent='initiated ringing answered completed'"


def dial(phone: Phone, inner: str, attributes: str = "") -> None:
    phone.says("/voice", f"<Dial action='/next' answerOnBridge='true' {attributes}>{inner}</Dial>")
    phone.says("/next", "<Say>And then.</Say>")


def test_number_answers_and_hangs_up(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Number {TOLD}>{DESK}</Number>")

    call = phone.play(legs={DESK: {"rings_s": 4, "talks_s": 61.5}})

    leg = call["legs"][0]
    told = ours.told("/leg")
    assert [fields["CallStatus"] for fields in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [fields["SequenceNumber"] for fields in told] == ["0", "1", "2", "3"]
    assert {(each["CallSid"], each["ParentCallSid"], each["Direction"]) for each in told} == {
        (leg["sid"], call["sid"], "outbound-dial")
    }
    assert [fields.get("StirStatus") for fields in told] == [None, "B", "B", None]
    assert (told[-1]["CallDuration"], told[-1]["Duration"], told[-1]["SipResponseCode"]) == ("62", "2", "200")
    action = ours.told("/next")[0]
    assert (action["DialCallStatus"], action["DialCallSid"], action["DialCallDuration"]) == (
        *("completed", leg["sid"], "62"),
    )
    assert (action["DialBridged"], action["CallStatus"]) == ("true", "in-progress")
    assert "DialSipResponseCode" not in action
    # the caller's time begins with the answer: talk, and the sentence after it
    assert (call["said"], ours.told("/status")[0]["CallDuration"]) == (["And then."], "63")
    assert phone.all_are_signed()


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("+442079460091", "busy", "486"),
        ("+442079460092", "no-answer", "487"),
        ("+442079460093", "failed", "503"),
        ("+442079460095", "failed", "404"),
        ("sip:busy@pbx.example.com", "busy", "486"),
        ("sip:nobody@pbx.example.com", "no-answer", "487"),
    ],
)
def test_line_does_not_answer(phone: Phone, ours: OurSide, number: str, status: str, code: str) -> None:
    tag = "Sip" if number.startswith("sip") else "Number"
    dial(phone, f"<{tag} {TOLD}>{number}</{tag}>", "timeout='20'")

    call = phone.play()

    told, action = ours.told("/leg"), ours.told("/next")[0]
    assert [fields["CallStatus"] for fields in told] == ["initiated", "ringing", status]
    assert (told[-1]["SipResponseCode"], told[-1]["CallDuration"]) == (code, "0")
    assert (action["DialCallStatus"], action["DialBridged"], action["CallStatus"]) == (
        *(status, "false", "ringing"),
    )
    assert action.get("DialSipResponseCode") == (code if tag == "Sip" else None)
    waited = next(
        event["at"] for event in call["events"] if event["kind"] == "leg" and event["status"] == status
    )
    assert waited == {"no-answer": 20, "busy": 2, "failed": 0.5}[status]
    assert call["said"] == ["And then."]


def test_first_to_answer_has_the_call(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Number>{DESK}</Number><Number {TOLD}>{MOBILE}</Number>")

    call = phone.play(legs={DESK: {"rings_s": 9}, MOBILE: {"rings_s": 3}})

    assert [(leg["to"], leg["status"]) for leg in call["legs"]] == [(DESK, "canceled"), (MOBILE, "completed")]
    assert ours.told("/next")[0]["DialCallSid"] == call["legs"][1]["sid"]


def test_one_after_the_other(phone: Phone) -> None:
    dial(phone, f"<Number>{DESK}</Number><Number>{MOBILE}</Number>", "sequential='true' timeout='15'")

    call = phone.play(legs={DESK: {"outcome": "no-answer"}, MOBILE: {"rings_s": 3}})

    assert [leg["status"] for leg in call["legs"]] == ["no-answer", "completed"]
    assert [event["at"] for event in call["events"] if event["kind"] == "connected"] == [18]


def test_leg_ends_at_the_time_limit(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Number>{DESK}</Number>", "timeLimit='10'")

    phone.play(legs={"*": {"talks_s": 100}})

    assert ours.told("/next")[0]["DialCallDuration"] == "10"


def test_without_answer_on_bridge_the_caller_is_answered_at_once(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", f"<Dial timeout='20'>{DESK}</Dial>")

    call = phone.play(legs={"*": {"outcome": "no-answer"}})

    assert (call["status"], ours.told("/status")[0]["CallDuration"]) == ("completed", "20")


def test_caller_hangs_up_while_it_rings(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Number {TOLD}>{DESK}</Number>")

    call = phone.play(hang_up_on="ringing")

    assert (call["status"], call["legs"][0]["status"], call["said"]) == ("no-answer", "no-answer", [])
    action = ours.told("/next")[0]
    assert (action["DialCallStatus"], action["CallStatus"]) == ("no-answer", "no-answer")
    assert ours.statuses("/status") == ["no-answer"]
    assert ours.told("/leg")[-1]["SipResponseCode"] == "487"


def test_caller_hangs_up_while_talking(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Number {TOLD}>{DESK}</Number>")
    sid = phone.ring(legs={"*": {"talks_s": None}})
    phone.wait_for_leg(sid, "in-progress")

    assert phone.control(f"calls/{sid}/hangup", {}).status_code == 200
    call = phone.over(sid)

    assert (call["status"], call["legs"][0]["status"], call["said"]) == ("completed", "completed", [])
    assert ours.told("/next")[0]["DialCallStatus"] == "completed"
    assert phone.control(f"calls/{sid}/hangup", {}).status_code == 404


def test_call_between_both_is_recorded(phone: Phone, ours: OurSide) -> None:
    dial(phone, DESK, "record='record-from-answer-dual' recordingStatusCallback='/recorded'")

    phone.play(legs={"*": {"talks_s": 30}})

    recorded, action = ours.told("/recorded")[0], ours.told("/next")[0]
    assert action["RecordingUrl"] == recorded["RecordingUrl"]
    assert (recorded["RecordingChannels"], recorded["RecordingDuration"]) == ("2", "30")
    assert recorded["RecordingSource"] == "DialVerb"


def test_whoever_is_called_hears_a_sentence_first_and_may_refuse(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Number url='/whisper'>{DESK}</Number>")
    phone.says("/whisper", "<Say>A call from Acme.</Say>")
    taken = phone.play()
    phone.says("/whisper", "<Hangup/>")
    refused = phone.play()

    assert [event["text"] for event in taken["events"] if event["kind"] == "leg hears"] == [
        "A call from Acme."
    ]
    assert ours.told("/whisper")[0]["CallSid"] == taken["legs"][0]["sid"]
    assert [any(each["kind"] == "connected" for each in call["events"]) for call in (taken, refused)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("mode", "found"), [("Enable", "machine_start"), ("DetectMessageEnd", "machine_end_beep")]
)
def test_machine_is_detected(phone: Phone, ours: OurSide, mode: str, found: str) -> None:
    dial(phone, f"<Number machineDetection='{mode}' amdStatusCallback='/amd'>+442079460094</Number>")

    call = phone.play()

    assert ours.told("/amd")[0]["AnsweredBy"] == found
    assert call["legs"][0]["answered_by"] == found


def test_agent_is_called_with_the_headers_of_the_address(
    phone: Phone, ours: OurSide, openai_side: OpenAISide
) -> None:
    dial(phone, f"<Sip {TOLD}>{AGENT}?X-Cs-Call=a%20b</Sip>")
    sid = phone.ring(script="appointment")
    agent = openai_side.wait_for_call()
    leg = phone.wait_for_leg(sid, "in-progress")
    agent.state |= {"status": "ended", "ended_by": "agent"}
    call = phone.over(sid)

    assert (agent.to, agent.script) == (f"{AGENT}?X-Cs-Call=a%20b", "appointment")
    assert agent.headers["X-Cs-Call"] == "a b"
    assert agent.headers["X-Twilio-CallSid"] == leg["sid"]
    assert agent.headers["X-Twilio-AccountSid"] == phone.account.account_sid
    assert agent.headers["Diversion"] == f"<sip:{NUMBER}@twilio.com>;reason=unconditional"
    assert agent.headers["From"].startswith(f"<sip:{CALLER}@")
    assert agent.headers["To"] == "<sip:proj_1@sip.api.openai.com>"
    assert agent.headers["Call-ID"] == ours.told("/next")[0]["DialSipCallId"]
    assert ours.statuses("/leg") == ["initiated", "ringing", "in-progress", "completed"]
    assert (ours.told("/next")[0]["DialCallStatus"], ours.told("/next")[0]["DialSipResponseCode"]) == (
        *("completed", "200"),
    )
    assert (call["said"], call["legs"][0]["to"]) == (["And then."], AGENT)
    assert "X-Cs-Call" not in str(call)


@pytest.mark.parametrize(("code", "status"), [(486, "busy"), (603, "failed"), (503, "failed")])
def test_agent_rejects(phone: Phone, ours: OurSide, openai_side: OpenAISide, code: int, status: str) -> None:
    openai_side.first_state = {"status": "rejected", "status_code": code}
    dial(phone, f"<Sip {TOLD}>{AGENT}</Sip>")

    phone.play()

    action = ours.told("/next")[0]
    assert (action["DialCallStatus"], action["DialSipResponseCode"]) == (status, str(code))
    assert ours.told("/leg")[-1]["SipResponseCode"] == str(code)


def test_agent_whom_the_caller_leaves_hears_of_it(phone: Phone, openai_side: OpenAISide) -> None:
    dial(phone, f"<Sip>{AGENT}</Sip>")
    sid = phone.ring()
    phone.wait_for_leg(sid, "in-progress")
    phone.control(f"calls/{sid}/hangup", {})
    phone.over(sid)

    assert openai_side.wait_for_call().state["ended_by"] == "caller"


def test_caller_of_the_script_hangs_up(phone: Phone, ours: OurSide, openai_side: OpenAISide) -> None:
    dial(phone, f"<Sip>{AGENT}</Sip>")
    sid = phone.ring()
    phone.wait_for_leg(sid, "in-progress")
    openai_side.wait_for_call().state |= {"status": "ended", "ended_by": "caller"}
    call = phone.over(sid)

    assert (call["status"], call["said"], call["events"][-1]["by"]) == ("completed", [], "caller")
    assert ours.told("/next")[0]["CallStatus"] == "completed"


def test_agent_that_does_not_answer_is_given_up(phone: Phone, ours: OurSide, openai_side: OpenAISide) -> None:
    openai_side.first_state = {}
    dial(phone, f"<Sip>{AGENT}</Sip>", "timeout='1'")

    call = phone.play()

    assert ours.told("/next")[0]["DialCallStatus"] == "no-answer"
    assert openai_side.wait_for_call().state["status"] == "ended"
    assert call["said"] == ["And then."]


def test_agent_refers_the_call(phone: Phone, ours: OurSide, openai_side: OpenAISide) -> None:
    dial(phone, f"<Sip>{AGENT}</Sip>", "referUrl='/refer'")
    phone.says("/refer", "<Say>I put you through.</Say>")
    sid = phone.ring()
    phone.wait_for_leg(sid, "in-progress")
    openai_side.wait_for_call().state |= {"referred_to": "tel:+442079460000"}
    call = phone.over(sid)

    assert call["said"] == ["I put you through."]
    assert ours.told("/refer")[0]["ReferTransferTarget"] == "tel:+442079460000"
    assert ours.told("/next") == []


def test_without_openais_double_the_leg_fails(phone: Phone, ours: OurSide) -> None:
    dial(phone, f"<Sip>{AGENT}</Sip>")

    call = phone.play()

    action = ours.told("/next")[0]
    assert (action["DialCallStatus"], action["DialSipResponseCode"]) == ("failed", "480")
    assert call["said"] == ["And then."]
