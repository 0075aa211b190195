"""Forms of gateways, and of any address where a carrier takes SIP."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Any, ClassVar, cast

from django import forms

from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri
from tenants.forms import EditForm
from trunks.enums import Transport
from trunks.models import Gateway

# "sip.example.com", "203.0.113.5:5061" or "[2001:db8::1]": an address without "sip:" in front.
_BARE_ADDRESS = re.compile(r"(?!tel:)(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?(?:;.*)?")


TRANSPORT_CHOICES = [("", "As the address says, else UDP"), *Transport.choices]


# "+49 30 123456", "tel:+4930123456" or "030/123456": digits as people group them, without dots.
_PHONE_NUMBER = re.compile(r"(?:(?:sips?|tel):)?\+?\(?\d[\d ()/-]{4,}", re.IGNORECASE)


def read_address(address: str, port: int | None, transport: str) -> SipUri:
    """Read a carrier's address as people have it: a SIP URI, or a host with port and transport beside it.

    Raises SipUriError with a sentence that says what to change.
    """
    text = address.strip()
    if _PHONE_NUMBER.fullmatch(text):
        raise SipUriError("This is a phone number; enter the host of your carrier.")
    if _is_ipv6(text):
        raise SipUriError(f"Put an IPv6 address in brackets: write [{text}].")
    if "@" in text and ":" not in text:
        raise SipUriError("Write the host alone, without the user name and the @ in front of it.")
    if _BARE_ADDRESS.fullmatch(text):
        text = f"sip:{text}"
    uri = parse_gateway_uri(text, transport=transport or None)
    if port is None or port == uri.port:
        return uri
    if uri.port is not None:
        raise SipUriError(
            f"The address says port {uri.port}, but port {port} is entered beside it: leave one out."
        )
    return parse_gateway_uri(str(dataclasses.replace(uri, port=port)))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


class AddressFields(forms.Form):
    """Where a carrier takes SIP. `cleaned_data["uri"]` is the URI as it will be sent."""

    address = forms.CharField(
        label="SIP address",
        max_length=300,
        strip=True,
        help_text="As your carrier's set-up page shows it: a host such as sip.example.com, or a SIP URI.",
        error_messages={"required": "Enter the carrier's SIP address, for example sip.example.com."},
    )
    port = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=65535,
        help_text="Only if your carrier names one.",
        error_messages={
            "min_value": "Use a port from 1 to 65535.",
            "max_value": "Use a port from 1 to 65535.",
        },
    )
    transport = forms.ChoiceField(
        required=False, choices=TRANSPORT_CHOICES, help_text="TLS encrypts, if your carrier offers it."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "address" not in self.errors:
            # What is wrong with port or transport is said there: the address is judged without them.
            try:
                uri = read_address(cleaned["address"], cleaned.get("port"), cleaned.get("transport", ""))
            except SipUriError as error:
                self.add_error("address", str(error))
            else:
                cleaned["uri"] = str(uri)
        return cleaned


class GatewayForm(AddressFields):
    """A new gateway. `authorities` and `certificates` are what can be chosen, as pairs of id and name."""

    priority = forms.IntegerField(
        min_value=0, max_value=65535, initial=10, help_text="The lowest number is tried first."
    )
    weight = forms.IntegerField(
        min_value=1, max_value=65535, initial=10, help_text="Shares calls out among equal priorities."
    )
    is_enabled = forms.BooleanField(
        label="Use and check this gateway",
        required=False,
        initial=True,
        help_text="Switched off, it is kept but neither used nor checked.",
    )
    trusted_authority_id = forms.ChoiceField(
        label="Trusted authority",
        required=False,
        help_text="For TLS: who vouches for the carrier. One of yours is trusted alone.",
    )
    client_certificate_id = forms.ChoiceField(
        label="Client certificate",
        required=False,
        help_text="For TLS: what we show when the carrier asks who we are.",
    )
    clear_secrets = forms.BooleanField(label="Yes, clear them", required=False)

    def __init__(
        self,
        *args: Any,
        authorities: Iterable[tuple[uuid.UUID, str]] = (),
        certificates: Iterable[tuple[uuid.UUID, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, none, rows in (
            ("trusted_authority_id", "Public authorities", authorities),
            ("client_certificate_id", "None", certificates),
        ):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [("", none), *((str(pk), text) for pk, text in rows)]

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = ("uri", "priority", "weight", "is_enabled", "clear_secrets")
        chosen = {
            name: uuid.UUID(text) if (text := self.cleaned_data[name]) else None
            for name in ("trusted_authority_id", "client_certificate_id")
        }
        return {**{name: self.cleaned_data[name] for name in names}, **chosen}


class GatewayEditForm(EditForm, GatewayForm):
    """A gateway that exists."""

    # One value of the service, typed into several fields.
    entered_with: ClassVar[dict[str, tuple[str, ...]]] = {"address": ("port", "transport")}

    @staticmethod
    def initial_of(gateway: Gateway) -> dict[str, Any]:
        """Return what the form shows of a gateway."""
        return {
            "address": gateway.uri,
            "priority": gateway.priority,
            "weight": gateway.weight,
            "is_enabled": gateway.is_enabled,
            "trusted_authority_id": str(gateway.trusted_authority_id or ""),
            "client_certificate_id": str(gateway.client_certificate_id or ""),
            "version": gateway.version,
        }
