"""Trunks themselves."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from callsphere.lib.errors import Refused
from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_row,
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
from trunks.bindings.services import leave_farewell_of, pause_registration_of, resume_registration_of
from trunks.checks.queries import has_call_open
from trunks.enums import Authentication
from trunks.health.incidents import end_incident_of
from trunks.health.services.watching import pause_trunk, resume_trunk, stop_watching
from trunks.models import HealthPolicy, SessionTimerPolicy, Trunk
from trunks.number_format import RULE_FIELDS, NumberRule, countries, rule_of
from trunks.presets.catalogue import carrier_presets
from trunks.provider_side import trunk_edited, trunk_goes

_OWN_FIELDS = ("name", "direction", "authentication", "is_enabled", "notes")
_FIELDS = (*_OWN_FIELDS, *RULE_FIELDS)
_COUNTRIES = dict(countries())


def create_trunk(
    *,
    tenant: Tenant,
    actor: Actor,
    name: str,
    direction: str = "both",
    authentication: Iterable[str] = (),
    notes: str = "",
    is_enabled: bool = True,
    preset: str = "",
    **number_rule: Any,
) -> Trunk:
    """Make a trunk and its policies. Raises ValidationError by field, and LimitReached.

    `number_rule` are fields of `trunks.number_format.NumberRule`. `preset` is the key of the carrier preset
    that the caller filled in the rest from: it is noted with its version, and sets nothing.
    """
    check_names(number_rule, RULE_FIELDS)
    trunk = Trunk(tenant=tenant, direction=direction, is_enabled=is_enabled)
    wrong = FieldErrors()
    with wrong.gathered():
        trunk.preset_version = _version_of_preset(preset)
        trunk.preset_key = preset
    _apply(trunk, {"name": name, "authentication": authentication, "notes": notes, **number_rule}, wrong)
    with transaction.atomic():
        limit = lock_tenant(tenant).trunk_limit
        check_room(
            Trunk.objects.filter(tenant=tenant),
            limit,
            f"Your plan has room for {limit} trunks. Delete one or change the plan.",
        )
        fields = (*_OWN_FIELDS, *_unusual(trunk), "preset_key", "preset_version")
        insert(trunk, tenant=tenant, actor=actor, verb="trunk.created", fields=fields, wrong=wrong)
        HealthPolicy.objects.create(tenant=tenant, trunk=trunk)
        SessionTimerPolicy.objects.create(tenant=tenant, trunk=trunk)
    return trunk


def update_trunk(
    *, tenant: Tenant, actor: Actor, trunk: Trunk, expected_version: int | None, **changes: Any
) -> Trunk:
    """Change name, direction, authentication, notes, is_enabled or the number rule; return it as stored.

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
        if save_edit(row, before, tenant=tenant, actor=actor, verb="trunk.updated", wrong=wrong):
            trunk_edited(row)
        if row.is_enabled and not before["is_enabled"]:
            resume_trunk(row)
            resume_registration_of(row)
        elif before["is_enabled"] and not row.is_enabled:
            pause_trunk(row)
            pause_registration_of(row)
    return row


def delete_trunk(*, tenant: Tenant, actor: Actor, trunk: Trunk, expected_version: int | None = None) -> None:
    """Delete a trunk with all that belongs to it.

    Raises VersionConflict, and Refused when it is gone or while a check of it has a call open: should the
    check's worker die, only the call's row tells others what to hang up.
    """
    with transaction.atomic():
        row = locked(Trunk, tenant, trunk.pk)
        check_version(row, expected_version, {})
        if has_call_open(row):
            raise Refused(
                "A readiness check has a call open on this trunk. Stop the check, or wait a minute until the"
                " call is over; then delete the trunk.",
                code="call_open",
            )
        stop_watching(row.gateways.filter(tenant=tenant))
        end_incident_of(row, timezone.now())
        leave_farewell_of(row)
        trunk_goes(row)
        fields = (*_OWN_FIELDS, *_unusual(row))
        remove(row, tenant=tenant, actor=actor, verb="trunk.deleted", fields=fields)


def check_number_rule(**rule: Any) -> NumberRule:
    """Return a rule as it would be stored; nothing is. Raises ValidationError by field."""
    check_names(rule, RULE_FIELDS)
    trunk, wrong = Trunk(), FieldErrors()
    _apply(trunk, rule, wrong)
    check_row(trunk, wrong, ignore={field.name for field in Trunk._meta.fields} - set(RULE_FIELDS))
    return rule_of(trunk)


def _version_of_preset(key: str) -> int | None:
    if not key:
        return None
    preset = carrier_presets().get(key)
    if preset is None or preset.is_draft:
        raise field_error("preset", "Choose a carrier preset that exists and is no draft.", "invalid_choice")
    return preset.version


def _unusual(trunk: Trunk) -> list[str]:
    """Return the fields of the number rule that say something: the rest of the log would be defaults."""
    return [name for name in RULE_FIELDS if getattr(trunk, name) != getattr(NumberRule(), name)]


def _apply(trunk: Trunk, changes: dict[str, Any], wrong: FieldErrors) -> None:
    for name, value in changes.items():
        with wrong.gathered():
            if name == "name":
                trunk.name = one_line("name", value)
            elif name == "notes":
                trunk.notes = several_lines("notes", value)
            elif name == "authentication":
                trunk.authentication = _chosen(value)
            elif name == "home_country":
                trunk.home_country = _known_country(value)
            else:
                setattr(trunk, name, value)


def _known_country(code: str) -> str:
    code = code.strip(" ").upper()
    if code and code not in _COUNTRIES:
        raise field_error(
            "home_country", "Choose a country by its two-letter code, such as DE or US.", "invalid_choice"
        )
    return code


def _chosen(names: Iterable[str]) -> list[str]:
    """Return each once, in the order in which they are explained."""
    wanted = set(names)
    if wanted - set(Authentication.values):
        allowed = ", ".join(Authentication.values)
        raise field_error("authentication", f"Choose any of: {allowed}.", "invalid_choice")
    return [name for name in Authentication.values if name in wanted]
