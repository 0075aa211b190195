"""People on call: added, changed, removed."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from callsphere.escalations.models import OnCallPerson
from callsphere.lib.errors import Refused
from callsphere.outbound.queries import callable_countries
from callsphere.outbound.reachable import callable_number
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
    name_fields_of_constraints,
    one_line,
    remove,
    save_edit,
)
from trunks.number_format import NumberError

PEOPLE_PER_TENANT = 200
FIELDS = ("name", "number", "takes_texts")
name_fields_of_constraints({"on_call_person_number_once": "number", "on_call_person_e164": "number"})


def add_person(*, tenant: Tenant, actor: Actor, name: str, number: str, **fields: Any) -> OnCallPerson:
    """Add somebody who can be called for help. Raises ValidationError by field, and LimitReached."""
    check_names(fields, FIELDS)
    person, wrong = OnCallPerson(tenant=tenant), FieldErrors()
    with transaction.atomic():
        rows = OnCallPerson.objects.filter(tenant=lock_tenant(tenant))
        check_room(rows, PEOPLE_PER_TENANT, f"You have {PEOPLE_PER_TENANT} of them. Remove one first.")
        _apply(person, {"name": name, "number": number, **fields}, wrong)
        insert(person, tenant=tenant, actor=actor, verb="on_call_person.added", fields=FIELDS, wrong=wrong)
    return person


def edit_person(
    *, tenant: Tenant, actor: Actor, person: OnCallPerson, expected_version: int | None, **changes: Any
) -> OnCallPerson:
    """Change somebody, for escalations that start from now on; return them as stored.

    Raises ValidationError by field, VersionConflict, and Refused when they are gone.
    """
    check_names(changes, FIELDS)
    with transaction.atomic():
        row = locked(OnCallPerson, tenant, person.pk)
        check_version(row, expected_version, changes)
        before, wrong = snapshot(row, FIELDS), FieldErrors()
        _apply(row, changes, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="on_call_person.updated", wrong=wrong)
    return row


def remove_person(
    *, tenant: Tenant, actor: Actor, person: OnCallPerson, expected_version: int | None = None
) -> None:
    """Remove somebody. Raises VersionConflict, and Refused when they are gone or a policy asks them."""
    with transaction.atomic():
        row = locked(OnCallPerson, tenant, person.pk)
        check_version(row, expected_version, {})
        names = sorted(set(row.tiers.filter(tenant=tenant).values_list("tier__policy__name", flat=True)))
        if names:
            raise Refused(f"They are in {', '.join(names[:5])}: take them out first.", code="person_in_use")
        remove(row, tenant=tenant, actor=actor, verb="on_call_person.removed", fields=FIELDS)


def _apply(person: OnCallPerson, changes: dict[str, Any], wrong: FieldErrors) -> None:
    for name, value in changes.items():
        with wrong.gathered():
            setattr(person, name, _read(person.tenant, name, value))


def _read(tenant: Tenant, name: str, value: Any) -> Any:
    if name == "name":
        return one_line(name, value)
    if name != "number":
        return value
    countries = callable_countries(tenant)
    try:
        return callable_number(value, countries, next(iter(countries)) if len(countries) == 1 else "")
    except NumberError as error:
        raise field_error("number", str(error), "invalid") from error
