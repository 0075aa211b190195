"""Voice messages through the API, and how they sound."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.calls.models import VoiceMessage, VoiceSound
from callsphere.calls.sound_keeping import keep_sound
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.left import leave
from tests.calls.pages.calls import make_call
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/voice-messages/"
DATA = b"RIFF\0\0\0\0WAVE" + bytes(range(88))


def left(person: Person, **fields: Any) -> VoiceMessage:
    message: VoiceMessage = leave(make_call(person), VoiceMessage, **fields)
    if message.sound_state == "there":
        with tenant_context(person.tenant):
            keep_sound(message, DATA)
    return message


def sound(person: Person, message: VoiceMessage, **headers: str) -> Any:
    return person.api("calls:read").get(f"{ADDRESS}{message.pk}/sound/", headers=headers)


def test_in_full(alice: Person) -> None:
    message = left(alice)
    (shown,) = alice.api("calls:read").get(ADDRESS).json()["results"]
    assert shown == {
        "id": str(message.pk),
        "created_at": message.created_at.isoformat().replace("+00:00", "Z"),
        "call_id": str(message.call_id),
        "recording_sid": message.recording_sid,
        "duration_s": 21,
        "sound_state": "there",
        "sound_error": "",
        "handled_at": None,
        "handled_by": "",
    }
    assert alice.api("calls:read").get(f"{ADDRESS}{message.pk}/").json() == shown


def test_filters(alice: Person) -> None:
    waiting = {"sound_state": "waiting", "sound_due_at": "2026-11-28T12:00Z"}
    done, new = left(alice, is_done=True), left(alice, **waiting)
    api = alice.api("calls:read")
    for query, found in (
        ("is_handled=true", done),
        ("is_handled=false", new),
        ("sound_state=waiting", new),
        (f"call_id={done.call_id}", done),
    ):
        assert [each["id"] for each in api.get(f"{ADDRESS}?{query}").json()["results"]] == [str(found.pk)]


def test_dealt_with_and_opened_again(alice: Person) -> None:
    own = f"{ADDRESS}{left(alice).pk}/"
    api = alice.api("calls:read", "calls:write")
    codes = [api.post(f"{own}{verb}/").status_code for verb in ("handle", "handle", "reopen", "reopen")]
    assert codes == [200, 409, 200, 409]
    assert alice.api("calls:read").post(f"{own}handle/").status_code == 403
    with tenant_context(alice.tenant):
        assert AuditEvent.objects.filter(verb__startswith="voice_message.").count() == 2


def test_the_whole_sound(alice: Person) -> None:
    answer = sound(alice, left(alice))
    assert (answer.status_code, answer.content) == (200, DATA)
    assert {name: answer.headers[name] for name in ("Content-Type", "Accept-Ranges", "Cache-Control")} == {
        "Content-Type": "audio/wav",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_range_of_it(alice: Person) -> None:
    message = left(alice)
    part = sound(alice, message, Range="bytes=0-1")
    assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"RI", "bytes 0-1/100")
    beyond = sound(alice, message, Range="bytes=100-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */100")
    head = alice.api("calls:read").head(f"{ADDRESS}{message.pk}/sound/", headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.headers["Content-Length"]) == (200, "100")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sound_state": "waiting", "sound_due_at": "2026-11-28T12:00Z"}, "It is being fetched from Twilio."),
        ({"sound_state": "failed", "sound_error": "Twilio is away."}, "Twilio is away."),
        ({"sound_state": "forgotten"}, "It was deleted, as transcripts are"),
    ],
)
def test_where_there_is_none_it_says_why(alice: Person, fields: dict[str, Any], words: str) -> None:
    answer = sound(alice, left(alice, **fields))
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:callsphere:error:sound_not_there")
    assert answer.json()["detail"].startswith(words)


def test_one_that_cannot_be_opened(alice: Person) -> None:
    message = left(alice)
    with tenant_context(alice.tenant):
        VoiceSound.objects.update(content=b"damaged")
    answer = sound(alice, message)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "It cannot be opened. Tell CallSphere's support.",
    )


def test_strangers_hear_nothing(alice: Person, charlie: Person) -> None:
    message = left(alice)
    assert sound(charlie, message).status_code == 404
    assert alice.api("trunks:read").get(f"{ADDRESS}{message.pk}/sound/").status_code == 403
