"""The list of phone numbers."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from callsphere.providers.twilio.client import parent_account
from trunks.models import PhoneNumber, Trunk
from trunks.numbers.number_forms import NumberFilterForm
from trunks.numbers.queries import LISTED_AT_ONCE, matching, phone_numbers_of
from trunks.numbers.summaries import number_rows
from trunks.numbers.views.base import NumbersPage
from trunks.pages.base import LivePage
from trunks.queries import read_place


class NumberList(LivePage, NumbersPage):
    """All phone numbers, the newest first, and the room that the plan has for more."""

    template_name = "numbers/list.html"

    def page_context(self) -> dict[str, Any]:
        form = NumberFilterForm(self.request.GET)
        wanted = form.cleaned_data if form.is_valid() else {"q": "", "show": ""}
        search, over = wanted["q"].strip(), wanted["show"] == "over"
        numbers = matching(phone_numbers_of(self.tenant), search=search, over=over)
        rows = list(self._after(numbers)[: LISTED_AT_ONCE + 1])
        shown = rows[:LISTED_AT_ONCE]
        is_filtered = bool(search or over)
        before = self.request.GET.get("before", "")
        return {
            "rows": number_rows(shown),
            "filter_form": form,
            "is_filtered": is_filtered,
            "is_empty": not shown and not is_filtered and not before,
            "has_trunk": bool(shown) or Trunk.objects.filter(tenant=self.tenant).exists(),
            "can_buy": parent_account() is not None,
            "newest_url": self._at("") if before else "",
            "older_url": self._at(_place_of(shown[-1])) if len(rows) > LISTED_AT_ONCE else "",
            "here": self._at(before),
            **self.room_context(),
        }

    def _after(self, numbers: QuerySet[PhoneNumber]) -> QuerySet[PhoneNumber]:
        place = read_place(self.request.GET.get("before", ""))
        if place is None:
            return numbers
        at, number_id = place
        return numbers.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=number_id))

    def _at(self, before: str) -> str:
        """Return the address of the same search at this place in the list."""
        query = QueryDict(mutable=True)
        given = {name: self.request.GET.get(name) for name in ("q", "show")} | {"before": before}
        query.update({name: value for name, value in given.items() if value})
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path


def _place_of(number: PhoneNumber) -> str:
    return f"{number.created_at:%Y%m%dT%H%M%S.%fZ}_{number.pk}"
