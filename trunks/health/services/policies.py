"""How a trunk's gateways are watched."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Least
from django.utils import timezone

from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import check_names, check_version, locked, save_edit
from trunks.editing import lock_trunk_of
from trunks.models import GatewayHealth, HealthPolicy

_FIELDS = ("interval_s", "failures_to_down", "successes_to_up")


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
