"""Checking a trunk from time to time by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tenants.audit import Actor, differences, record_event, snapshot
from tenants.context import platform_context
from tenants.models import Tenant
from tenants.services.editing import FieldErrors, check_version
from trunks.checks.limits import host_wait_s, limited_hosts
from trunks.checks.services.checks import (
    check_can_call,
    check_can_register,
    checked_numbers,
    start_scheduled_check,
)
from trunks.editing import lock_trunk_of
from trunks.models import CheckSchedule, Trunk

_FIELDS = ("every_hours", "register", "call", "caller")
_VERB = "trunk.check_schedule_changed"
_STAND_BACK_S = 60.0
"""How long a schedule waits besides, for a carrier that is checked very often just now."""


def set_check_schedule(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    every_hours: int,
    register: bool = False,
    call: str = "",
    caller: str = "",
    expected_version: int | None = None,
) -> CheckSchedule:
    """Have a trunk checked every so many hours (1 to 168), the first time after so long.

    `expected_version` is 0 where none was set; None asks for no check. Raises ValidationError by field,
    VersionConflict, and Refused when the trunk is gone.
    """
    wrong = FieldErrors()
    call, caller = checked_numbers(call, caller, wrong)
    with transaction.atomic():
        row = lock_trunk_of(tenant, trunk.pk)
        with wrong.gathered():
            check_can_call(row, call)
        if register:
            with wrong.gathered():
                check_can_register(row)
        wrong.raise_any()
        schedule = _schedule_of(row)
        before = snapshot(schedule, _FIELDS) if schedule.version else {}
        mine = {"every_hours": every_hours, "register": register, "call": call, "caller": caller}
        check_version(schedule, expected_version, mine)
        later = before.get("every_hours") != every_hours
        schedule.every_hours, schedule.register, schedule.call, schedule.caller = (
            every_hours,
            register,
            call,
            caller,
        )
        schedule.clean_fields()
        if later:
            schedule.next_check_at = timezone.now() + timedelta(hours=every_hours)
        changes = differences(before, snapshot(schedule, _FIELDS))
        if changes:
            schedule.version += 1
            schedule.save()
            record_event(tenant=tenant, actor=actor, verb=_VERB, obj=row, changes=changes)
    return schedule


def stop_check_schedule(
    *, tenant: Tenant, actor: Actor, trunk: Trunk, expected_version: int | None = None
) -> None:
    """Check a trunk on request alone. Does nothing where that is so already. Raises VersionConflict."""
    with transaction.atomic():
        row = lock_trunk_of(tenant, trunk.pk)
        check_version(_schedule_of(row), expected_version, {"every_hours": None})
        deleted, _ = CheckSchedule.objects.filter(tenant=tenant, trunk=row).delete()
        if deleted:
            changes = {"scheduled_checks": [True, False]}
            record_event(tenant=tenant, actor=actor, verb=_VERB, obj=row, changes=changes)


def start_due_checks(limit: int = 100) -> int:
    """Start the checks that schedules ask for now; return how many. Call it outside any context.

    Any number of workers may do so at once. A trunk that is being checked, or a carrier that is checked very
    often just now, waits for the next time. Each has a transaction of its own: two workers that took several
    carriers' allowances, each in another order, would wait for each other.
    """
    now = timezone.now()
    started = 0
    for _ in range(limit):
        with platform_context("start a scheduled check"):
            schedule = _take_due(now)
            if schedule is None:
                break
            started += _start(schedule, now)
    return started


def _take_due(now: datetime) -> CheckSchedule | None:
    due = CheckSchedule.objects.filter(next_check_at__lte=now, trunk__tenant__is_active=True)
    return (
        due.select_for_update(of=("self",), skip_locked=True)
        .select_related("trunk")
        .order_by("next_check_at")
        .first()
    )


def _start(schedule: CheckSchedule, now: datetime) -> bool:
    """Start the check, if its carrier has room for it. Either way the schedule is due later."""
    wait_s = host_wait_s(limited_hosts(_hosts(schedule)), now)
    # From now on, not from when it was due: after an outage nothing is made up for.
    wait = timedelta(seconds=wait_s + _STAND_BACK_S) if wait_s else timedelta(hours=schedule.every_hours)
    schedule.next_check_at = now + wait
    schedule.save(update_fields=["next_check_at"])
    if wait_s:
        return False
    check = start_scheduled_check(
        schedule.trunk, register=schedule.register, call=schedule.call, caller=schedule.caller
    )
    return check is not None


def _schedule_of(trunk: Trunk) -> CheckSchedule:
    """Return a trunk's schedule; an unsaved one of version 0 where it is checked on request alone."""
    stored = CheckSchedule.objects.filter(tenant=trunk.tenant_id, trunk=trunk).first()
    if stored is not None:
        return stored
    # A conflict tells "no interval" of it.
    return CheckSchedule(tenant_id=trunk.tenant_id, trunk=trunk, every_hours=None, version=0)  # type: ignore[misc]  # never saved so


def _hosts(schedule: CheckSchedule) -> list[str]:
    return list(schedule.trunk.gateways.filter(is_enabled=True).values_list("host", flat=True))
