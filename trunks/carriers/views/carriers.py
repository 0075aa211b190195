"""Before a trunk is made: which carrier, what it offers, and which way of connecting fits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from trunks.carriers.advisor import advise
from trunks.carriers.advisor_forms import AdvisorForm
from trunks.carriers.checklist import Item, carrier_side, contact_of
from trunks.carriers.forms import PresetChoiceForm, method_words
from trunks.enums import Direction, NumberFormat
from trunks.pages.base import EditsOnly
from trunks.presets.catalogue import CarrierPreset, Network, carrier_presets


class Carriers(EditsOnly):
    """Every carrier whose facts we keep; with ?carrier=, the choices of one and on to the connect form."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        preset = carrier_presets().get(request.GET.get("carrier", ""))
        urls = {
            "trunks_url": self.url("list"),
            "carriers_url": self.url("carriers"),
            "connect_url": self.url("create"),
        }
        if preset is not None:
            context = {**urls, **facts_of(preset), "form": PresetChoiceForm(preset)}
            return render(request, "trunks/carrier_choice.html", context)
        presets = list(carrier_presets().values())
        ready = [preset for preset in presets if not preset.is_draft]
        drafts = [preset for preset in presets if preset.is_draft]
        return render(request, "trunks/carriers.html", {**urls, "ready": ready, "drafts": drafts})


class Advisor(EditsOnly):
    """Three questions, one recommendation. Nothing is stored."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = AdvisorForm(request.GET) if "answers" in request.GET else AdvisorForm()
        context: dict[str, Any] = {"trunks_url": self.url("list"), "form": form, "advice": None}
        if form.is_bound and form.is_valid():
            advice = advise(**form.cleaned_data)
            query = urlencode({"recognition": "+".join(advice.authentication), "transport": "tls"})
            context |= {
                "advice": advice,
                "connect_url": f"{self.url('create')}?{query}",
                "carriers_url": self.url("carriers"),
            }
        return render(request, "trunks/advisor.html", context)


def facts_of(preset: CarrierPreset) -> dict[str, Any]:
    """Return what a page says of a carrier."""
    return {
        "preset": preset,
        "methods": [method_words(methods) for methods in preset.authentication],
        "networks": _told(preset, preset.signalling),
        "media": _told(preset, preset.media),
        "numbers": [NumberFormat(v).label for v in _formats(preset)],
    }


def _told(preset: CarrierPreset, networks: Iterable[Network]) -> list[tuple[Network, str, bool]]:
    """Return each network, the name of its place if it has one, and whether the carrier did not name it."""
    names = {place.key: place.name for place in preset.places} if len(preset.places) > 1 else {}
    return [(each, names.get(each.place, ""), preset.is_weak(each)) for each in networks]


def _formats(preset: CarrierPreset) -> list[str]:
    values = preset.number_fields()
    return list(dict.fromkeys(values[name] for name in ("dial_format", "caller_id_format") if name in values))


def checklist_of(
    *,
    authentication: Any,
    transports: Any,
    direction: str = Direction.BOTH,
    caller_id_format: str = NumberFormat.E164_PLUS,
) -> list[Item]:
    """Return what to enter at the carrier, with this installation's own addresses."""
    sources = settings.SIP_SOURCE_ADDRESSES
    return carrier_side(
        direction=direction,
        authentication=authentication,
        transports=transports,
        caller_id_format=caller_id_format,
        sources=sources,
        contact=contact_of(settings.SIP_ADVERTISED_HOST, sources),
    )
