"""The log of calls: who is on the line now, and all calls, the newest first."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.functional import cached_property

from callsphere.calls.enums import CallState
from callsphere.calls.forms import CallFilterForm
from callsphere.calls.listing import CallFilter, calls_of, live_calls_of, page_of
from callsphere.calls.pages.base import CallsPage
from callsphere.calls.rows import call_rows, live_rows
from callsphere.providers.twilio.double import is_double
from tenants.access import Capability
from trunks.models import PhoneNumber
from trunks.models.numbers import OVER_STATES
from trunks.pages.base import LivePage

LIVE_SHOWN = 20


class CallLog(CallsPage, LivePage):
    """Calls that go on, and below them all calls, the newest first; both refresh themselves."""

    template_name = "calls/list.html"

    @cached_property
    def form(self) -> CallFilterForm:
        """The filters, as they were chosen."""
        return CallFilterForm(self.tenant, self.request.GET)

    def page_context(self) -> dict[str, Any]:
        which, cursor = self.form.wanted(), self.request.GET.get("cursor", "")
        live = list(live_calls_of(self.tenant)[: LIVE_SHOWN + 1])
        calls = calls_of(self.tenant, which)
        if len(live) <= LIVE_SHOWN:  # else the log alone shows them all
            calls = calls.filter(state=CallState.ENDED)
        page = page_of(calls, cursor)
        is_narrowed = which != CallFilter() or bool(self.form.errors)
        is_empty = not page.calls and not live and not is_narrowed and not cursor
        has_number = not is_empty or self._numbers().exists()
        capabilities = self.request.capabilities
        return {
            "form": self.form,
            "rows": call_rows(page.calls),
            "live": live_rows(live[:LIVE_SHOWN], with_words=not self.request.is_support_visit),
            "more_live": len(live) > LIVE_SHOWN,
            "is_narrowed": is_narrowed,
            "is_empty": is_empty,
            "is_first": not cursor,
            "has_number": has_number,
            "can_ring": is_double() and has_number and Capability.CALLS_WRITE in capabilities,
            "here": self._at(cursor),
            "export_url": self._at("", self.url("export")),
            "newer_url": self._at(page.previous) if page.previous else "",
            "older_url": self._at(page.next) if page.next else "",
        }

    def _numbers(self) -> Any:
        return PhoneNumber.objects.filter(tenant=self.tenant).exclude(state__in=OVER_STATES)

    def _at(self, cursor: str, path: str = "") -> str:
        """Return the address of the same list at this place in it, or another page about the same calls."""
        query = QueryDict(mutable=True)
        chosen = {name: self.request.GET.get(name) for name in self.form.fields} | {"cursor": cursor}
        query.update({name: value for name, value in chosen.items() if value})
        path = path or self.request.path
        return f"{path}?{query.urlencode()}" if query else path

    def said(self, context: dict[str, Any]) -> str:
        count = len(context["live"])
        return (
            "Nobody is on the line" if not count else f"{count} call{'' if count == 1 else 's'} on the line"
        )
