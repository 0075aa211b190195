"""Fetching the sound of voice messages from the provider, once: who listens does not wait for it.

A claim puts the next try off by LEASE; the provider is asked outside any transaction. Two workers that fetch
the same do no harm: what is kept first stays.
"""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import close_old_connections

from callsphere.calls.enums import SoundState
from callsphere.calls.models import VoiceMessage
from callsphere.calls.models.recordings import LONGEST_SOUND
from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.calls.sound_keeping import keep_sound
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.recordings import open_sound
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant

AT_ONCE = 8
LEASE = timedelta(seconds=120)
SECONDS = 30.0
"""How long one sound may take to arrive."""
MOST_TRIES = 12
"""Each time after twice as long: for about eight hours."""
MOST_TRIES_MISSING = 7
"""Of what the provider does not have: for about a quarter of an hour."""
AGAIN_AFTER = timedelta(seconds=15)
LONGEST_ERROR = 300
_GONE = "Twilio does not have this recording: it was deleted there, or nothing was recorded."

log = structlog.get_logger(__name__)


class SoundUnusable(Exception):
    """What the provider has cannot be kept, whatever is asked again; `str()` says why, for people."""


class SoundSlow(Exception):
    """The sound did not arrive within SECONDS."""


@dataclass(frozen=True, slots=True)
class _Lent:
    id: uuid.UUID
    tenant_id: uuid.UUID
    sid: str
    tries: int


def fetch_due_sounds() -> int:
    """Fetch the sound of messages that have none yet; return how many were tried.

    Any number of workers may do so.
    """
    now = database_now()
    with platform_context("claim voice messages to fetch"):
        due = VoiceMessage.objects.filter(sound_due_at__lte=now, duration_s__isnull=False)
        in_order = due.order_by("sound_due_at").select_for_update(skip_locked=True, no_key=True)
        rows: list[VoiceMessage] = list(in_order[:AT_ONCE])
        for row in rows:
            row.sound_tries += 1
            row.sound_due_at = now + LEASE
        VoiceMessage.objects.bulk_update(rows, ["sound_tries", "sound_due_at"])
    if rows:
        lent = [_Lent(row.pk, row.tenant_id, row.recording_sid, row.sound_tries) for row in rows]
        with ThreadPoolExecutor(len(lent), "sound") as pool:
            list(pool.map(_fetch, lent))
    return len(rows)


def _fetch(lent: _Lent) -> None:
    try:
        data = read_sound(account_of(lent.tenant_id), lent.sid)
    except (CannotAsk, TwilioError, SoundUnusable, SoundSlow) as error:
        _fail(lent, error)
    else:
        _keep(lent, data)
    finally:
        close_old_connections()


def read_sound(account: TwilioAccount, sid: str) -> bytes:
    """Return a recording as a WAV file. Raises TwilioError, SoundUnusable, SoundSlow."""
    data, until = bytearray(), time.monotonic() + SECONDS
    with open_sound(account, sid) as sound:
        for part in sound.parts:
            data += part
            if len(data) > LONGEST_SOUND:
                raise SoundUnusable(f"It is longer than the {LONGEST_SOUND // 2**20} MB that are kept.")
            if time.monotonic() > until:
                raise SoundSlow("Twilio takes too long to send it.")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise SoundUnusable("What Twilio sent is no sound in WAV.")
    return bytes(data)


def _keep(lent: _Lent, data: bytes) -> None:
    tenant = Tenant(pk=lent.tenant_id)
    with tenant_context(tenant):
        message = _waiting(tenant, lent)
        if message is not None:  # else it was deleted meanwhile, or another worker was first
            keep_sound(message, data)
            _settle(message, SoundState.THERE)


def _fail(lent: _Lent, error: Exception) -> None:
    """Say why there is no sound, and try again later where that may help."""
    is_missing = isinstance(error, TwilioError) and error.is_missing
    is_last = isinstance(error, SoundUnusable) or lent.tries >= (
        MOST_TRIES_MISSING if is_missing else MOST_TRIES
    )
    words = _GONE if is_missing else str(error)
    log.warning(
        "sound_not_fetched", message=str(lent.id), tenant_id=str(lent.tenant_id), why=words, is_last=is_last
    )
    tenant = Tenant(pk=lent.tenant_id)
    with tenant_context(tenant):
        message = _waiting(tenant, lent)
        if message is not None and is_last:
            _settle(message, SoundState.FAILED, words)
        elif message is not None:
            asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
            message.sound_due_at = database_now() + max(asked, AGAIN_AFTER * 2 ** (lent.tries - 1))
            message.sound_error = words[:LONGEST_ERROR]
            message.save(update_fields=["sound_due_at", "sound_error"])


def _waiting(tenant: Tenant, lent: _Lent) -> VoiceMessage | None:
    rows = VoiceMessage.objects.select_for_update(no_key=True)
    found: VoiceMessage | None = rows.filter(
        tenant=tenant, pk=lent.id, sound_state=SoundState.WAITING
    ).first()
    return found


def _settle(message: VoiceMessage, state: SoundState, why: str = "") -> None:
    message.sound_state, message.sound_due_at, message.sound_error = state, None, why[:LONGEST_ERROR]
    message.save(update_fields=["sound_state", "sound_due_at", "sound_error"])
