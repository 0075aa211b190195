"""What callers hear while nothing answers their call."""

from __future__ import annotations

from callsphere.calls.enums import EventKind
from tenants.models import Tenant
from trunks.enums import NumberState
from trunks.models import PhoneNumber, Trunk

NOT_CONNECTED = "This number is not connected to an agent yet. Please call again later. Goodbye."
NO_LONGER = "This number is no longer in service. Goodbye."
NOT_NOW = "This number cannot take calls at the moment. Please call again later. Goodbye."
NOBODYS = "The number that you have called is not in use here. Please check it and call again. Goodbye."
FAILED = "Something went wrong on our side. Please call again in a few minutes. Goodbye."

_GIVEN_UP = (NumberState.RELEASING, NumberState.RELEASED, NumberState.FAILED)


def sentence_for(kind: EventKind, tenant: Tenant, number: PhoneNumber | None, trunk: Trunk | None) -> str:
    """Return what the caller hears; `number` is None for one called over a trunk that it is not on."""
    if kind == EventKind.FALLBACK:
        return FAILED
    if tenant.is_read_only or not tenant.is_active or (trunk is not None and not trunk.is_enabled):
        return NOT_NOW
    if number is None:
        return NOBODYS
    return NO_LONGER if number.state in _GIVEN_UP else NOT_CONNECTED
