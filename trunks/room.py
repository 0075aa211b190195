"""Trunks and phone numbers as something of which a plan has room for so many."""

from typing import Any

from django.db.models import QuerySet

from tenants.models import Tenant
from tenants.room import Counted, add_counted
from trunks.models import PhoneNumber, Trunk
from trunks.models.numbers import OVER_STATES


def count_trunks() -> None:
    """Have trunks counted."""
    add_counted(Counted("trunk_limit", "trunk", "trunks", _count, "trunks:list", 20))


def count_numbers() -> None:
    """Have phone numbers counted."""
    add_counted(Counted("number_limit", "phone number", "phone numbers", _count_numbers, "numbers:list", 10))


def numbers_of(tenant: Tenant) -> QuerySet[Any]:
    """Return the phone numbers that take room: all but those that are over."""
    return PhoneNumber.objects.filter(tenant=tenant).exclude(state__in=OVER_STATES)


def _count(tenant: Tenant) -> int:
    return Trunk.objects.filter(tenant=tenant).count()


def _count_numbers(tenant: Tenant) -> int:
    return numbers_of(tenant).count()
