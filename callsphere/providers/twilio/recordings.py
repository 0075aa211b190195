"""Recordings of calls: their sound, and forgetting them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client, open_transport
from callsphere.providers.twilio.idempotent import remove
from callsphere.providers.twilio.lists import EVERYTHING


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording. `status` is completed once its sound can be opened; `channels` 2 for one of each side."""

    sid: str
    call_sid: str
    status: str
    duration_s: int
    channels: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that is open: its parts as they arrive, and how many bytes they are, if that is known."""

    content_type: str
    length: int | None
    parts: Iterator[bytes]


def read_recording(account: TwilioAccount, sid: str) -> Recording:
    """Return a recording (RE…). Raises TwilioError, `is_missing` when it was deleted."""
    return _recording(_recordings(account)(sid).fetch())


def find_recordings(account: TwilioAccount, call_sid: str) -> list[Recording]:
    """Return the recordings of a call, the newest first. Raises TwilioError."""
    return [_recording(row) for row in _recordings(account).list(call_sid=call_sid, page_size=EVERYTHING)]


@contextmanager
def open_sound(account: TwilioAccount, sid: str) -> Iterator[Sound]:
    """Open a recording's sound as a WAV file, whose parts are read inside the `with`.

    Raises TwilioError, `is_missing` when it was deleted or is not ready yet.
    """
    uri = f"https://api.twilio.com/2010-04-01/Accounts/{account.account_sid}/Recordings/{sid}.wav"
    with open_transport(account).stream(uri, (account.key_sid, account.key_secret)) as answer:
        length = answer.headers.get("Content-Length", "")
        content_type = answer.headers.get("Content-Type", "audio/x-wav")
        yield Sound(content_type, int(length) if length.isdigit() else None, answer.iter_bytes())


def delete_recording(account: TwilioAccount, sid: str) -> None:
    """Delete a recording for ever; one that is gone counts as done. Raises TwilioError."""
    remove(_recordings(account)(sid).delete)


def _recordings(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).recordings


def _recording(row: Any) -> Recording:
    seconds = int(row.duration) if row.duration and int(row.duration) > 0 else 0
    return Recording(row.sid, row.call_sid or "", str(row.status), seconds, int(row.channels or 1))
