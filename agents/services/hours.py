"""Business hours: made, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from agents.models import BusinessHours
from agents.plans import read_holidays, read_time_zone, read_weekly
from callsphere.lib.e164 import as_written
from callsphere.lib.errors import Refused
from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    insert,
    lock_tenant,
    locked,
    name_fields_of_constraints,
    one_line,
    remove,
    save_edit,
)

HOURS_PER_TENANT = 50
FIELDS = ("name", "time_zone", "weekly", "holidays")
name_fields_of_constraints({"business_hours_name_once": "name", "business_hours_zone_given": "time_zone"})


def create_hours(*, tenant: Tenant, actor: Actor, name: str, time_zone: str, **fields: Any) -> BusinessHours:
    """Make business hours; without `weekly` nobody is ever there.

    Raises ValidationError by field, and LimitReached.
    """
    check_names(fields, FIELDS)
    hours, wrong = BusinessHours(tenant=tenant), FieldErrors()
    _apply(hours, {"name": name, "time_zone": time_zone, **fields}, wrong)
    with transaction.atomic():
        rows = BusinessHours.objects.filter(tenant=lock_tenant(tenant))
        check_room(rows, HOURS_PER_TENANT, f"You have {HOURS_PER_TENANT} of them. Delete one first.")
        insert(hours, tenant=tenant, actor=actor, verb="business_hours.created", fields=FIELDS, wrong=wrong)
    return hours


def edit_hours(
    *, tenant: Tenant, actor: Actor, hours: BusinessHours, expected_version: int | None, **changes: Any
) -> BusinessHours:
    """Change business hours, for the next call on; return them as stored.

    Raises ValidationError by field, VersionConflict, and Refused when they are gone.
    """
    check_names(changes, FIELDS)
    with transaction.atomic():
        row = locked(BusinessHours, tenant, hours.pk)
        check_version(row, expected_version, changes)
        before, wrong = snapshot(row, FIELDS), FieldErrors()
        _apply(row, changes, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="business_hours.updated", wrong=wrong)
    return row


def delete_hours(
    *, tenant: Tenant, actor: Actor, hours: BusinessHours, expected_version: int | None = None
) -> None:
    """Delete business hours. Raises VersionConflict, and Refused when they are gone or a route uses them."""
    with transaction.atomic():
        row = locked(BusinessHours, tenant, hours.pk)
        check_version(row, expected_version, {})
        numbers = sorted(row.routes.filter(tenant=tenant).values_list("phone_number__number", flat=True))
        if numbers:
            named = ", ".join(map(as_written, numbers[:5]))
            raise Refused(f"The routes of {named} look at them.", code="hours_in_use")
        remove(row, tenant=tenant, actor=actor, verb="business_hours.deleted", fields=FIELDS)


def _apply(hours: BusinessHours, changes: dict[str, Any], wrong: FieldErrors) -> None:
    read: dict[str, Callable[[Any], Any]] = {
        "time_zone": read_time_zone,
        "weekly": read_weekly,
        "holidays": read_holidays,
    }
    for name, value in changes.items():
        with wrong.gathered():
            setattr(hours, name, read[name](value) if name in read else one_line(name, value))
