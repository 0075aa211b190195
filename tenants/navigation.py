"""The side bar: which areas exist, in their order, and who sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from tenants.access import Capability

if TYPE_CHECKING:  # apps name their areas before models can be imported
    from tenants.middleware import TenantRequest
    from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Area:
    """One line of the side bar. Apps add theirs in `AppConfig.ready`.

    `count` tells how much waits there for somebody, by one query, when a page draws the line.
    """

    label: str
    url_name: str
    icon: str
    capability: Capability
    position: int
    count: Callable[[Tenant], int] | None = None


_areas: list[Area] = [
    Area("Team", "tenants:team", "users", Capability.TEAM_READ, 80),
    Area("API keys", "tenants:api-keys", "key", Capability.API_KEYS_WRITE, 85),
    Area("Audit log", "tenants:audit", "scroll", Capability.AUDIT_READ, 90),
    Area("Settings", "tenants:settings", "settings", Capability.TENANT_READ, 95),
]


def add_area(area: Area) -> None:
    """Add a line to the side bar."""
    _areas.append(area)
    _areas.sort(key=lambda each: each.position)


def navigation(request: TenantRequest) -> list[dict[str, Any]]:
    """Return the lines that this member may see, the one that holds the current page marked."""
    lines: list[dict[str, Any]] = []
    for area in _areas:
        if area.capability in request.capabilities:
            url = reverse(area.url_name, kwargs={"tenant": request.tenant.slug})
            line = {"label": area.label, "url": url, "icon": area.icon, "active": False}
            if area.count is not None:
                line["count"] = partial(area.count, request.tenant)
            lines.append(line)
    # The longest address that the page's own starts with is the area we are in.
    current = max(
        (line for line in lines if request.path.startswith(str(line["url"]))),
        key=lambda line: len(str(line["url"])),
        default=None,
    )
    if current is not None:
        current["active"] = True
    return lines
