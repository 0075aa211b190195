"""How much of its room a tenant uses. Apps name what they count in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Counted:
    """Something of which a tenant may have only so many.

    `column` is the tenant's limit of it; `count` tells inside the tenant's context how many there are;
    `url_name` is the page on which some can be given up.
    """

    column: str
    noun: str
    plural: str
    count: Callable[[Tenant], int]
    url_name: str
    position: int


@dataclass(frozen=True, slots=True)
class Use:
    """How many a tenant has of something, and how many it may have."""

    counted: Counted
    used: int
    limit: int


_counted: list[Counted] = []


def add_counted(counted: Counted) -> None:
    """Add something to what is counted."""
    _counted.append(counted)
    _counted.sort(key=lambda each: each.position)


def room_of(tenant: Tenant, limits: Mapping[str, int] | None = None) -> list[Use]:
    """Return how much is used, beside the tenant's own limits or others. One query for each."""
    return [
        Use(each, each.count(tenant), limits[each.column] if limits else getattr(tenant, each.column))
        for each in _counted
    ]


def excess_over(tenant: Tenant, limits: Mapping[str, int]) -> list[Use]:
    """Return what the tenant has more of than these limits allow. Lock the tenant first: others may add."""
    return [use for use in room_of(tenant, limits) if use.used > use.limit]
