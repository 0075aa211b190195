"""The guided path to the first green trunk: one form, then the first check as it happens."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from callsphere.sip.uri import SipUri, parse_gateway_uri
from trunks.carriers.checklist import Item
from trunks.carriers.forms import PresetChoiceForm, find_preset
from trunks.carriers.services import network_note
from trunks.carriers.views.carriers import checklist_of, facts_of
from trunks.connect.forms import ConnectForm
from trunks.connect.services import provision_trunk
from trunks.enums import Authentication, Direction, HealthState, NumberFormat, Transport
from trunks.gateways.forms import AddressFields
from trunks.gateways.services import check_address
from trunks.health.summaries import gateway_rows, problems_of
from trunks.models import AllowedNetwork, Gateway, Trunk
from trunks.pages.base import EditsOnly, LivePage, OneTrunkPage
from trunks.pages.editing import FormPage
from trunks.queries import LATE_AFTER, gateways_of
from trunks.wording import address_sentences

# How the service names the fields of a trunk's parts.
_PART = re.compile(r"\w+\[(?P<index>\d+)\]\.(?P<field>\w+)")
_OF_REGISTRATION = {"registration.registrar": "address"}

_ON_THE_LIST = str(
    next(
        each for each in AllowedNetwork._meta.constraints if each.name == "allowed_network_once"
    ).get_violation_error_message()
)


class Connect(FormPage):
    """Name, address and recognition on one page. Leaving it leaves nothing behind."""

    template_name = "trunks/connect.html"
    form_class = ConnectForm
    trunk: Trunk
    _networks: list[str]

    def page_context(self) -> dict[str, Any]:
        carriers = settings.SANDBOX_CARRIERS if settings.SANDBOX else {}
        return {
            "trunks_url": self.url("list"),
            "sandbox_carriers": carriers,
            "carriers_url": self.url("carriers"),
            "advisor_url": self.url("advisor"),
        }

    def initial(self) -> dict[str, Any]:
        """Return what the carrier's preset, or the advisor, has chosen: nothing of it is stored yet."""
        asked = self.request.GET
        preset = find_preset(asked.get("preset", ""))
        if preset is not None:
            return PresetChoiceForm(preset, asked).filled_in()
        methods = [method for method in asked.get("recognition", "").split("+") if method in Authentication]
        transport = asked.get("transport", "")
        chosen = {"authentication": methods} if methods else {}
        return {**chosen, "transport": transport} if transport in Transport else chosen

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if "checklist" in request.GET:
            # Asked again after each choice; of the form, only what the list depends on comes along.
            context = {"checklist": _checklist(ConnectForm(request.GET))}
            return render(request, f"{self.template_name}#checklist", context)
        return super().get(request, *args, **kwargs)

    def show(self, form: Any, *, status: int = 200, **more: Any) -> HttpResponse:
        preset = find_preset(form["preset"].value() or "")
        known = {} if preset is None else facts_of(preset)
        return super().show(form, status=status, checklist=_checklist(form), **known, **more)

    def save(self, form: ConnectForm) -> str:
        data = form.cleaned_data
        self._networks = form.network_lines()
        confirmed = data["wide_confirmed"]
        preset = find_preset(data["preset"])
        registration = form.registration()
        self.trunk, warnings = provision_trunk(
            tenant=self.tenant,
            actor=self.actor,
            name=data["name"],
            direction=data["direction"],
            authentication=data["authentication"],
            gateways=[{"uri": data["uri"]}],
            allowed_networks=[
                {"cidr": cidr, "wide_confirmed": confirmed, "note": network_note(preset, cidr)}
                for cidr in self._networks
            ],
            credentials=[] if registration or not data["username"] else [form.account()],
            registration=registration,
            preset=data["preset"],
            **(preset.number_fields() if preset else {}),
        )
        for warning in warnings:
            messages.warning(self.request, warning)
        return ""

    def place(self, name: str, text: str) -> tuple[str, str]:
        if name.startswith("registration."):
            return _OF_REGISTRATION.get(name, name.rpartition(".")[2]), text
        part = _PART.fullmatch(name)
        if part is None:
            return super().place(name, text)
        if part["field"] == "cidr":
            if text == _ON_THE_LIST:  # of a trunk that is new: by a line above
                text = "This network is entered twice. Leave one line out."
            return "networks", f"{self._networks[int(part['index'])][:60]}: {text}"
        return super().place(part["field"], text)

    def success_url(self) -> str:
        return self.url("first-check", trunk_id=self.trunk.pk)

    def cancel_url(self) -> str:
        return self.url("list")


def _checklist(form: ConnectForm) -> list[Item]:
    """Return what to enter at the carrier, as far as the form says."""
    preset = find_preset(form["preset"].value() or "")
    demanded = preset.number_fields() if preset else {}
    transport = form["transport"].value()
    return checklist_of(
        direction=form["direction"].value() or Direction.BOTH,
        authentication=form["authentication"].value() or [],
        transports=[transport] if transport in Transport else [],
        caller_id_format=demanded.get("caller_id_format", NumberFormat.E164_PLUS),
    )


class AddressPreview(EditsOnly):
    """What an address would be sent as, while it is typed."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = AddressFields(request.GET)
        context: dict[str, Any] = {"typed": bool(request.GET.get("address", "").strip())}
        if form.is_valid():
            uri = parse_gateway_uri(form.cleaned_data["uri"])
            try:
                check_address(uri)
            except ValidationError as error:
                context["errors"] = error.messages
            else:
                context |= preview_of(uri)
        else:
            context["errors"] = [error for errors in form.errors.values() for error in errors]
        return render(request, "trunks/_preview.html", context)


def preview_of(uri: SipUri) -> dict[str, Any]:
    """Return what the preview says of an address that can be used."""
    return {"uri": str(uri), "sentences": address_sentences(uri)}


class FirstCheck(LivePage, OneTrunkPage):
    """A new trunk's first check, as it happens: what was asked, what came back, and what to do about it."""

    template_name = "trunks/first_check.html"

    def page_context(self) -> dict[str, Any]:
        gateways = list(gateways_of(self.trunk))
        rows = gateway_rows(gateways)
        return {
            **self.trunk_context(),
            "rows": rows,
            "steps": [_step(row.gateway, row) for row in rows],
            "problems": problems_of(gateways),
            "is_waiting": any(_is_waiting(each) for each in gateways),
            "is_late": any(_is_late(each) for each in gateways),
        }


def _is_waiting(gateway: Gateway) -> bool:
    return gateway.is_enabled and gateway.health.state == HealthState.UNKNOWN


def _is_late(gateway: Gateway) -> bool:
    due = gateway.health.next_probe_at
    return _is_waiting(gateway) and due is not None and timezone.now() - due > LATE_AFTER


def _step(gateway: Gateway, row: Any) -> dict[str, Any]:
    """Return the line of the step list that tells of one gateway."""
    title = f"Ask {gateway.uri}"
    if _is_waiting(gateway):
        return {
            "title": title,
            "state": "running",
            "detail": "Waiting for the carrier's answer, 10 seconds at most",
        }
    states = {HealthState.UP: "pass", HealthState.IMPAIRED: "warn", HealthState.DOWN: "fail"}
    state = states.get(HealthState(gateway.health.state), "skipped")
    tried = f" from {row.target}" if row.target and gateway.health.status else ""
    return {"title": title, "state": state, "detail": f"{row.answer}{tried}"}
