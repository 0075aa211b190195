"""Registering where help is to be sent: entered by the tenant, checked and registered by a worker."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from callsphere.lib.errors import Refused
from callsphere.providers.twilio import addresses, numbers
from callsphere.providers.twilio.addresses import Address
from callsphere.providers.twilio.errors import TwilioError
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.services.editing import FieldErrors, check_names, locked, one_line
from trunks.enums import NumberState, PaperState
from trunks.models import EmergencyAddress, PhoneNumber
from trunks.models.numbers import LONGEST_ERROR
from trunks.numbers.accounts import Clock, open_account
from trunks.numbers.jobs import Overtaken, make_due, put_off, store, wake_provisioning
from trunks.numbers.saga import emergency_state
from trunks.numbers.wording import has_emergency_calls

FIELDS = ("customer_name", "street", "street_more", "city", "region", "postal_code")
_NOT_MEANT = "Only active numbers of the US and Canada that were bought here have an emergency address."


def set_emergency_address(*, tenant: Tenant, actor: Actor, number: PhoneNumber, **address: str) -> None:
    """Have an address registered for a number; a worker hands it in within seconds.

    `address` are FIELDS. Raises ValidationError by field, and Refused for a number that has none.
    """
    check_names(address, FIELDS)
    wrong, values = FieldErrors(), {}
    for name in FIELDS:
        with wrong.gathered():
            values[name] = one_line(name, address.get(name, ""))
    wrong.raise_any()
    with transaction.atomic():
        row = locked(PhoneNumber, tenant, number.pk)
        if row.state != NumberState.ACTIVE or not has_emergency_calls(row):
            raise Refused(_NOT_MEANT, code="no_emergency_calls")
        there = EmergencyAddress.objects.filter(phone_number=row).first()
        wanted = there or EmergencyAddress(tenant=tenant, phone_number=row)
        for name, value in values.items():
            setattr(wanted, name, value)
        wanted.full_clean(exclude=["tenant", "phone_number", "due_at"])
        # A worker that claims it meanwhile has raised `claim`: what was read of that is not written back.
        wanted.save(update_fields=FIELDS if there else None)
        now = database_now()
        make_due(EmergencyAddress, wanted.pk, now, error="", error_code="")
        row.emergency_state = PaperState.PENDING
        row.save()
        record_event(tenant=tenant, actor=actor, verb="phone_number.emergency_address_set", obj=row)
        wake_provisioning()


def do_emergency_address(row: EmergencyAddress, clock: Clock) -> None:
    """Hand the address in and register it. Raises TwilioError, AccountMissing, and Overtaken."""
    with tenant_context(Tenant(pk=row.tenant_id)):
        tenant = Tenant.objects.get(pk=row.tenant_id)
        number = PhoneNumber.objects.get(pk=row.phone_number_id)
        if number.state != NumberState.ACTIVE:
            store(row, due_at=None)
            return
        account = open_account(tenant)
    values: dict[str, Any] = {name: getattr(row, name) for name in FIELDS}
    label = f"emergency {number.pk}"
    wanted = Address(label=label, country=number.country, emergency=True, **values)
    address = addresses.ensure_address(account, wanted)
    owned = numbers.set_emergency_address(account, number.provider_sid, address.sid)
    try:
        with tenant_context(tenant):
            _become(row, emergency_state(owned), provider_sid=address.sid, error="", error_code="")
    except Overtaken:
        # What was just written is older than what is stored, and may have come after it.
        with tenant_context(tenant):
            EmergencyAddress.objects.filter(pk=row.pk, due_at=None).update(due_at=clock(), attempts=0)
        raise


def store_failed_emergency_address(
    row: EmergencyAddress, error: Exception, words: str, code: str, clock: Clock
) -> None:
    """Put it off, or say that it was refused. Call it inside the tenant's context. Raises Overtaken."""
    if isinstance(error, TwilioError) and not error.retryable:
        _become(row, PaperState.FAILED, error=words[:LONGEST_ERROR], error_code=code)
    else:
        put_off(row, clock(), words, code, error)


def _become(row: EmergencyAddress, state: PaperState, **values: Any) -> None:
    # The number first, as whoever enters an address locks them.
    number = PhoneNumber.objects.select_for_update().get(pk=row.phone_number_id)
    store(row, due_at=None, attempts=0, **values)
    if number.emergency_state != state:
        number.emergency_state = state
        number.save()
