"""Trunks themselves."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    one_line,
    remove,
    save_edit,
    several_lines,
)
from trunks.enums import Authentication
from trunks.incidents import end_incident_of
from trunks.models import HealthPolicy, SessionTimerPolicy, Trunk
from trunks.services.bindings import leave_farewell_of, pause_registration_of, resume_registration_of
from trunks.services.watching import pause_trunk, resume_trunk, stop_watching

_FIELDS = ("name", "direction", "authentication", "is_enabled", "notes")


def create_trunk(
    *,
    tenant: Tenant,
    actor: Actor,
    name: str,
    direction: str = "both",
    authentication: Iterable[str] = (),
    notes: str = "",
    is_enabled: bool = True,
) -> Trunk:
    """Make a trunk and its policies. Raises ValidationError by field, and LimitReached."""
    trunk = Trunk(tenant=tenant, direction=direction, is_enabled=is_enabled)
    wrong = FieldErrors()
    _apply(trunk, {"name": name, "authentication": authentication, "notes": notes}, wrong)
    with transaction.atomic():
        limit = lock_tenant(tenant).trunk_limit
        check_room(
            Trunk.objects.filter(tenant=tenant),
            limit,
            f"Your plan has room for {limit} trunks. Delete one or change the plan.",
        )
        insert(trunk, tenant=tenant, actor=actor, verb="trunk.created", fields=_FIELDS, wrong=wrong)
        HealthPolicy.objects.create(tenant=tenant, trunk=trunk)
        SessionTimerPolicy.objects.create(tenant=tenant, trunk=trunk)
    return trunk


def update_trunk(
    *, tenant: Tenant, actor: Actor, trunk: Trunk, expected_version: int | None, **changes: Any
) -> Trunk:
    """Change name, direction, authentication, notes or is_enabled; return the trunk as stored.

    A disabled trunk's gateways are not looked at; enabled again, they are looked at once.
    Raises ValidationError by field, VersionConflict, and Refused when the trunk is gone.
    """
    check_names(changes, _FIELDS)
    with transaction.atomic():
        row = locked(Trunk, tenant, trunk.pk)
        check_version(row, expected_version, changes)
        before = snapshot(row, _FIELDS)
        wrong = FieldErrors()
        _apply(row, changes, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="trunk.updated", wrong=wrong)
        if row.is_enabled and not before["is_enabled"]:
            resume_trunk(row)
            resume_registration_of(row)
        elif before["is_enabled"] and not row.is_enabled:
            pause_trunk(row)
            pause_registration_of(row)
    return row


def delete_trunk(*, tenant: Tenant, actor: Actor, trunk: Trunk, expected_version: int | None = None) -> None:
    """Delete a trunk with all that belongs to it. Raises VersionConflict, and Refused when it is gone."""
    with transaction.atomic():
        row = locked(Trunk, tenant, trunk.pk)
        check_version(row, expected_version, {})
        stop_watching(row.gateways.filter(tenant=tenant))
        end_incident_of(row, timezone.now())
        leave_farewell_of(row)
        remove(row, tenant=tenant, actor=actor, verb="trunk.deleted", fields=_FIELDS)


def _apply(trunk: Trunk, changes: dict[str, Any], wrong: FieldErrors) -> None:
    for name, value in changes.items():
        with wrong.gathered():
            if name == "name":
                trunk.name = one_line("name", value)
            elif name == "notes":
                trunk.notes = several_lines("notes", value)
            elif name == "authentication":
                trunk.authentication = _chosen(value)
            else:
                setattr(trunk, name, value)


def _chosen(names: Iterable[str]) -> list[str]:
    """Return each once, in the order in which they are explained."""
    wanted = set(names)
    if wanted - set(Authentication.values):
        allowed = ", ".join(Authentication.values)
        raise field_error("authentication", f"Choose any of: {allowed}.", "invalid_choice")
    return [name for name in Authentication.values if name in wanted]
