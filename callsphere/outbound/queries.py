"""Reading what is to be called. Call these inside the tenant's context."""

from __future__ import annotations

from django.db.models import QuerySet

from callsphere.outbound.models import DoNotCall, OutboundCall
from tenants.models import Tenant
from trunks.enums import NumberState
from trunks.models import PhoneNumber


def outbound_calls_of(tenant: Tenant) -> QuerySet[OutboundCall]:
    """Return the calls that were asked for, the newest first."""
    return OutboundCall.objects.filter(tenant=tenant).select_related("agent", "version")


def numbers_not_to_call(tenant: Tenant) -> QuerySet[DoNotCall]:
    """Return the numbers that must not be called, the newest first."""
    return DoNotCall.objects.filter(tenant=tenant)


def must_not_call(tenant: Tenant, number: str) -> bool:
    """Say whether a number (E.164) is on the tenant's list."""
    return numbers_not_to_call(tenant).filter(number=number).exists()


def numbers_to_call_from(tenant: Tenant) -> QuerySet[PhoneNumber]:
    """Return the numbers that can be shown to whoever is called."""
    return PhoneNumber.objects.filter(tenant=tenant, state=NumberState.ACTIVE, has_voice=True)


def callable_countries(tenant: Tenant) -> set[str]:
    """Return the countries (ISO 3166) that the tenant may call: those of its numbers."""
    found = numbers_to_call_from(tenant).exclude(country="").values_list("country", flat=True)
    return set(found.order_by().distinct())
