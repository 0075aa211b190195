"""Choosing from what a carrier offers: the step between a preset and the form that it fills in."""

from __future__ import annotations

from typing import Any

from django import forms

from trunks.enums import Authentication, Transport
from trunks.presets.catalogue import ACCOUNT, DEFAULT_PORTS, CarrierPreset, Place, Way, carrier_presets

_METHOD_WORDS = {
    Authentication.IP_ALLOWLIST: "IP address",
    Authentication.DIGEST: "user name and password",
    Authentication.REGISTRATION: "registration",
}


class PresetChoiceForm(forms.Form):
    """Where, over which transport and how to connect to one carrier. What has one answer is not asked."""

    def __init__(self, preset: CarrierPreset, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preset = preset
        self._add_choice("place", "Where?", [(place.key, place.name) for place in preset.places])
        self._add_choice(
            "transport", "Transport", [(way.transport.value, _way_words(way)) for way in preset.transports]
        )
        self._add_choice(
            "recognition",
            "How do you and the carrier recognise each other?",
            [("+".join(methods), method_words(methods)) for methods in preset.authentication],
        )
        if preset.account_label:
            self.fields["account"] = forms.CharField(
                label=preset.account_label,
                required=False,
                max_length=63,
                help_text=f"Part of the address: {preset.places[0].host.replace(ACCOUNT, '…')}."
                " Empty: enter the whole address in the form.",
            )
        if any(preset.is_weak(network) for network in preset.signalling):
            self.fields["drafts"] = forms.BooleanField(
                label="Fill in draft networks too",
                required=False,
                help_text="Somebody else names them. Compare them with the carrier's own page first.",
            )

    def _add_choice(self, name: str, label: str, choices: list[tuple[str, str]]) -> None:
        if choices:
            widget = forms.RadioSelect if len(choices) > 1 else forms.HiddenInput
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=choices, initial=choices[0][0], widget=widget
            )

    def filled_in(self) -> dict[str, Any]:
        """Return the initial values of ConnectForm. What is left out, or no choice, is the first one."""
        self.is_valid()
        preset, place = self.preset, self._place()
        way = next((each for each in preset.transports if each.transport == self._chosen("transport")), None)
        values: dict[str, Any] = {"preset": preset.key, "name": preset.name}
        if place is not None:
            account = self.cleaned_data.get("account", "").strip()
            if account or ACCOUNT not in place.host:
                values["address"] = place.host.replace(ACCOUNT, account)
        if way is not None:
            values["transport"] = way.transport.value
            values["port"] = None if way.port == DEFAULT_PORTS[way.transport] else way.port
        if preset.authentication:
            values["authentication"] = self._chosen("recognition").split("+")
        values["networks"] = "\n".join(self._networks(place))
        return values

    def _networks(self, place: Place | None) -> list[str]:
        drafts = self.cleaned_data.get("drafts", False)
        networks = self.preset.signalling_of(place.key if place else "")
        return [each.cidr for each in networks if drafts or not self.preset.is_weak(each)]

    def _chosen(self, name: str) -> str:
        if name not in self.fields:
            return ""
        return str(self.cleaned_data.get(name) or self.fields[name].initial)

    def _place(self) -> Place | None:
        return next((each for each in self.preset.places if each.key == self._chosen("place")), None)


def find_preset(key: str) -> CarrierPreset | None:
    """Return the preset that may fill in a form; None for an unknown one and for a draft."""
    preset = carrier_presets().get(key)
    return None if preset is None or preset.is_draft else preset


def method_words(methods: tuple[Authentication, ...]) -> str:
    """Return methods that are used together, in words."""
    words = " plus ".join(_METHOD_WORDS[method] for method in methods)
    return words[:1].upper() + words[1:]


def _way_words(way: Way) -> str:
    port = f", port {way.port}" if way.port else ""
    return f"{Transport(way.transport).label}{port}"
