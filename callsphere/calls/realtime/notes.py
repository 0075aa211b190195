"""What goes into a call's timeline."""

from __future__ import annotations

from django.utils import timezone

from callsphere.calls.models import CallNote
from callsphere.calls.realtime.claims import Held

_LONGEST, _LONGEST_KEY = 500, 96


def add_note(held: Held, key: str, text: str) -> None:
    """Note something of a session, once for each key. Call it inside the tenant's context."""
    note = CallNote(
        tenant_id=held.tenant_id,
        call_id=held.call_id,
        key=f"{held.session_id.hex}:{key}"[:_LONGEST_KEY],
        text=text[:_LONGEST],
        noted_at=timezone.now(),
    )
    CallNote.objects.bulk_create([note], ignore_conflicts=True)
