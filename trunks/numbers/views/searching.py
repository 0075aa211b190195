"""Looking for a number and buying it: asked for, found by a worker, confirmed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property

from callsphere.lib.errors import LimitReached
from callsphere.providers.twilio.client import parent_account
from trunks.models import NumberSearch, PhoneNumber
from trunks.models.numbers import OVER_STATES
from trunks.number_format import countries
from trunks.numbers import services
from trunks.numbers.number_forms import NumberSearchForm, OrderForm
from trunks.numbers.search import request_search
from trunks.numbers.views.base import NumbersPage
from trunks.pages.base import EditsOnly, LivePage
from trunks.pages.editing import FormPage

# Which address the law asks for, after "It needs an address".
ADDRESSES = {"any": "anywhere in the world", "local": "in {country}", "foreign": "outside {country}"}
_COUNTRIES = dict(countries())


class SearchStart(NumbersPage, FormPage):
    """What is looked for. Sent, it leads to the page that shows what is found."""

    template_name = "numbers/search.html"
    form_class = NumberSearchForm
    asked: NumberSearch

    def page_context(self) -> dict[str, Any]:
        room = self.room_context()
        return {"list_url": self.url("list"), "can_buy": parent_account() is not None, **room}

    def save(self, form: NumberSearchForm) -> str:
        self.asked = request_search(tenant=self.tenant, **form.wanted())
        return ""

    def success_url(self) -> str:
        return self.url("search-results", search_id=self.asked.pk)

    def cancel_url(self) -> str:
        return self.url("list")


class OneSearchPage(NumbersPage, EditsOnly):
    """A page about one search of the tenant; 404 for any other, and for those that are forgotten."""

    @cached_property
    def search(self) -> NumberSearch:
        """The search."""
        search = NumberSearch.objects.filter(tenant=self.tenant, pk=self.kwargs["search_id"]).first()
        if search is None:
            raise Http404("no such search here")
        return search

    def search_context(self) -> dict[str, Any]:
        """Return what the pages of a search need."""
        country = country_name(self.search.country)
        return {
            "search": self.search,
            "country": country,
            "list_url": self.url("list"),
            "search_url": self.url("search"),
            "results_url": self.url("search-results", search_id=self.search.pk),
            **self.room_context(),
        }


class SearchResults(LivePage, OneSearchPage):
    """What was found, as soon as a worker has answered."""

    template_name = "numbers/results.html"

    def page_context(self) -> dict[str, Any]:
        search = self.search
        kind = search.get_kind_display().lower()
        found = [_shown(each, search.country) for each in search.found]
        return {
            **self.search_context(),
            "form": NumberSearchForm(initial=NumberSearchForm.initial_of(search)),
            "is_open": search.ended_at is None,
            "found": found,
            "needs_address": any(each["needs_address"] for each in found),
            "kind": kind,
        }

    def is_settled(self, context: dict[str, Any]) -> bool:
        return not context["is_open"]

    def said(self, context: dict[str, Any]) -> str:
        if context["is_open"]:
            return "Searching"
        return f"{len(context['found'])} numbers found" if not self.search.error else self.search.error


class NumberBuy(OneSearchPage, FormPage):
    """Confirm a purchase. Pressed twice it buys once: the second time leads to the same number."""

    template_name = "numbers/buy.html"
    form_class = OrderForm
    bought: PhoneNumber | None = None

    @cached_property
    def found(self) -> dict[str, Any]:
        """What the search said of the number; 404 for a number that it did not find."""
        wanted = f"+{self.kwargs['digits']}"
        for each in self.search.found:
            if each["number"] == wanted:
                return _shown(each, self.search.country)
        raise Http404("no such number was found")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        there = self._living()
        if there is not None:
            return HttpResponseRedirect(self.url("detail", number_id=there.pk))
        return super().get(request, *args, **kwargs)

    def page_context(self) -> dict[str, Any]:
        return {**self.search_context(), "found": self.found}

    def save(self, form: OrderForm) -> str:
        try:
            self.bought = services.order_number(
                tenant=self.tenant, actor=self.actor, number=self.found["number"], **form.cleaned_data
            )
        except (ValidationError, LimitReached):
            self.bought = self._living()  # pressed twice, or bought by a colleague just now
            if self.bought is None:
                raise
        return ""

    def success_url(self) -> str:
        if self.bought is None:
            return self.url("list")
        return self.url("detail", number_id=self.bought.pk)

    def cancel_url(self) -> str:
        return self.url("search-results", search_id=self.search.pk)

    def _living(self) -> PhoneNumber | None:
        rows = PhoneNumber.objects.filter(tenant=self.tenant, number=self.found["number"])
        return rows.exclude(state__in=OVER_STATES).first()


def country_name(code: str) -> str:
    """Return a country's name by its ISO 3166 code: "Germany"."""
    return _COUNTRIES.get(code, code).partition(" (")[0]


def _shown(found: dict[str, Any], country: str) -> dict[str, Any]:
    """Return a number for sale with the address that the law asks for, in words."""
    address = ADDRESSES.get(found["address"], "")
    place = ", ".join(dict.fromkeys(part for part in (found["locality"], found["region"]) if part))
    digits = found["number"].removeprefix("+")
    return {
        **found,
        "digits": digits,
        "place": place,
        "needs_address": address.format(country=country_name(country)),
    }
