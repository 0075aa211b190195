"""Pages of what was asked for, found by the key. Call these inside the tenant's context."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet

from callsphere.calls.keysets import PAGE_SIZE, Page, Place, cut, read_cursor
from callsphere.outbound.models import DoNotCall, OutboundCall
from callsphere.outbound.queries import numbers_not_to_call, outbound_calls_of
from tenants.models import Tenant

_Row = TypeVar("_Row", OutboundCall, DoNotCall)


def orders_page(tenant: Tenant, cursor: str = "", size: int = PAGE_SIZE) -> Page[OutboundCall]:
    """Return a page of calls that were asked for, the newest first."""
    return _page(outbound_calls_of(tenant), cursor, size)


def forbidden_page(tenant: Tenant, cursor: str = "", size: int = PAGE_SIZE) -> Page[DoNotCall]:
    """Return a page of numbers not to call, the newest first."""
    return _page(numbers_not_to_call(tenant), cursor, size)


def _page(rows: QuerySet[Any], cursor: str, size: int) -> Page[_Row]:
    wanted = read_cursor(cursor)
    rows = rows.order_by("-id")
    if wanted.place is not None:
        key = wanted.place.key
        rows = rows.filter(id__gt=key).reverse() if wanted.before else rows.filter(id__lt=key)
    return cut(list(rows[: size + 1]), wanted, lambda row: Place(False, row.pk), size)
