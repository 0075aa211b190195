"""What these pages stand on: who may see them, their addresses, lists with tabs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import QueryDict
from django.urls import reverse

from callsphere.calls.keysets import Page
from tenants.access import Capability
from tenants.mixins import TenantViewMixin

_TABS = (("list", "Calls you placed"), ("do-not-call", "Numbers not to call"))


class OutboundPage(TenantViewMixin):
    """A page about outbound calls: members who may read calls see it, those who may act on them call."""

    capability: ClassVar[Capability | None] = Capability.CALLS_READ
    write_capability: ClassVar[Capability | None] = Capability.CALLS_WRITE

    def url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this tenant's pages of outbound calls."""
        return reverse(f"outbound:{name}", kwargs={"tenant": self.tenant.slug, **kwargs})

    def list_context(self, tab: str, page: Page[Any]) -> dict[str, Any]:
        """Return what both lists need."""
        tabs = [{"label": label, "url": self.url(name), "active": name == tab} for name, label in _TABS]
        cursor = self.request.GET.get("cursor", "")
        return {
            "rows": page.rows,
            "is_first": not cursor,
            "tabs": tabs,
            "here": self._at(cursor),
            "newer_url": self._at(page.previous) if page.previous else "",
            "older_url": self._at(page.next) if page.next else "",
        }

    def _at(self, cursor: str) -> str:
        query = QueryDict(mutable=True)
        query.update({"cursor": cursor} if cursor else {})
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path
