"""Readiness checks: asking for one, and stopping it. The workers run them (`trunks.checks.checking`)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from callsphere import celery
from callsphere.lib.errors import Refused
from callsphere.sip.check.arguments import is_emergency
from tenants.audit import Actor, record_event
from tenants.enums import ActorKind
from tenants.models import AuditEvent, Tenant, TenantRoute
from tenants.services.editing import FieldErrors, field_error
from trunks.checks.limits import host_wait_s, limited_hosts
from trunks.checks.numbers import number_dialled
from trunks.editing import lock_trunk_of
from trunks.enums import CheckState, CredentialDirection
from trunks.models import CheckShare, DigestCredential, Gateway, ReadinessCheck, Registration, Trunk
from trunks.models.checks import LONGEST_NUMBER, OPEN_STATES
from trunks.number_format import NumberError

CHECKS_PER_HOUR = 30
"""How many checks a tenant may ask for within an hour, over all its trunks."""
_VERB = "trunk.check_requested"
# Star codes such as *69 are commands to the carrier, and letters are no number: a check dials neither.
_NUMBER = re.compile(rf"\+?[0-9]{{1,{LONGEST_NUMBER - 1}}}")
_SEPARATORS = re.compile(r"[ \t\u00a0\u202f()./-]")


class CheckedTooOften(Refused):
    """Too many checks; `retry_after_s` says in how many seconds the next is possible."""

    code = "checked_too_often"

    def __init__(self, whose: str, retry_after_s: float) -> None:
        self.retry_after_s = max(1, math.ceil(retry_after_s))
        minutes = math.ceil(self.retry_after_s / 60)
        wait = f"{self.retry_after_s} seconds" if self.retry_after_s < 120 else f"{minutes} minutes"
        super().__init__(f"{whose} Try again in {wait}.")


def start_check(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    gateway: Gateway | None = None,
    register: bool = False,
    call: str = "",
    caller: str = "",
    reason: str = "",
) -> ReadinessCheck:
    """Have a trunk checked as soon as this is stored: one gateway, or all that are enabled.

    With `register` the check registers as well, with `call` it places a short call to that number, showing
    `caller`. Raises ValidationError by field, CheckedTooOften, and Refused when the trunk is disabled, has no
    enabled gateway, or is being checked.
    """
    wrong = FieldErrors()
    call, caller = checked_numbers(call, caller, wrong)
    with transaction.atomic():
        row = lock_trunk_of(tenant, trunk.pk)
        if not row.is_enabled:
            raise Refused("This trunk is disabled. Enable it first.", code="trunk_disabled")
        with wrong.gathered():
            check_can_call(row, call)
        if register:
            with wrong.gathered():
                check_can_register(row)
        wrong.raise_any()
        if ReadinessCheck.objects.filter(tenant=tenant, trunk=row, state__in=OPEN_STATES).exists():
            raise Refused("This trunk is being checked. Wait for the report.", code="check_running")
        _check_tenant_rate(tenant)
        _check_host_rate([each.host for each in checked_gateways(row, gateway)])
        check = ReadinessCheck.objects.create(
            tenant=tenant,
            trunk=row,
            gateway=gateway,
            register=register,
            call=call,
            caller=caller,
            requested_kind=actor.kind,
            requested_by=actor.label[:254],
            reason=reason[:254],
        )
        asked = {"register": register, "number_to_call": call, "number_to_call_from": caller}
        changes = {name: [None, value] for name, value in asked.items() if value}
        record_event(tenant=tenant, actor=actor, verb=_VERB, obj=row, changes=changes, reason=reason)
        keep_newest(row)
        wake_checks()
    return check


def start_scheduled_check(trunk: Trunk, *, register: bool, call: str, caller: str) -> ReadinessCheck | None:
    """Have a trunk checked because its schedule says so; None when it is being checked, or cannot be."""
    with transaction.atomic():
        row = Trunk.objects.select_for_update(no_key=True).filter(pk=trunk.pk, is_enabled=True).first()
        if row is None or not row.gateways.filter(is_enabled=True).exists():
            return None
        if ReadinessCheck.objects.filter(trunk=row, state__in=OPEN_STATES).exists():
            return None
        check = ReadinessCheck.objects.create(
            tenant_id=row.tenant_id,
            trunk=row,
            register=register,
            call=call,
            caller=caller,
            requested_kind=ActorKind.SYSTEM,
            requested_by="schedule",
        )
        keep_newest(row)
        wake_checks()
    return check


def cancel_check(*, tenant: Tenant, actor: Actor, check: ReadinessCheck) -> ReadinessCheck:
    """Stop a check: its call is hung up. One that a worker runs stops within seconds."""
    with transaction.atomic():
        row = ReadinessCheck.objects.select_for_update(of=("self",)).select_related("trunk").get(pk=check.pk)
        if not row.is_open:
            raise Refused("This check has ended already.", code="check_ended")
        if row.state == CheckState.QUEUED:
            row.state, row.finished_at = CheckState.CANCELLED, timezone.now()
        row.cancel_requested = True
        row.save(update_fields=["state", "finished_at", "cancel_requested"])
        record_event(
            tenant=tenant, actor=actor, verb="trunk.check_stopped", obj=row.trunk, even_read_only=True
        )
    return row


def checked_gateways(trunk: Trunk, gateway: Gateway | None) -> Sequence[Gateway]:
    """Return the gateways that a check looks at, in the order in which calls try them. Raises Refused."""
    own = Gateway.objects.filter(tenant=trunk.tenant_id, trunk=trunk)
    found = list(own.filter(pk=gateway.pk) if gateway is not None else own.filter(is_enabled=True))
    if not found:
        raise Refused("This trunk has no enabled gateway to check.", code="no_enabled_gateway")
    return found


def check_can_register(trunk: Trunk) -> None:
    """Raise ValidationError unless something says as whom the trunk registers."""
    own = {"tenant": trunk.tenant_id, "trunk": trunk}
    outbound = DigestCredential.objects.filter(**own, direction=CredentialDirection.OUTBOUND)
    if not (Registration.objects.filter(**own).exists() or outbound.exists()):
        raise field_error(
            "register", "Add the user name and password that your carrier gave you first.", "no_user_name"
        )


def check_can_call(trunk: Trunk, call: str) -> None:
    """Raise ValidationError for a number that the trunk's rule makes uncallable."""
    try:
        number_dialled(call, trunk)
    except NumberError as error:
        raise field_error("call", str(error), "invalid") from None


def checked_numbers(call: str, caller: str, wrong: FieldErrors) -> tuple[str, str]:
    """Return both numbers as they go into SIP URIs; what cannot be called or shown is put into `wrong`."""
    numbers = {"call": "", "caller": ""}
    for field, text in (("call", call), ("caller", caller)):
        with wrong.gathered():
            numbers[field] = _number(field, text)
    if caller.strip() and not call.strip():
        with wrong.gathered():
            raise field_error("caller", "Give a number to call as well.", "no_call")
    return numbers["call"], numbers["caller"]


def keep_newest(trunk: Trunk) -> None:
    """Delete a trunk's reports beyond those that are kept, with the links to them."""
    own = ReadinessCheck.objects.filter(trunk=trunk)
    kept = list(own.order_by("-created_at", "-id").values_list("pk", flat=True)[: ReadinessCheck.KEPT])
    old = own.exclude(pk__in=kept).exclude(state__in=OPEN_STATES)
    hashes = CheckShare.objects.filter(readiness_check__in=old).values_list("token_hash", flat=True)
    TenantRoute.objects.filter(hash__in=list(hashes)).delete()
    old.delete()


def wake_checks() -> None:
    """Ask a worker to look for queued checks as soon as this transaction is stored."""
    transaction.on_commit(lambda: celery.wake("trunks.run_checks", "check"))


def _number(field: str, text: str) -> str:
    if not text.strip():
        return ""
    cleaned = _SEPARATORS.sub("", text.strip().removeprefix("tel:"))
    if not _NUMBER.fullmatch(cleaned):
        raise field_error(
            field,
            "Write a number such as +14155550123, or an extension such as 100: digits alone.",
            "invalid",
        )
    if is_emergency(cleaned):
        raise field_error(field, "Emergency numbers are never called by a check.", "emergency")
    return cleaned


def _check_tenant_rate(tenant: Tenant) -> None:
    """Count in the audit log, which nobody can shorten, with the tenant locked: requests may race."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    now = timezone.now()
    hour = timedelta(hours=1)
    recent = list(
        AuditEvent.objects.filter(tenant=tenant, created_at__gt=now - hour, verb=_VERB)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:CHECKS_PER_HOUR]
    )
    if len(recent) == CHECKS_PER_HOUR:
        wait = (recent[-1] + hour - now).total_seconds()
        raise CheckedTooOften(f"You may start {CHECKS_PER_HOUR} checks an hour.", wait)


def _check_host_rate(hosts: Sequence[str]) -> None:
    wait = host_wait_s(limited_hosts(hosts), timezone.now())
    if wait:
        raise CheckedTooOften("This carrier is being checked very often just now.", wait)
