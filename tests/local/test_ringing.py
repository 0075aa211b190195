"""`manage.py ring`: a call is played at the double, and told as it happens."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from callsphere.local.ringing import CannotRing, play_call, watch_call
from tests.voice_peers import AGENT, NUMBER, OpenAISide, Phone
from tests.voice_peers import openai_side as openai_side
from tests.voice_peers import ours as ours
from tests.voice_peers import phone as phone


def ring(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("ring", NUMBER, *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_everything_is_told_to_the_end(phone: Phone) -> None:
    phone.says("/voice", "<Say>Hold on.</Say><Dial action='/next'>+442079460091</Dial>")
    phone.says("/next", "<Say>Speak after the beep.</Say><Record action='/done'/>")
    phone.says("/done", "<Play>http://sounds.example/bye.mp3</Play>")

    assert ring("--wait", "--from", "+12125550177") == [
        "“Hold on.”",
        "  +442079460091: ringing",
        "  +442079460091: busy (486)",
        "“Speak after the beep.”",
        "beep",
        "A recording of 6 s was made.",
        "♪ http://sounds.example/bye.mp3",
        "The call is over: completed after 13 s, ended by us.",
    ]
    assert phone.ours.told("/voice")[0]["From"] == "+12125550177"


def test_without_waiting_it_is_told_until_somebody_is_connected(
    phone: Phone, openai_side: OpenAISide
) -> None:
    phone.says("/voice", f"<Dial><Sip>{AGENT}</Sip></Dial>")

    assert ring("--script", "books-an-appointment") == [f"  {AGENT}: ringing", f"  {AGENT}: in-progress"]
    assert openai_side.wait_for_call().script == "books-an-appointment"
    assert openai_side.wait_for_call().state["status"] == "accepted"


def test_events_come_as_they_happen(phone: Phone, openai_side: OpenAISide) -> None:
    phone.says("/voice", f"<Dial answerOnBridge='true'><Sip>{AGENT}</Sip></Dial>")
    kinds = []
    for event in watch_call(play_call(NUMBER)):
        kinds.append(event["kind"])
        if event["kind"] == "connected":
            openai_side.wait_for_call().state |= {"status": "ended", "ended_by": "agent"}

    assert kinds == ["call", "asked", "leg", "leg", "call", "connected", "leg", "call"]


def test_trouble_is_told(phone: Phone) -> None:
    phone.ours.documents |= {"/voice": 500, "/fallback": 500}
    assert ring()[0] == f"! {phone.ours.url}/fallback answered 500"


def test_nobody_has_the_number(phone: Phone) -> None:
    with pytest.raises(CommandError, match=r"^Nobody has \+14155550109 at"):
        call_command("ring", "+14155550109")


def test_only_the_double_is_rung(settings: object) -> None:
    settings.TWILIO_BASE_URL = ""  # type: ignore[attr-defined]  # set for a test
    with pytest.raises(CannotRing, match="stand-in"):
        play_call(NUMBER)


def test_call_that_is_not_known_cannot_be_watched(phone: Phone) -> None:
    with pytest.raises(CannotRing, match="no such call"):
        list(watch_call("CA" + "0" * 32))


def test_a_script_that_is_not_there_rings_nobody(phone: Phone) -> None:
    with pytest.raises(CommandError, match=r"invalid choice: .nonsense. .*books-an-appointment"):
        ring("--script", "nonsense")
    assert phone.ours.told("/voice") == []
