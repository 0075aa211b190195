"""Ringing a number through Twilio's double, for those who try the product out."""

from __future__ import annotations

import uuid

from callsphere.providers.twilio.double import CannotRing, play_call
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.models import PhoneNumber

__all__ = ["CannotRing", "ring_number"]


def ring_number(tenant_id: uuid.UUID, number_id: uuid.UUID, script: str) -> str:
    """Have somebody call a number of the tenant's and do as the script says; return the call's id.

    Call it outside any context: it waits for the double. Raises CannotRing.
    """
    tenant = Tenant(pk=tenant_id)
    with tenant_context(tenant):
        number = PhoneNumber.objects.filter(tenant=tenant, pk=number_id).first()
    if number is None:
        raise CannotRing("There is no such number any more.")
    return play_call(number.number, script=script)
