"""Something was seen to be wrong: a new incident, or one more sighting of an open one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import check_kind
from callsphere.alerts.models import LONGEST_DETAIL, LONGEST_KEY, LONGEST_LABEL, LONGEST_TITLE, Incident
from callsphere.lib.ids import uuid7
from callsphere.sip.causes import CAUSES
from tenants.audit import Actor, record_events
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Subject:
    """What an incident is about: an object of an upper app, as the audit log knows it."""

    kind: str
    id: uuid.UUID
    label: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """That something is wrong, as it was seen once.

    `key` says what counts as the same trouble ("trunk:<id>:health"); `kind` is one that an app has added;
    `cause` is a code of callsphere.sip.causes, or empty; `title` stands alone, with the subject's name in it.
    """

    tenant_id: uuid.UUID
    key: str
    kind: str
    severity: Severity
    subject: Subject
    title: str
    cause: str = ""
    detail: str = ""


# Two workers at once: the second waits for the first at the unique index of open incidents, then counts.
# What an incident says is what the last sighting said; RETURNING's xmax is 0 for a row that is new.
_OPEN = """
INSERT INTO alerts_incident AS incident (
    id, created_at, tenant_id, key, kind, severity, subject_kind, subject_id, subject_label,
    title, cause, detail, opened_at, last_seen_at, count, resolution, resolved_by, note)
SELECT (e->>0)::uuid, %(now)s, (e->>1)::uuid, e->>2, e->>3, e->>4, e->>5, (e->>6)::uuid, e->>7,
       e->>8, e->>9, e->>10, %(now)s, %(now)s, (e->>11)::integer, '', '', ''
FROM json_array_elements(%(sightings)s::json) AS e
ON CONFLICT (tenant_id, key) WHERE resolved_at IS NULL DO UPDATE SET
    kind = EXCLUDED.kind, severity = EXCLUDED.severity, subject_label = EXCLUDED.subject_label,
    title = EXCLUDED.title, cause = EXCLUDED.cause, detail = EXCLUDED.detail,
    last_seen_at = greatest(incident.last_seen_at, EXCLUDED.last_seen_at),
    count = incident.count + EXCLUDED.count
RETURNING incident.*, incident.xmax = 0 AS is_new
"""


def open_incident(
    *,
    tenant: Tenant,
    actor: Actor,
    key: str,
    kind: str,
    severity: Severity,
    subject: Subject,
    title: str,
    cause: str = "",
    detail: str = "",
    now: datetime | None = None,
) -> Incident:
    """Open an incident, or count one more sighting where one of this key is open; return it.

    Raises ValueError for a kind that no app has added and for a cause that the dictionary does not have.
    """
    sighting = Sighting(tenant.pk, key, kind, severity, subject, title, cause, detail)
    return open_incidents(actor=actor, sightings=[sighting], now=now or timezone.now())[0]


def open_incidents(*, actor: Actor, sightings: Sequence[Sighting], now: datetime) -> list[Incident]:
    """Do what `open_incident` does for many at once, of any tenants the context sees; two statements.

    Sightings of the same key count together in one incident, which says what the last of them says.
    """
    rows = _rows(sightings)
    if not rows:
        return []
    with transaction.atomic():
        found = list(Incident.objects.raw(_OPEN, {"now": now, "sightings": json.dumps(rows)}))
        record_events(actor=actor, verb="incident.opened", objects=[each for each in found if each.is_new])
    return found


def _rows(sightings: Iterable[Sighting]) -> list[list[Any]]:
    """Return one row for each key, in the order of keys: workers that hold several rows cannot deadlock."""
    rows: dict[tuple[str, str], list[Any]] = {}
    for sighting in sightings:
        _check(sighting)
        place = str(sighting.tenant_id), sighting.key
        times = rows[place][-1] + 1 if place in rows else 1
        rows[place] = _row(sighting, times)
    return [rows[place] for place in sorted(rows)]


def _row(sighting: Sighting, times: int) -> list[Any]:
    subject = sighting.subject
    return [
        str(uuid7()),
        str(sighting.tenant_id),
        sighting.key,
        sighting.kind,
        sighting.severity,
        subject.kind,
        str(subject.id),
        subject.label[:LONGEST_LABEL],
        sighting.title[:LONGEST_TITLE],
        sighting.cause,
        sighting.detail[:LONGEST_DETAIL],
        times,
    ]


def _check(sighting: Sighting) -> None:
    check_kind(sighting.kind)
    if sighting.cause and sighting.cause not in CAUSES:
        raise ValueError(f"no cause {sighting.cause!r} in the dictionary")
    if not 0 < len(sighting.key) <= LONGEST_KEY:
        raise ValueError(f"the key of an incident has 1 to {LONGEST_KEY} characters, not {len(sighting.key)}")
