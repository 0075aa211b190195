"""How a trunk's calls prove that they are still there."""

from typing import Any

from django.db import transaction

from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import check_names, check_version, locked, save_edit
from trunks.editing import lock_trunk_of
from trunks.models import SessionTimerPolicy
from trunks.provider_side import trunk_edited

_FIELDS = (
    *("mode", "session_interval_s", "min_se_s"),
    *("refresher", "refresh_method", "longest_call_s"),
)


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
    check_names(changes, _FIELDS)
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, policy.trunk_id)
        row = locked(SessionTimerPolicy, tenant, policy.pk)
        check_version(row, expected_version, changes)
        before = snapshot(row, _FIELDS)
        for name, value in changes.items():
            setattr(row, name, value)
        if save_edit(row, before, tenant=tenant, actor=actor, verb="session_timer_policy.updated"):
            trunk_edited(trunk)
    return row
