"""What an edit means for the watch on gateways: look now, look anew, or stop looking."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from callsphere import celery
from trunks.enums import HealthState
from trunks.health.incidents import follow_trunks
from trunks.models import Gateway, GatewayHealth, StatusChange, Trunk

_FORGOTTEN: dict[str, Any] = {
    "streak": 0,
    "streak_is_worse": False,
    "streak_severity": 0,
    "checked_at": None,
    "status": None,
    "reason": "",
    "cause": "",
    "detail": "",
    "rtt_us": None,
    "target": "",
    "server": "",
}


def start_watching(gateway: Gateway, trunk: Trunk) -> None:
    """Give a new gateway its health: due now, unless it or its trunk is disabled."""
    watched = gateway.is_enabled and trunk.is_enabled
    GatewayHealth.objects.create(
        tenant=gateway.tenant,
        gateway=gateway,
        state=HealthState.UNKNOWN if watched else HealthState.PAUSED,
        next_probe_at=timezone.now() if watched else None,
    )
    if watched:
        wake_probes()


def watch_anew(gateway: Gateway, trunk: Trunk, now: datetime) -> None:
    """Forget what is known of a gateway: it leads elsewhere from now on, or was switched on or off."""
    if gateway.is_enabled and trunk.is_enabled:
        _reset([gateway], HealthState.UNKNOWN, now)
        wake_probes()
    else:
        _reset([gateway], HealthState.PAUSED, now)


def pause_trunk(trunk: Trunk) -> None:
    """Stop looking at a trunk's gateways."""
    _reset(trunk.gateways.filter(tenant=trunk.tenant_id), HealthState.PAUSED, timezone.now())


def resume_trunk(trunk: Trunk) -> None:
    """Look at a trunk's enabled gateways now."""
    enabled = trunk.gateways.filter(tenant=trunk.tenant_id, is_enabled=True)
    _reset(enabled, HealthState.UNKNOWN, timezone.now())
    wake_probes()


def stop_watching(gateways: Iterable[Gateway]) -> None:
    """Hold the gateways' health, to delete them next.

    Probe workers take these rows first and then what belongs to them; who takes them last could deadlock.
    """
    rows = GatewayHealth.objects.select_for_update().filter(gateway__in=gateways).order_by("pk")
    list(rows.values_list("pk"))


def wake_probes() -> None:
    """Ask a worker to look for due gateways as soon as this transaction is stored."""
    transaction.on_commit(lambda: celery.wake("trunks.probe_due_gateways", "probe"))


def _reset(gateways: Iterable[Gateway], state: HealthState, now: datetime) -> None:
    rows = GatewayHealth.objects.select_for_update(of=("self",), no_key=True).select_related("gateway")
    changed = list(rows.filter(gateway__in=gateways).order_by("pk"))
    StatusChange.objects.bulk_create(
        StatusChange(
            tenant_id=health.tenant_id,
            trunk_id=health.gateway.trunk_id,
            gateway_id=health.gateway_id,
            uri=health.gateway.uri,
            from_state=health.state,
            to_state=state,
            at=now,
            previous_since=health.since,
        )
        for health in changed
        if health.state != state
    )
    GatewayHealth.objects.filter(pk__in=[health.pk for health in changed]).update(
        state=state,
        since=now,
        next_probe_at=None if state == HealthState.PAUSED else now,
        claim=F("claim") + 1,  # an answer that is under way belongs to what was before
        **_FORGOTTEN,
    )
    follow_trunks({health.gateway.trunk_id for health in changed}, now)
