"""Text messages, by the SDK against the double."""

from __future__ import annotations

import pytest

from callsphere.providers.twilio import messages
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.messages import MessageInvalid, NewMessage
from callsphere.providers.twilio.numbers import find_number
from tests.voice_peers import CALLER, NUMBER, OurSide, Phone
from tests.waiting import wait_until

GUEST = "+12125550150"


def send(phone: Phone, to: str = GUEST, body: str = "See you at nine.") -> messages.MessageState:
    callback = f"{phone.ours.url}/message"
    return messages.send_message(phone.account, NewMessage(to, body, NUMBER, status_callback=callback))


def told(ours: OurSide, count: int) -> list[str]:
    wait_until(lambda: len(ours.told("/message")) >= count)
    return [fields["MessageStatus"] for fields in ours.told("/message")]


def test_message_is_delivered(phone: Phone, ours: OurSide) -> None:
    sent = send(phone)

    assert told(ours, 3) == ["queued", "sent", "delivered"]
    now = messages.read_message(phone.account, sent.sid)
    assert (sent.from_number, sent.to_number, sent.segments, sent.error_code) == (NUMBER, GUEST, 1, 0)
    assert (now.status, now.is_over, now.problem) == ("delivered", True, None)
    assert {fields["MessageSid"] for fields in ours.told("/message")} == {sent.sid}
    assert phone.all_are_signed()


@pytest.mark.parametrize(
    ("ending", "statuses", "code", "problem"),
    [
        ("72", ["queued", "sent", "undelivered"], 30007, "message_filtered"),
        ("73", ["queued", "sent", "undelivered"], 30003, "message_undeliverable"),
        ("74", ["queued", "failed"], 30034, "messages_unregistered"),
        ("75", ["queued", "sent", "undelivered"], 30006, "message_undeliverable"),
    ],
)
def test_message_does_not_arrive(
    phone: Phone, ours: OurSide, ending: str, statuses: list[str], code: int, problem: str
) -> None:
    sent = send(phone, f"+122225551{ending}")

    assert told(ours, len(statuses)) == statuses
    assert ours.told("/message")[-1]["ErrorCode"] == str(code)
    now = messages.read_message(phone.account, sent.sid)
    assert now.problem
    assert (now.error_code, now.problem.name) == (code, problem)


def test_nothing_is_sent_to_whoever_wants_no_more(phone: Phone, ours: OurSide) -> None:
    for to in ("+12225550171", GUEST):
        if to == GUEST:
            write(phone, "Stop", GUEST)
        with pytest.raises(TwilioError) as refused:
            send(phone, to)
        assert refused.value.problem.name == "message_stopped"
    write(phone, "START", GUEST)
    assert send(phone).sid


def write(phone: Phone, body: str, sender: str) -> None:
    bought = find_number(phone.account, NUMBER)
    assert bought
    numbers = open_client(phone.account).api.v2010.accounts(phone.account.account_sid).incoming_phone_numbers
    numbers(bought.sid).update(sms_url=f"{phone.ours.url}/sms")
    answer = phone.control("messages", {"to": NUMBER, "from": sender, "body": body})
    assert answer.status_code == 200, answer.text


def test_message_that_comes_in_is_told_and_answered(phone: Phone, ours: OurSide) -> None:
    phone.says("/sms", "<Message>Thank you.</Message>")

    write(phone, "Is there a place at nine?", CALLER)

    fields = ours.told("/sms")[0]
    assert (fields["Body"], fields["From"], fields["To"]) == ("Is there a place at nine?", CALLER, NUMBER)
    assert (fields["SmsStatus"], fields["MessageSid"][:2], fields["NumMedia"]) == ("received", "SM", "0")
    api = open_client(phone.account).api.v2010.accounts(phone.account.account_sid)
    assert [(row.direction, row.body, row.status) for row in api.messages.list()] == [
        ("outbound-reply", "Thank you.", "delivered"),
        ("inbound", "Is there a place at nine?", "received"),
    ]
    assert phone.all_are_signed()


def test_text_is_forgotten(phone: Phone, ours: OurSide) -> None:
    sent = send(phone)
    told(ours, 3)

    messages.forget_text(phone.account, sent.sid)

    api = open_client(phone.account).api.v2010.accounts(phone.account.account_sid)
    assert [(row.body, row.status) for row in api.messages.list()] == [("", "delivered")]


@pytest.mark.parametrize(("body", "segments"), [("a" * 160, 1), ("a" * 161, 2), ("ё" * 70, 1), ("ё" * 71, 2)])
def test_long_messages_have_parts(phone: Phone, body: str, segments: int) -> None:
    assert send(phone, body=body).segments == segments


def test_others_numbers_send_nothing(phone: Phone) -> None:
    with pytest.raises(TwilioError) as refused:
        messages.send_message(phone.account, NewMessage(GUEST, "Hello.", CALLER))
    assert (refused.value.code, refused.value.problem.name) == (21606, "messages_unregistered")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (NewMessage(GUEST, " ", NUMBER), "1 to 1600"),
        (NewMessage(GUEST, "a" * 1601, NUMBER), "1 to 1600"),
        (NewMessage(GUEST, "Hello."), "either"),
        (NewMessage(GUEST, "Hello.", NUMBER, "MG" + "0" * 32), "either"),
    ],
)
def test_what_twilio_would_not_take_is_not_sent(phone: Phone, message: NewMessage, why: str) -> None:
    with pytest.raises(MessageInvalid, match=why):
        messages.send_message(phone.account, message)
