"""The list of trunks."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from trunks.health.summaries import trunk_rows
from trunks.pages.base import LivePage
from trunks.queries import matching, page_of, trunks_of
from trunks.trunks.forms import TrunkFilterForm


class TrunkList(LivePage):
    """All trunks, the worst first."""

    template_name = "trunks/list.html"

    def page_context(self) -> dict[str, Any]:
        form = TrunkFilterForm(self.request.GET)
        wanted = form.cleaned_data if form.is_valid() else {"q": "", "state": ""}
        trunks = matching(trunks_of(self.tenant), search=wanted["q"].strip(), state=wanted["state"])
        page = page_of(trunks, self.request.GET.get("cursor", ""))
        is_filtered = bool(wanted["q"] or wanted["state"])
        return {
            "rows": trunk_rows(page.rows),
            "filter_form": form,
            "is_filtered": is_filtered,
            "is_empty": not page.rows and not is_filtered,
            "previous_url": self._at(page.previous) if page.previous else "",
            "next_url": self._at(page.next) if page.next else "",
            "here": self._at(self.request.GET.get("cursor", "")),
        }

    def _at(self, cursor: str) -> str:
        """Return the address of the same search at this place in the list."""
        query = QueryDict(mutable=True)
        for name, value in (("q", self.request.GET.get("q")), ("state", self.request.GET.get("state"))):
            if value:
                query[name] = value
        if cursor:
            query["cursor"] = cursor
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path
