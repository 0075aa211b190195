"""Forms of the trunk pages. They read what people type; the rules live in the services."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Any, ClassVar, cast

from django import forms

from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri
from tenants.card_fields import CardChoiceField, CardMultipleChoiceField
from tenants.forms import EditForm
from trunks.enums import Authentication, CredentialDirection, Direction, Transport
from trunks.models import DigestCredential, Gateway, HealthPolicy, Trunk

# "sip.example.com", "203.0.113.5:5061" or "[2001:db8::1]": an address without "sip:" in front.
_BARE_ADDRESS = re.compile(r"(?!tel:)(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?(?:;.*)?")

DIRECTION_CHOICES = [
    (Direction.BOTH, "Both ways"),
    (Direction.INBOUND, "Inbound"),
    (Direction.OUTBOUND, "Outbound"),
]
DIRECTION_HELP = {
    Direction.BOTH: "Callers reach your agents, and your agents call out.",
    Direction.INBOUND: "Callers reach your agents.",
    Direction.OUTBOUND: "Your agents call out.",
}
AUTHENTICATION_CHOICES = [
    (Authentication.IP_ALLOWLIST, "By IP address"),
    (Authentication.DIGEST, "User name and password"),
    (Authentication.REGISTRATION, "Registration"),
]
AUTHENTICATION_HELP = {
    Authentication.IP_ALLOWLIST: "The carrier lets in calls from our addresses, and we from its own.",
    Authentication.DIGEST: "The carrier gave you both. They prove who is calling (SIP digest).",
    Authentication.REGISTRATION: "We sign in with user name and password, as a desk phone does.",
}
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


class TrunkFields(forms.Form):
    """What a trunk is called, and which way calls run."""

    name = forms.CharField(
        max_length=100,
        help_text="What you call this line: your carrier's name, or the office it serves.",
        error_messages={"required": "Give the line a name, for example the carrier's."},
    )
    direction = CardChoiceField(
        label="Which way do calls go?",
        choices=DIRECTION_CHOICES,
        cards=DIRECTION_HELP,
        initial=Direction.BOTH,
    )
    authentication = CardMultipleChoiceField(
        label="How do you and the carrier recognise each other?",
        choices=AUTHENTICATION_CHOICES,
        cards=AUTHENTICATION_HELP,
        required=False,
        initial=[Authentication.IP_ALLOWLIST],
        help_text="Your carrier's set-up page says which it uses. Several may apply.",
    )


class ConnectForm(TrunkFields, AddressFields):
    """Everything a first trunk needs, on one page: nothing is stored before all of it is right."""

    # errors are summed up in the order in which the page asks
    field_order = ("name", "direction", "address", "transport", "port", "authentication")

    networks = forms.CharField(
        label="The carrier's own addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line. Calls to you are accepted from these alone. You can add them later.",
    )
    wide_confirmed = forms.BooleanField(label="Yes, so wide a network is meant", required=False)
    username = forms.CharField(label="User name", required=False, max_length=128)
    secret = forms.CharField(
        label="Password", required=False, max_length=128, strip=False, widget=forms.PasswordInput
    )
    realm = forms.CharField(
        required=False, max_length=128, help_text="Leave it empty unless your carrier names one."
    )
    # The carrier preset that the form was filled in from; the services check it.
    preset = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        methods = set(cleaned.get("authentication", ()))
        if Authentication.IP_ALLOWLIST not in methods:
            cleaned["networks"] = ""
        if not methods & {Authentication.DIGEST, Authentication.REGISTRATION}:
            cleaned.update(username="", secret="", realm="")
        elif cleaned.get("username") and not cleaned.get("secret"):
            self.add_error("secret", "Enter the password that belongs to this user name.")
        elif cleaned.get("secret") and not cleaned.get("username"):
            self.add_error("username", "Enter the user name that belongs to this password.")
        return cleaned

    def account(self) -> dict[str, Any]:
        """Return the credential that the carrier gave out, as the services take it."""
        names = ("username", "secret", "realm")
        return {
            "direction": CredentialDirection.OUTBOUND,
            **{name: self.cleaned_data[name] for name in names},
        }

    def network_lines(self) -> list[str]:
        """Return the networks as typed, one each."""
        return [line for line in re.split(r"[\s,;]+", self.cleaned_data["networks"]) if line]


class TrunkEditForm(EditForm, TrunkFields):
    """A trunk that exists."""

    notes = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your team: contract number, the carrier's hotline.",
    )
    is_enabled = forms.BooleanField(
        label="This trunk is in use",
        required=False,
        help_text="Switched off, nothing is checked and no call runs over it.",
    )

    @staticmethod
    def initial_of(trunk: Trunk) -> dict[str, Any]:
        """Return what the form shows of a trunk."""
        names = ("name", "direction", "authentication", "notes", "is_enabled", "version")
        return {name: getattr(trunk, name) for name in names}

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = ("name", "direction", "authentication", "notes", "is_enabled")
        return {name: self.cleaned_data[name] for name in names}


class NetworkForm(forms.Form):
    """A network that calls are accepted from."""

    cidr = forms.CharField(
        label="Address or network",
        max_length=60,
        help_text="Such as 203.0.113.5, 203.0.113.0/24 or 2001:db8::/48, as your carrier lists it.",
        error_messages={"required": "Enter an address or a network, such as 203.0.113.0/24."},
    )
    note = forms.CharField(required=False, max_length=100, help_text="For example: Frankfurt, signalling.")
    wide_confirmed = forms.BooleanField(label="Yes, so wide a network is meant", required=False)

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: self.cleaned_data[name] for name in ("cidr", "note", "wide_confirmed")}


class NetworkEditForm(EditForm, NetworkForm):
    """A network on the list."""


class CredentialForm(forms.Form):
    """A user name and a password."""

    direction = CardChoiceField(
        label="Who has to prove who they are?",
        choices=[(CredentialDirection.OUTBOUND, "We do"), (CredentialDirection.INBOUND, "The carrier does")],
        cards={
            CredentialDirection.OUTBOUND: "We send these when the carrier asks. This is the usual case.",
            CredentialDirection.INBOUND: "The carrier sends these when it calls you.",
        },
        initial=CredentialDirection.OUTBOUND,
    )
    username = forms.CharField(
        label="User name", max_length=128, error_messages={"required": "Enter the user name."}
    )
    secret = forms.CharField(
        label="Password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted. Nobody can read it here again, you included.",
        error_messages={"required": "Enter the password that your carrier gave you."},
    )
    realm = forms.CharField(
        required=False,
        max_length=128,
        help_text="Leave it empty unless your carrier names one; with one, no other is answered.",
    )

    def changes(self) -> dict[str, Any]:
        """Return what the services take; an empty password on an edit keeps the stored one."""
        names = ("direction", "username", "realm")
        changes = {name: self.cleaned_data[name] for name in names}
        return {**changes, "secret": self.cleaned_data["secret"] or None}


class CredentialEditForm(EditForm, CredentialForm):
    """A credential that exists: its password may be replaced, never read."""

    def __init__(self, *args: Any, is_stored: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        secret = self.fields["secret"]
        secret.required = False
        if is_stored:
            secret.label, secret.help_text = "New password", "Leave it empty to keep the stored one."

    @staticmethod
    def initial_of(credential: DigestCredential) -> dict[str, Any]:
        """Return what the form shows of a credential: everything but the password."""
        return {name: getattr(credential, name) for name in ("direction", "username", "realm", "version")}


class PolicyForm(EditForm):
    """How a trunk's gateways are watched."""

    interval_s = forms.IntegerField(
        label="Ask every", min_value=15, max_value=3600, help_text="From 15 to 3600 seconds."
    )
    failures_to_down = forms.IntegerField(
        label="Down after", min_value=1, max_value=10, help_text="Failed checks in a row, 1 to 10."
    )
    successes_to_up = forms.IntegerField(
        label="Up again after", min_value=1, max_value=10, help_text="Answers in a row, 1 to 10."
    )

    @staticmethod
    def initial_of(policy: HealthPolicy) -> dict[str, Any]:
        """Return what the form shows of a policy."""
        names = ("interval_s", "failures_to_down", "successes_to_up", "version")
        return {name: getattr(policy, name) for name in names}

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = ("interval_s", "failures_to_down", "successes_to_up")
        return {name: self.cleaned_data[name] for name in names}


class TrunkFilterForm(forms.Form):
    """Search and state of the list."""

    q = forms.CharField(required=False, max_length=100, label="Search")
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[
            ("", "Every state"),
            ("down", "Down"),
            ("impaired", "Impaired"),
            ("unknown", "Not checked yet"),
            ("up", "Up"),
            ("paused", "Paused"),
        ],
    )
