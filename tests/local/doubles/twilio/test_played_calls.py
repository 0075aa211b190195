"""Calls that the double plays from the first ring to the last callback: verbs, addresses, ends."""

from __future__ import annotations

import pytest

from callsphere.local.doubles.twilio.voice.documents import APPLICATION_ERROR
from callsphere.providers.twilio import byoc, elastic_trunks, numbers, sip_domains
from tests.twilio_double import DoubledTwilio
from tests.voice_peers import CALLER, NUMBER, OurSide, Phone


def test_sentence_is_heard_and_the_end_is_told(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Say>Good  morning, Acme.</Say><Pause length='3'/><Hangup/>")

    call = phone.play(fields={"StirVerstat": "TN-Validation-Passed-A"})

    assert (call["status"], call["said"]) == ("completed", ["Good morning, Acme."])
    asked, told = ours.told("/voice")[0], ours.told("/status")[0]
    assert [each.path for each in ours.asked] == ["/voice", "/status"]
    assert (asked["CallSid"], asked["CallStatus"], asked["Direction"]) == (call["sid"], "ringing", "inbound")
    assert (asked["From"], asked["To"], asked["StirVerstat"]) == (CALLER, NUMBER, "TN-Validation-Passed-A")
    assert (told["CallStatus"], told["CallDuration"], told["Duration"]) == ("completed", "5", "1")
    assert (told["SequenceNumber"], told["SipResponseCode"]) == ("0", "200")
    assert told["CallbackSource"] == "call-progress-events"
    assert told["Timestamp"].endswith("+0000")
    assert phone.all_are_signed()


def test_fallback_is_asked_with_what_went_wrong(phone: Phone, ours: OurSide) -> None:
    ours.documents["/voice"] = 500
    phone.says("/fallback", "<Say>Sorry.</Say>")

    assert phone.play()["said"] == ["Sorry."]
    fields = ours.told("/fallback")[0]
    assert (fields["ErrorCode"], fields["ErrorUrl"]) == ("11200", f"{ours.url}/voice")


@pytest.mark.parametrize("answer", ["<Response><Say>", "<Answer/>"])
def test_what_is_no_twiml_leads_to_the_fallback(phone: Phone, ours: OurSide, answer: str) -> None:
    ours.documents["/voice"] = answer

    phone.play()

    assert ours.told("/fallback")[0]["ErrorCode"] == "12100"


def test_without_any_answer_an_error_is_heard(phone: Phone, ours: OurSide) -> None:
    ours.documents |= {"/voice": 500, "/fallback": 404}

    call = phone.play()

    assert (call["said"], call["status"]) == ([APPLICATION_ERROR], "completed")


@pytest.mark.parametrize(
    "verb", ["<Dance/>", "<Pause length='long'/>", "<Dial timeout='x'>+14155550199</Dial>"]
)
def test_what_is_not_as_the_schema_is_an_error(phone: Phone, verb: str) -> None:
    phone.says("/voice", f"{verb}<Say>Not heard.</Say>")

    assert phone.play()["said"] == [APPLICATION_ERROR]


@pytest.mark.parametrize(
    ("reason", "status", "code"), [("", "failed", "603"), ("reason='busy'", "busy", "486")]
)
def test_call_is_rejected_without_an_answer(
    phone: Phone, ours: OurSide, reason: str, status: str, code: str
) -> None:
    phone.says("/voice", f"<Reject {reason}/>")

    call = phone.play()

    told = ours.told("/status")[0]
    assert (call["status"], call["said"]) == (status, [])
    assert (told["CallStatus"], told["CallDuration"], told["SipResponseCode"]) == (status, "0", code)


def test_other_address_is_asked_after_a_redirect(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Redirect method='GET'>next?a=b</Redirect><Say>Not heard.</Say>")
    phone.says("/next", "<Play>http://sounds.example/a.mp3</Play><Say>Here.</Say>")

    call = phone.play()

    assert call["said"] == ["Here."]
    assert ours.asked[1].url.startswith(f"{ours.url}/next?a=b&AccountSid=")
    assert [event["url"] for event in call["events"] if event["kind"] == "play"] == [
        "http://sounds.example/a.mp3"
    ]


def test_documents_that_lead_to_each_other_end(phone: Phone) -> None:
    phone.says("/voice", "<Redirect>/voice</Redirect>")

    assert phone.play()["said"] == [APPLICATION_ERROR]


def test_digits_are_typed_when_asked(phone: Phone, ours: OurSide) -> None:
    menu = "<Gather numDigits='1' action='/chosen'><Say>Press one.</Say></Gather><Say>Nothing typed.</Say>"
    phone.says("/voice", menu)
    phone.says("/chosen", "<Gather><Say>Your number, then the pound key.</Say></Gather><Say>Bye.</Say>")

    call = phone.play(digits=["17", "4711#9"])

    # a Gather without action asks its own document's address again: by then nothing is typed any more
    assert [fields["Digits"] for fields in ours.told("/chosen")] == ["1", "4711"]
    assert call["said"] == ["Press one.", *["Your number, then the pound key."] * 2, "Bye."]


def test_nothing_typed_lets_the_document_go_on(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Gather action='/chosen'><Say>Press one.</Say></Gather><Say>Goodbye.</Say>")

    assert phone.play()["said"] == ["Press one.", "Goodbye."]
    assert ours.told("/chosen") == []


def test_message_is_recorded(phone: Phone, ours: OurSide) -> None:
    record = "<Record maxLength='60' action='/done' recordingStatusCallback='/recorded'/><Say>Unheard.</Say>"
    phone.says("/voice", f"<Say>Speak.</Say>{record}")
    phone.says("/done", "<Say>Thanks.</Say>")

    call = phone.play(speaks_s=12)

    done, recorded = ours.told("/done")[0], ours.told("/recorded")[0]
    assert call["said"] == ["Speak.", "Thanks."]
    assert (done["RecordingDuration"], done["Digits"], done["CallStatus"]) == ("12", "", "in-progress")
    assert (recorded["RecordingSid"], recorded["RecordingUrl"]) == (
        done["RecordingSid"],
        done["RecordingUrl"],
    )
    assert (recorded["RecordingStatus"], recorded["RecordingSource"]) == ("completed", "RecordVerb")
    assert (recorded["CallSid"], recorded["RecordingDuration"]) == (call["sid"], "12")
    assert phone.all_are_signed()


def test_caller_who_hangs_up_while_speaking_left_a_message(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Record action='/done'/>")

    call = phone.play(speaks_s=30, hang_up_after_s=10)

    done = ours.told("/done")[0]
    assert (done["Digits"], done["RecordingDuration"], done["CallStatus"]) == ("hangup", "10", "completed")
    assert (call["status"], call["events"][-1]["by"]) == ("completed", "caller")


def test_caller_who_says_nothing_left_no_message(phone: Phone, ours: OurSide) -> None:
    record = (
        "<Record action='/done' recordingStatusCallback='/recorded' "
        "recordingStatusCallbackEvent='completed absent'/>"
    )
    phone.says("/voice", f"{record}<Say>We heard nothing.</Say>")

    assert phone.play(speaks_s=0)["said"] == ["We heard nothing."]
    assert ours.told("/done") == []
    assert [fields["RecordingStatus"] for fields in ours.told("/recorded")] == ["absent"]


def test_caller_hangs_up(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Say>Hold the line.</Say><Pause length='600'/>")

    call = phone.play(hang_up_after_s=30)

    assert (call["status"], call["events"][-1]) == (
        "completed",
        {"at": 30, "kind": "call", "status": "completed", "by": "caller", "seconds": 30},
    )


def test_caller_hangs_up_while_it_rings(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Pause length='10'/><Say>Too late.</Say>")

    call = phone.play(hang_up_after_s=2)

    told = ours.told("/status")[0]
    assert (call["status"], call["said"]) == ("no-answer", [])
    assert (told["CallStatus"], told["CallDuration"], told["SipResponseCode"]) == ("no-answer", "0", "487")


def test_call_to_a_sip_domain_is_told_to_its_byoc_trunk(
    phone: Phone, ours: OurSide, twilio: DoubledTwilio
) -> None:
    phone.says("/byoc", "<Say>Over your carrier.</Say>")
    settings = byoc.ByocSettings(
        "trunk 1", voice_url=f"{ours.url}/byoc", status_callback_url=f"{ours.url}/end"
    )
    trunk = byoc.ensure_byoc_trunk(phone.account, settings)
    domain = sip_domains.DomainSettings("acme-1.sip.twilio.com", "trunk 1", byoc_trunk_sid=trunk.sid)
    sip_domains.ensure_sip_domain(phone.account, domain)

    call = phone.play(to=f"sip:{NUMBER}@acme-1.sip.twilio.com")

    assert call["said"] == ["Over your carrier."]
    assert ours.statuses("/end") == ["completed"]
    assert ours.told("/byoc")[0]["SipDomain"] == "acme-1.sip.twilio.com"
    assert ours.told("/byoc")[0]["SipCallId"] == ours.told("/end")[0]["SipCallId"]


def test_number_on_an_elastic_trunk_is_not_played(phone: Phone) -> None:
    trunk = elastic_trunks.ensure_elastic_trunk(phone.account, elastic_trunks.ElasticSettings("trunk 1"))
    bought = numbers.buy_number(phone.account, "+14155550102", label="")
    numbers.set_number_trunk(phone.account, bought.sid, trunk.sid)

    answer = phone.control("calls", {"to": "+14155550102", "from": CALLER, "play": True})

    assert (answer.status_code, answer.json()["code"]) == (400, 32011)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("lose", ["completed"]),
        ("twice", ["in-progress", "in-progress", "completed"]),
        ("late", ["completed", "in-progress"]),
        ("delay", ["completed", "in-progress"]),
    ],
)
def test_callbacks_go_wrong_on_demand(phone: Phone, ours: OurSide, kind: str, told: list[str]) -> None:
    number = "<Number statusCallback='/leg' statusCallbackEvent='answered completed'>+442079460000</Number>"
    phone.says("/voice", f"<Dial>{number}</Dial>")
    fault = {"kind": kind, "status": "in-progress", "url": "/leg", "seconds": 0.5}

    assert phone.control("callbacks", fault).status_code == 200
    phone.play()

    # how late is a matter of seconds, and of how busy the machine is
    assert (sorted if kind == "delay" else list)(ours.statuses("/leg")) == told


def test_callbacks_go_right_again(phone: Phone, ours: OurSide) -> None:
    phone.control("callbacks", {"kind": "lose", "times": 9})
    phone.control("callbacks/clear", {})
    phone.play()
    assert ours.statuses("/status") == ["completed"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("callbacks", {"kind": "explode"}),
        ("callbacks", {"kind": "lose", "colour": "red"}),
        ("calls", {"to": NUMBER, "from": CALLER, "play": True, "legs": {"*": {"outcome": "sings"}}}),
        ("calls", {"to": NUMBER, "from": CALLER, "play": True, "legs": {"*": {"colour": "red"}}}),
    ],
)
def test_controls_refuse_what_they_do_not_know(phone: Phone, name: str, values: dict[str, object]) -> None:
    answer = phone.control(name, values)
    assert (answer.status_code, "red" in str(values) or "no such" in answer.json()["message"]) == (400, True)
