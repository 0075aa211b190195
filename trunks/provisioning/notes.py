"""What of a trunk cannot be said to Twilio, in words. Where a note blocks, nothing is put there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_network

from callsphere.providers.twilio.access_lists import MOST_NETWORKS
from callsphere.providers.twilio.byoc import MOST_TARGETS
from callsphere.providers.twilio.elastic_trunks import MOST_ORIGINATION_URLS
from trunks.enums import (
    Authentication,
    CredentialDirection,
    Direction,
    NumberFormat,
    ProvisionKind,
    Transport,
)
from trunks.models import Gateway, Registration, SessionTimerPolicy, Trunk, TrunkProvision
from trunks.session_timers.policy import exactly
from trunks.session_timers.providers import untold_sentence


@dataclass(frozen=True, slots=True)
class Note:
    """Something that Twilio cannot be told, or that people should know. `code` is stable."""

    code: str
    text: str
    is_blocking: bool = False

    @property
    def as_json(self) -> dict[str, object]:
        """The note as it is stored, and shown by the API."""
        return {"code": self.code, "text": self.text, "is_blocking": self.is_blocking}


def notes_on(
    row: TrunkProvision,
    trunk: Trunk,
    gateways: Sequence[Gateway],
    networks: Collection[object] | None,
    credentials: Collection[str] | None,
) -> Iterator[Note]:
    """Yield what is to be said about a trunk; the other arguments are what of it Twilio is told."""
    if trunk.direction != Direction.OUTBOUND:
        yield from _on_callers(trunk, networks, credentials)
    if trunk.direction != Direction.INBOUND:
        yield from _on_gateways(row, trunk, gateways)
    yield from _on_calls(row, trunk)
    registers = Registration.objects.filter(trunk=trunk).exists()
    if registers or Authentication.REGISTRATION in trunk.authentication:
        yield Note(
            "no_register",
            "Twilio does not register with a carrier. Only calls that we place and take ourselves use the"
            " registration.",
        )


def password_missing(username: str) -> Note:
    """Say that a credential's password was cleared."""
    return Note("password_missing", f"{username} is left out: its password was cleared. Enter it again.")


def password_weak(username: str) -> Note:
    """Say what Twilio wants of a password."""
    return Note(
        "password_weak",
        f"{username} is left out: Twilio takes passwords of 12 characters or more, with a digit, a small and"
        " a capital letter. Choose another password here and at the caller's.",
    )


def name_twice(username: str) -> Note:
    """Say that Twilio knows no realms."""
    return Note("name_twice", f"{username} is put there once: Twilio knows a user name without its realm.")


def _on_callers(
    trunk: Trunk, networks: Collection[object] | None, credentials: Collection[str] | None
) -> Iterator[Note]:
    if not networks and not credentials:
        yield Note(
            "nobody_let_in",
            "Nobody is let in: Twilio refuses every call until the trunk has an IPv4 network on its"
            " allowlist, or a user name and password that callers sign in with.",
        )
    if networks is not None and credentials is not None:
        yield Note("both_asked", "Callers must come from an allowed network, and sign in as well.")
    if networks is None:
        return
    if len(networks) > MOST_NETWORKS:
        yield Note(
            "too_many_networks",
            f"Twilio takes {MOST_NETWORKS} networks, and this trunk has {len(networks)}. Join neighbours, or"
            " delete some.",
            is_blocking=True,
        )
    for each in trunk.allowed_networks.all():
        if isinstance(ip_network(each.cidr), IPv6Network):
            yield Note("network_ipv6", f"{each.cidr} is left out: Twilio takes IPv4 alone.")


def _on_gateways(row: TrunkProvision, trunk: Trunk, gateways: Sequence[Gateway]) -> Iterator[Note]:
    most = MOST_ORIGINATION_URLS if row.kind == ProvisionKind.ELASTIC else MOST_TARGETS
    if not gateways:
        yield Note("no_gateway", "No gateway is enabled: calls out lead nowhere.")
    if not trunk.is_enabled:
        yield Note("switched_off", "The trunk is switched off here: its gateways are switched off at Twilio.")
    if len(gateways) > most:
        yield Note(
            "too_many_gateways",
            f"Twilio takes {most} gateways, and this trunk has {len(gateways)} enabled. Switch some off.",
            is_blocking=True,
        )
    if trunk.credentials.filter(direction=CredentialDirection.OUTBOUND).exists():
        yield Note(
            "no_answer_to_challenges",
            "Twilio does not answer a challenge when it calls a gateway: only its addresses tell who it is."
            " The passwords that we answer carriers with stay here.",
        )
    for each in gateways:
        yield from _on_gateway(row, each)


def _on_gateway(row: TrunkProvision, gateway: Gateway) -> Iterator[Note]:
    if ":" in gateway.host:
        yield Note("gateway_ipv6", f"{gateway.uri} is left out: Twilio calls over IPv4 alone.")
    if row.secure and gateway.transport != Transport.TLS:
        yield Note(
            "gateway_not_secure",
            f"{gateway.uri} is not reached over TLS, and only TLS with SRTP is to be used: Twilio calls it"
            " over TLS, on port 5061 unless the address names one.",
        )
    if gateway.client_certificate_id or gateway.trusted_authority_id:
        yield Note(
            "gateway_certificates",
            f"{gateway.uri}: Twilio shows its own certificate and trusts the public authorities. What was"
            " chosen here is used for our own calls and checks alone.",
        )


def _on_calls(row: TrunkProvision, trunk: Trunk) -> Iterator[Note]:
    policy = SessionTimerPolicy.objects.get(trunk=trunk)
    if untold_sentence(policy):
        yield Note("session_timer", "Twilio cannot be told of the session timer.")
    if policy.longest_call_s is not None:
        length = exactly(policy.longest_call_s)
        if row.kind == ProvisionKind.ELASTIC:
            words = f"On an Elastic SIP trunk a call may last 24 hours: Twilio cannot be told of {length}."
        else:
            words = f"The longest call, {length}, is told with each call: the trunk has no setting for it."
        yield Note("longest_call", words)
    formats = {trunk.dial_format, trunk.caller_id_format}
    if formats != {NumberFormat.E164_PLUS} or trunk.strip_digits or trunk.dial_prefix:
        yield Note(
            "number_format",
            "Twilio writes numbers as E.164 with +. How numbers are written here is used for our own calls"
            " and checks alone.",
        )
