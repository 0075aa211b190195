"""Recordings: what is told when one is there, and how it sounds."""

from __future__ import annotations

import io
import math
import wave
from array import array
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from callsphere.local.doubles.twilio.messages import Row
from callsphere.local.doubles.twilio.voice.documents import Document

if TYPE_CHECKING:
    from callsphere.local.doubles.twilio.voice.stage import Stage

_RATE = 8000
_PITCH, _LOUDNESS = 440.0, 4000
_LONGEST_S = 600


def record(
    stage: Stage, element: Element, document: Document, *, source: str, seconds: int, channels: int = 1
) -> dict[str, str]:
    """Keep a recording, tell whoever is named for that, and return what an action is told of it."""
    live = stage.live
    at = live.began_at + live.now
    row = stage.ledger.add_recording(live.row, source=source, seconds=seconds, channels=channels, at=at)
    live.note("recorded", sid=row["sid"], seconds=seconds)
    fields = {
        "RecordingSid": row["sid"],
        "RecordingUrl": url_of(row),
        "RecordingDuration": row["duration"],
    }
    _tell(stage, element, document, "completed", fields, row)
    return fields


def tell_absent(stage: Stage, element: Element, document: Document) -> None:
    """Tell that nothing was said, if somebody wants to know."""
    _tell(stage, element, document, "absent", {"RecordingDuration": "0"}, None)


def url_of(row: Row) -> str:
    """Return the address of a recording's sound, without the ending that chooses its form."""
    return f"https://api.twilio.com/2010-04-01/Accounts/{row['account_sid']}/Recordings/{row['sid']}"


def sound_of(row: Row) -> bytes:
    """Return a recording as a WAV file: a soft tone, as long as the recording is, ten minutes at most."""
    frames, channels = _RATE * min(int(row["duration"]), _LONGEST_S), int(row["channels"])
    period = array(
        "h", (int(_LOUDNESS * math.sin(2 * math.pi * _PITCH * index / _RATE)) for index in range(_RATE))
    )
    samples = array("h", (sample for sample in period for _ in range(channels)))
    data = samples.tobytes() * (frames // _RATE)
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(data)
    return made.getvalue()


def _tell(
    stage: Stage, element: Element, document: Document, status: str, fields: dict[str, str], row: Row | None
) -> None:
    url = element.get("recordingStatusCallback")
    events = (element.get("recordingStatusCallbackEvent") or "completed").split()
    if not url or status not in events:
        return
    more = {
        "AccountSid": stage.live.row["account_sid"],
        "CallSid": stage.live.sid,
        "RecordingStatus": status,
        "RecordingChannels": str(row["channels"] if row else 1),
        "RecordingSource": str(row["source"] if row else "RecordVerb"),
        "RecordingStartTime": str(row["start_time"] if row else ""),
        "RecordingTrack": "both",
    }
    method = element.get("recordingStatusCallbackMethod") or "POST"
    stage.mailbox.post(document.address.near(url).url, method, {**more, **fields})
