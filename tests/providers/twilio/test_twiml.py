"""What calls are told to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callsphere.providers.twilio import twiml
from callsphere.providers.twilio.twiml import Dialling, InstructionsInvalid, NumberLeg, SipLeg

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
AGENT = "sip:proj_1@sip.api.openai.com;transport=tls"


def test_sentence_is_spoken_and_the_call_ends() -> None:
    assert twiml.say_and_hang_up("Sorry <Dial> & goodbye.") == (
        f'{HEAD}<Response><Say language="en-US">Sorry &lt;Dial&gt; &amp; goodbye.</Say><Hangup /></Response>'
    )


def test_sip_address_is_dialled_with_headers() -> None:
    leg = SipLeg(
        AGENT,
        {"X-Cs-Call": "a b&c=d"},
        username="u",
        password="Correct-Horse-7",
        status_callback="https://a.example/leg",
    )
    dialling = Dialling(action="https://a.example/next", timeout_s=20, time_limit_s=3500)
    assert twiml.dial_sip(leg, dialling) == (
        f'{HEAD}<Response><Dial action="https://a.example/next" answerOnBridge="true" timeLimit="3500" '
        'timeout="20"><Sip password="Correct-Horse-7" statusCallback="https://a.example/leg" '
        'statusCallbackEvent="initiated ringing answered completed" username="u">'
        f"{AGENT}?X-Cs-Call=a%20b%26c%3Dd</Sip></Dial></Response>"
    )
    assert "Correct-Horse-7" not in repr(leg)


def test_number_is_dialled_over_the_customers_carrier_and_recorded() -> None:
    leg = NumberLeg("+14155550101", url="https://a.example/whisper", byoc_trunk_sid="BY1")
    dialling = Dialling(
        caller_id="+12125550100",
        answers_on_bridge=False,
        records=True,
        recording_callback="https://a.example/recorded",
    )
    assert twiml.dial_number(leg, dialling) == (
        f'{HEAD}<Response><Dial answerOnBridge="false" callerId="+12125550100" '
        'record="record-from-answer-dual" recordingStatusCallback="https://a.example/recorded" '
        'timeLimit="14400" timeout="30">'
        '<Number byoc="BY1" url="https://a.example/whisper">+14155550101</Number></Dial></Response>'
    )


def test_leg_is_told_whether_a_machine_answered() -> None:
    leg = NumberLeg("+14155550101", detects_machines=True, status_callback="https://a.example/leg")
    assert twiml.dial_number(leg, Dialling()) == (
        f'{HEAD}<Response><Dial answerOnBridge="true" timeLimit="14400" timeout="30">'
        '<Number amdStatusCallback="https://a.example/leg" machineDetection="Enable" '
        'statusCallback="https://a.example/leg" '
        'statusCallbackEvent="initiated ringing answered completed">+14155550101</Number>'
        "</Dial></Response>"
    )


def test_several_are_dialled_one_by_one() -> None:
    phone, sip = NumberLeg("+14155550101", detects_machines=True), SipLeg("sip:a@example.com")
    assert twiml.dial([phone, sip], Dialling(one_by_one=True)) == (
        f'{HEAD}<Response><Dial answerOnBridge="true" sequential="true" timeLimit="14400" timeout="30">'
        '<Number machineDetection="Enable">+14155550101</Number><Sip>sip:a@example.com</Sip>'
        "</Dial></Response>"
    )


def test_caller_is_connected_with_a_stream() -> None:
    document = twiml.connect_stream(
        "wss://a.example/media",
        {"token": "1&2"},
        action="https://a.example/next",
        status_callback="https://a.example/stream",
    )
    assert document == (
        f'{HEAD}<Response><Connect action="https://a.example/next">'
        '<Stream statusCallback="https://a.example/stream" url="wss://a.example/media">'
        '<Parameter name="token" value="1&amp;2" /></Stream></Connect></Response>'
    )


def test_message_is_taken_after_a_sentence() -> None:
    document = twiml.voicemail(
        "Speak.", action="https://a.example/done", recording_callback="https://a.example/rec", longest_s=120
    )
    assert document == (
        f'{HEAD}<Response><Say language="en-US">Speak.</Say><Record action="https://a.example/done" '
        'maxLength="120" playBeep="true" recordingStatusCallback="https://a.example/rec" '
        'recordingStatusCallbackEvent="completed absent" /><Hangup /></Response>'
    )


def test_sentence_comes_before_another_document() -> None:
    document = twiml.say_then("This call is recorded.", twiml.redirect("https://a.example/"))
    assert document == (
        f'{HEAD}<Response><Say language="en-US">This call is recorded.</Say>'
        "<Redirect>https://a.example/</Redirect></Response>"
    )


def test_call_is_refused() -> None:
    assert twiml.reject() == f'{HEAD}<Response><Reject reason="rejected" /></Response>'
    assert twiml.reject("busy") == f'{HEAD}<Response><Reject reason="busy" /></Response>'


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: twiml.dial([], Dialling()), "1 to 10"),
        (lambda: twiml.dial([NumberLeg("+14155550101")] * 11, Dialling()), "not to 11"),
        (lambda: twiml.dial_number(NumberLeg("0415"), Dialling()), "country's code"),
        (lambda: twiml.dial_sip(SipLeg("https://a.example"), Dialling()), "begins with sip:"),
        (lambda: twiml.dial_sip(SipLeg("sip:a@b?X-A=1"), Dialling()), "headers"),
        (lambda: twiml.dial_sip(SipLeg(f"sip:{'a' * 250}@b"), Dialling()), "254"),
        (lambda: twiml.dial_sip(SipLeg("sip:a@b", {"From": "c"}), Dialling()), "X-, not From"),
        (lambda: twiml.dial_sip(SipLeg("sip:a@b", {"X-A": "é" * 300}), Dialling()), "1023"),
        (lambda: twiml.dial_sip(SipLeg("sip:a@b"), Dialling(timeout_s=0)), "600 seconds"),
        (lambda: twiml.dial_sip(SipLeg("sip:a@b"), Dialling(time_limit_s=14_401)), "14400 seconds"),
        (lambda: twiml.connect_stream("https://a.example/", {}), "wss://"),
        (lambda: twiml.connect_stream("wss://a.example/?a=b", {}), "no query"),
        (lambda: twiml.connect_stream("wss://a.example/", {"a": "b" * 500}), "500"),
        (lambda: twiml.say_then("Hello.", ""), "nothing to do"),
    ],
)
def test_what_twilio_would_not_carry_out_is_refused(make: Callable[[], str], why: str) -> None:
    with pytest.raises(InstructionsInvalid, match=why):
        make()
