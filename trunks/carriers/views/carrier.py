"""A trunk's carrier: what to enter there, what is known of it, and what changed since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.generic.base import View

from callsphere.lib.errors import Refused
from trunks.carriers import services
from trunks.carriers.drift import Line
from trunks.carriers.services import differences_of
from trunks.carriers.views.carriers import checklist_of, facts_of
from trunks.enums import Authentication
from trunks.pages.base import EditsOnly, OneTrunkPage
from trunks.presets.catalogue import carrier_presets
from trunks.queries import gateways_of
from trunks.wording import difference_words


class CarrierPage(OneTrunkPage):
    """Both ends: what to enter at the carrier; and where the trunk differs from what the carrier says now."""

    tab = "carrier"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        trunk = self.trunk
        # A registration tells the carrier where we are, whether the settings mention it or not.
        registers = {Authentication.REGISTRATION} if self.registers else set()
        transports = [gateway.transport for gateway in gateways_of(trunk) if gateway.is_enabled]
        context = {
            **self.trunk_context(),
            "checklist": checklist_of(
                direction=trunk.direction,
                authentication={*trunk.authentication, *registers},
                transports=transports,
                caller_id_format=trunk.caller_id_format,
            ),
        }
        preset = carrier_presets().get(trunk.preset_key)
        if preset is not None:
            lines = differences_of(trunk, preset)
            context |= {
                **facts_of(preset),
                "new_lines": _in_words(line for line in lines if line.is_new),
                "other_lines": _in_words(line for line in lines if not line.is_new),
                "is_reviewed": trunk.preset_version == preset.version,
            }
        return render(request, "trunks/carrier.html", context)


class ApplyLine(EditsOnly, OneTrunkPage, View):
    """Take over one difference."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            line, warnings = services.apply_preset_line(
                tenant=self.tenant,
                actor=self.actor,
                trunk=self.trunk,
                line_id=request.POST.get("line", ""),
                clear_secrets="clear_secrets" in request.POST,
            )
        except Refused as refusal:
            messages.warning(request, str(refusal))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _done(line))
            for warning in warnings:
                messages.warning(request, warning)
        return HttpResponseRedirect(self.trunk_url("carrier"))


class ReviewPreset(EditsOnly, OneTrunkPage, View):
    """Keep what is left of the differences, and be told of later ones only."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        text = request.POST.get("version", "")
        version = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        try:
            services.review_preset(tenant=self.tenant, actor=self.actor, trunk=self.trunk, version=version)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "Noted. You are told when the carrier's facts change again.")
        return HttpResponseRedirect(self.trunk_url("carrier"))


def _in_words(lines: Iterable[Line]) -> list[tuple[Line, str]]:
    return [(line, difference_words(line.kind, line.subject)) for line in lines]


def _done(line: Line) -> str:
    return f"{difference_words(line.kind, line.subject)}: done."
