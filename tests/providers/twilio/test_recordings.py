"""Recordings, by the SDK and past it, against the double."""

from __future__ import annotations

import io
import wave

import pytest

from callsphere.providers.twilio import recordings
from callsphere.providers.twilio.errors import TwilioError
from tests.voice_peers import OurSide, Phone


def leave_message(phone: Phone, seconds: int = 3) -> str:
    phone.says("/voice", "<Record action='/done'/>")
    phone.play(speaks_s=seconds)
    return phone.ours.told("/done")[-1]["RecordingSid"]


def test_sound_is_opened(phone: Phone) -> None:
    sid = leave_message(phone)

    with recordings.open_sound(phone.account, sid) as sound:
        data = b"".join(sound.parts)

    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 8000, 24_000)
    assert (sound.content_type, sound.length) == ("audio/x-wav", len(data))


def test_both_sides_of_a_call_are_two_channels(phone: Phone, ours: OurSide) -> None:
    phone.says("/voice", "<Dial record='record-from-answer-dual' action='/next'>+442079460000</Dial>")
    call = phone.play(legs={"*": {"talks_s": 2}})

    found = recordings.find_recordings(phone.account, call["sid"])
    with recordings.open_sound(phone.account, found[0].sid) as sound:
        data = b"".join(sound.parts)

    assert [(each.call_sid, each.status, each.duration_s, each.channels) for each in found] == [
        (call["sid"], "completed", 2, 2)
    ]
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getnframes()) == (2, 16_000)


def test_recording_is_deleted_once(phone: Phone) -> None:
    sid = leave_message(phone)
    assert recordings.read_recording(phone.account, sid).duration_s == 3

    recordings.delete_recording(phone.account, sid)
    recordings.delete_recording(phone.account, sid)

    with pytest.raises(TwilioError) as gone, recordings.open_sound(phone.account, sid):
        pass
    assert gone.value.is_missing


def test_sound_of_somebody_else_is_not_there(phone: Phone) -> None:
    sid = leave_message(phone)
    other = phone.twilio.tenant_account("globex")
    with pytest.raises(TwilioError) as refused, recordings.open_sound(other, sid):
        pass
    assert refused.value.is_missing


def test_trouble_at_twilio_is_said(phone: Phone) -> None:
    phone.twilio.fail(path="Recordings", status=503)
    with pytest.raises(TwilioError) as refused, recordings.open_sound(phone.account, "RE" + "0" * 32):
        pass
    assert refused.value.problem.name == "twilio_down"
