"""An incident is over: because a person says so, or because the product sees that it is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from callsphere.alerts.enums import Resolution
from callsphere.alerts.models import LONGEST_LABEL, LONGEST_NOTE, Incident
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event, record_events
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Recovery:
    """That the trouble of this key is over; `note` says in words what is known of that."""

    tenant_id: uuid.UUID
    key: str
    note: str


# Rows are taken in the order of keys, as `open_incidents` takes them.
_RESOLVE = """
WITH over AS MATERIALIZED (
    SELECT incident.id, e->>2 AS note
    FROM json_array_elements(%(recoveries)s::json) AS e
    JOIN alerts_incident AS incident
      ON incident.tenant_id = (e->>0)::uuid AND incident.key = e->>1 AND incident.resolved_at IS NULL
    ORDER BY incident.tenant_id, incident.key
    FOR NO KEY UPDATE OF incident
)
UPDATE alerts_incident AS incident
SET resolved_at = greatest(%(now)s, incident.opened_at), resolution = %(resolution)s, resolved_by = %(by)s,
    note = over.note
FROM over WHERE incident.id = over.id
RETURNING incident.*
"""


def resolve_incident(
    *, tenant: Tenant, actor: Actor, incident: Incident, note: str, now: datetime | None = None
) -> Incident:
    """End an open incident with a person's note; return it as stored.

    If the trouble goes on, the next sighting opens a new one. Raises ValidationError on `note`, and Refused
    when it is over already.
    """
    text = _note(note)
    with transaction.atomic():
        row = Incident.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=incident.pk).get()
        if not row.is_open:
            how = f"resolved by {row.resolved_by}" if row.resolution == Resolution.CLOSED else "over"
            raise Refused(f"This incident is {how} already.", code="already_resolved")
        row.resolved_at = max(now or timezone.now(), row.opened_at)
        row.resolution = Resolution.CLOSED
        row.resolved_by = actor.label[:LONGEST_LABEL]
        row.note = text
        row.save(update_fields=["resolved_at", "resolution", "resolved_by", "note"])
        record_event(
            tenant=tenant, actor=actor, verb="incident.resolved", obj=row, reason=text, even_read_only=True
        )
    return row


def resolve_incidents(*, actor: Actor, recoveries: Sequence[Recovery], now: datetime) -> list[Incident]:
    """End the open incidents of these keys because the trouble is over; return those that were open.

    Any tenants the context sees; two statements, one when nothing is open.
    """
    if not recoveries:
        return []
    given = [[str(each.tenant_id), each.key, each.note[:LONGEST_NOTE]] for each in recoveries]
    values = {
        "recoveries": json.dumps(given),
        "now": now,
        "resolution": Resolution.RECOVERED,
        "by": actor.label[:LONGEST_LABEL],
    }
    with transaction.atomic():
        ended = list(Incident.objects.raw(_RESOLVE, values))
        if ended:
            reasons = {each.pk: each.note for each in ended}
            record_events(actor=actor, verb="incident.resolved", objects=ended, reasons=reasons)
    return ended


def _note(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise _wrong("Say in a sentence what it was, or what was done.", "required")
    if len(text) > LONGEST_NOTE:
        raise _wrong(f"Use at most {LONGEST_NOTE} characters, not {len(text)}.", "max_length")
    if not text.isprintable():
        raise _wrong("Remove control characters and invisible characters.", "control")
    return text


def _wrong(message: str, code: str) -> ValidationError:
    return ValidationError({"note": ValidationError(message, code=code)})
