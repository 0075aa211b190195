"""Whom not to call."""

from __future__ import annotations

import phonenumbers
from django.db import transaction
from phonenumbers import PhoneNumberFormat

from callsphere.lib.errors import Refused
from callsphere.outbound.models import DoNotCall
from tenants.audit import Actor, record_event
from tenants.models import Tenant
from tenants.services.editing import field_error, insert, name_fields_of_constraints
from trunks.number_format import NumberError, read_number

LONGEST_NAME = 254
name_fields_of_constraints({"do_not_call_once": "number"})


def forbid_calls(*, tenant: Tenant, actor: Actor, number: str, reason: str = "") -> DoNotCall:
    """Put a number on the list of those not to call; calls to it that wait are not placed any more.

    Raises ValidationError by field.
    """
    try:
        written = phonenumbers.format_number(read_number(number), PhoneNumberFormat.E164)
    except NumberError as error:
        raise field_error("number", str(error), "invalid") from error
    row = DoNotCall(tenant=tenant, number=written, reason=reason.strip(), added_by=actor.label[:LONGEST_NAME])
    with transaction.atomic():
        return insert(row, tenant=tenant, actor=actor, verb="do_not_call.added", fields=("number", "reason"))


def allow_calls(*, tenant: Tenant, actor: Actor, entry: DoNotCall, reason: str = "") -> None:
    """Take a number off the list. Raises Refused when it is not there any more."""
    with transaction.atomic():
        row = DoNotCall.objects.select_for_update().filter(tenant=tenant, pk=entry.pk).first()
        if row is None:
            raise Refused("This number is not on the list any more.", code="gone")
        record_event(tenant=tenant, actor=actor, verb="do_not_call.removed", obj=row, reason=reason)
        row.delete()
