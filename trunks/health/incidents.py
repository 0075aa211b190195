"""What the states of gateways mean for a trunk's incident: it opens, says what is wrong now, or ends.

A trunk has one open incident of its health while any gateway that should answer does not answer well. Who
changes a gateway's state calls `follow_trunks` in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind, add_kind
from callsphere.alerts.services import (
    Recovery,
    Sighting,
    Subject,
    open_incidents,
    resolve_incidents,
)
from tenants.audit import Actor
from trunks.bindings.incidents import REGISTRATION
from trunks.enums import HealthState
from trunks.headlines import Headline, trunk_headline
from trunks.models import Gateway, Trunk
from trunks.queries import answered_headline_of, tally_of, troubled_gateways, with_state
from trunks.wording import is_withheld_alike, told_cause

TRUNK_HEALTH = IncidentKind("trunk_health", "Trunk does not answer well")
_ACTOR = Actor.system("health checks")
_SEVERITIES = {HealthState.DOWN: Severity.CRITICAL, HealthState.IMPAIRED: Severity.WARNING}

# Two workers may store answers of two gateways of one trunk at once, each blind to what the other has not
# committed. The second waits here until the first has committed, and then sees the whole trunk. Nobody
# who holds one of these locks waits for the row of a trunk or of a gateway's health: no deadlock with edits.
_TAKE_TURNS = """
SELECT pg_advisory_xact_lock(turn)
FROM (SELECT DISTINCT hashtextextended(id, 0) AS turn FROM unnest(%s::text[]) AS id ORDER BY turn) AS turns
"""


def add_kinds() -> None:
    """Make the kinds of incidents that this app opens known."""
    add_kind(TRUNK_HEALTH)
    add_kind(REGISTRATION)


def follow_trunks(trunk_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """Open, update or end the incidents of trunks whose gateways have just changed their state.

    A fixed number of statements for any number of trunks, of any tenants the context sees.
    """
    ids = sorted({str(each) for each in trunk_ids})
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURNS, [ids])
    trunks = list(with_state(Trunk.objects.filter(pk__in=ids)).order_by("pk"))
    troubled = [trunk for trunk in trunks if trunk.state in _SEVERITIES]
    if troubled:
        worst = _worst_of(troubled)
        sightings = [_sighting(trunk, worst.get(trunk.pk)) for trunk in troubled]
        open_incidents(actor=_ACTOR, sightings=sightings, now=now)
    over = [_recovery(trunk) for trunk in trunks if _is_over(trunk)]
    resolve_incidents(actor=_ACTOR, recoveries=over, now=now)


def end_incident_of(trunk: Trunk, now: datetime) -> None:
    """End the incident of a trunk that is about to be deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURNS, [[str(trunk.pk)]])
    recovery = Recovery(trunk.tenant_id, _key(trunk), "The trunk was deleted.")
    resolve_incidents(actor=_ACTOR, recoveries=[recovery], now=now)


def _key(trunk: Trunk) -> str:
    return f"trunk:{trunk.pk}:health"


def _worst_of(trunks: list[Any]) -> dict[uuid.UUID, Gateway]:
    worst: dict[uuid.UUID, Gateway] = {}
    for gateway in troubled_gateways(trunks):
        worst.setdefault(gateway.trunk_id, gateway)
    return worst


def _sighting(trunk: Any, worst: Gateway | None) -> Sighting:
    stored = worst.health.cause if worst else ""
    cause = told_cause(stored)
    # The same words for an address that we refuse as for a name that does not exist.
    detail = "" if worst is None or is_withheld_alike(stored) else worst.health.detail
    return Sighting(
        tenant_id=trunk.tenant_id,
        key=_key(trunk),
        kind=TRUNK_HEALTH.code,
        severity=_SEVERITIES[HealthState(trunk.state)],
        subject=Subject("trunk", trunk.pk, trunk.name),
        title=_title(trunk.name, answered_headline_of(trunk)),
        cause=cause.code if cause else "",
        detail=detail,
    )


def _title(name: str, headline: Headline) -> str:
    """Say it in a sentence that stands alone: "Main line is down: no answer from 2 of 2 gateways"."""
    words = f"{name} is {headline.label[:1].lower()}{headline.label[1:]}"
    return f"{words}: {headline.detail}" if headline.detail else words


def _is_over(trunk: Any) -> bool:
    """Whether the trouble has ended; a trunk that is not looked at yet may still be in it."""
    return trunk.state in (HealthState.UP, HealthState.PAUSED) or not trunk.gateway_count


def _recovery(trunk: Any) -> Recovery:
    headline = trunk_headline(tally_of(trunk), is_enabled=trunk.is_enabled)
    note = f"{'Up again' if trunk.state == HealthState.UP else headline.label}: {headline.detail}."
    return Recovery(trunk.tenant_id, _key(trunk), note)
