"""How a trunk's gateways are watched, and how its calls prove that they are still there."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Least
from django.utils import timezone

from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import check_names, check_version, locked, save_edit
from trunks.models import GatewayHealth, HealthPolicy, SessionTimerPolicy
from trunks.services.editing import lock_trunk_of

_FIELDS = ("interval_s", "failures_to_down", "successes_to_up")
_TIMER_FIELDS = (
    *("mode", "session_interval_s", "min_se_s"),
    *("refresher", "refresh_method", "longest_call_s"),
)


def update_health_policy(
    *, tenant: Tenant, actor: Actor, policy: HealthPolicy, expected_version: int | None, **changes: Any
) -> HealthPolicy:
    """Change interval_s (15 to 3600 seconds), failures_to_down or successes_to_up (1 to 10 each).

    A shorter interval holds at once. Raises ValidationError by field, VersionConflict, and Refused when
    the trunk is gone.
    """
    check_names(changes, _FIELDS)
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, policy.trunk_id)
        row = locked(HealthPolicy, tenant, policy.pk)
        check_version(row, expected_version, changes)
        before = snapshot(row, _FIELDS)
        for name, value in changes.items():
            setattr(row, name, value)
        save_edit(row, before, tenant=tenant, actor=actor, verb="health_policy.updated")
        if row.interval_s < before["interval_s"]:
            latest = timezone.now() + timedelta(seconds=row.interval_s)
            GatewayHealth.objects.filter(
                tenant=tenant, gateway__trunk=trunk, next_probe_at__isnull=False
            ).update(next_probe_at=Least("next_probe_at", latest))
    return row


def update_session_timer_policy(
    *,
    tenant: Tenant,
    actor: Actor,
    policy: SessionTimerPolicy,
    expected_version: int | None,
    **changes: Any,
) -> SessionTimerPolicy:
    """Change mode, session_interval_s, min_se_s, refresher, refresh_method or longest_call_s (None: no end).

    Calls that are under way keep what they agreed on. Raises ValidationError by field, VersionConflict, and
    Refused when the trunk is gone.
    """
    check_names(changes, _TIMER_FIELDS)
    with transaction.atomic():
        lock_trunk_of(tenant, policy.trunk_id)
        row = locked(SessionTimerPolicy, tenant, policy.pk)
        check_version(row, expected_version, changes)
        before = snapshot(row, _TIMER_FIELDS)
        for name, value in changes.items():
            setattr(row, name, value)
        save_edit(row, before, tenant=tenant, actor=actor, verb="session_timer_policy.updated")
    return row
