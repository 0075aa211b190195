"""What the pages of phone numbers stand on: their addresses, the number, the room of the plan."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property

from tenants.access import Capability
from trunks.models import PhoneNumber
from trunks.numbers.queries import phone_numbers_of
from trunks.pages.base import TrunksPage
from trunks.room import numbers_of


class NumbersPage(TrunksPage):
    """A page about phone numbers."""

    def url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this tenant's pages of numbers."""
        return reverse(f"numbers:{name}", kwargs={"tenant": self.tenant.slug, **kwargs})

    def room_context(self) -> dict[str, Any]:
        """Return how much of the plan's room is used, and where there is more of it. One query."""
        used, limit = numbers_of(self.tenant).count(), self.tenant.number_limit
        may_see_plans = Capability.BILLING_READ in self.request.capabilities
        plans_url = reverse("billing:choose", kwargs={"tenant": self.tenant.slug}) if may_see_plans else ""
        return {"used": used, "limit": limit, "is_full": used >= limit, "plans_url": plans_url}


class OneNumberPage(NumbersPage):
    """A page about one number of the tenant; 404 for any other."""

    @cached_property
    def number(self) -> PhoneNumber:
        """The number, with its trunk and what is being done to it."""
        number = phone_numbers_of(self.tenant).filter(pk=self.kwargs["number_id"]).first()
        if number is None:
            raise Http404("no such number here")
        return number

    def number_url(self, name: str) -> str:
        """Return the address of one of this number's pages."""
        return self.url(name, number_id=self.number.pk)

    def number_context(self) -> dict[str, Any]:
        """Return what the header of every page of a number needs."""
        return {
            "number": self.number,
            "list_url": self.url("list"),
            "detail_url": self.number_url("detail"),
        }
