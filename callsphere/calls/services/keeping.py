"""Saying how long calls are kept."""

from __future__ import annotations

from django.db import transaction

from callsphere.calls.models import CallRetention
from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import check_names, check_version, locked, save_edit

FIELDS = ("calls_kept_days", "transcripts_kept_days")


def set_retention(
    *, tenant: Tenant, actor: Actor, expected_version: int | None = None, **changes: int
) -> CallRetention:
    """Say how long calls or transcripts are kept, in days; a worker deletes within hours what is older.

    Raises ValidationError by field, and VersionConflict.
    """
    check_names(changes, FIELDS)
    with transaction.atomic():
        made, _ = CallRetention.objects.get_or_create(tenant=tenant)
        row = locked(CallRetention, tenant, made.pk)
        check_version(row, expected_version, changes)
        before = snapshot(row, FIELDS)
        for name, value in changes.items():
            setattr(row, name, value)
        save_edit(row, before, tenant=tenant, actor=actor, verb="call_retention.updated")
    return row
