"""What pages and the API tell of a trunk at Twilio. Call these inside the tenant's context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.problems import PROBLEMS, Problem
from tenants.models import Tenant
from trunks.enums import Direction, ProvisionKind
from trunks.models import TrunkProvision
from trunks.presets.catalogue import carrier_presets
from trunks.provisioning.differences import Difference
from trunks.provisioning.wording import ShownDifference, shown

_AGENT, _NUMBER = "{agent}", "+{number}"


@dataclass(frozen=True, slots=True)
class SipAddress:
    """A SIP URI to dial at Twilio. In `uri` stands for `{agent}` an agent's name, for `{number}` a number."""

    title: str
    uri: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What a firewall or SBC must let through: networks in CIDR notation, the ports in words.

    `source` names where it is said, `url` its address if it has one, `seen` the day it was read.
    """

    title: str
    cidrs: tuple[str, ...]
    ports: str
    source: str
    url: str
    seen: str

    @property
    def text(self) -> str:
        """The networks as they are pasted, one a line."""
        return "\n".join(self.cidrs)

    @property
    def label(self) -> str:
        """What a button copies."""
        return f"the networks of {self.title.lower()}"


def provisions_of(tenant: Tenant) -> Any:
    """Return the tenant's trunks that are at Twilio, with what pages tell of them."""
    return TrunkProvision.objects.filter(tenant=tenant, trunk__isnull=False).select_related(
        "trunk", "account"
    )


def differences_of(row: TrunkProvision) -> list[ShownDifference]:
    """Return the plan in words."""
    return [shown(Difference.from_json(each)) for each in row.plan]


def problem_of(row: TrunkProvision) -> Problem | None:
    """Return what Twilio's error means and who has to act, None where the row's `error` says all."""
    return PROBLEMS.get(row.error_code)


def sip_addresses(row: TrunkProvision) -> list[SipAddress]:
    """Return what callers dial at Twilio; none where the trunk takes no calls in."""
    direction = row.trunk.direction if row.trunk else Direction.BOTH
    if not row.domain_name or direction == Direction.OUTBOUND:
        return []
    if row.kind == ProvisionKind.ELASTIC:
        number = f"sip:{_NUMBER}@{row.domain_name};transport=tls"
        return [SipAddress("Call the telephone network", number)]
    return [
        SipAddress("Call an agent", f"sip:{_AGENT}@{row.domain_name};transport=tls"),
        SipAddress("Call an agent by its number", f"sip:{_NUMBER}@{row.domain_name};transport=tls"),
    ]


def openings() -> Sequence[Opening]:
    """Return what must be let through to and from Twilio, as the carrier preset has it."""
    preset = carrier_presets()["twilio"]
    found = []
    for title, networks, ports in (
        ("Signalling", preset.signalling, "UDP and TCP 5060, TLS 5061"),
        ("Media", preset.media, preset.media_ports),
    ):
        for key in dict.fromkeys(each.source for each in networks):
            source = preset.sources[key]
            cidrs = tuple(each.cidr for each in networks if each.source == key)
            found.append(Opening(title, cidrs, ports, source.title, source.url, source.seen.isoformat()))
    return found
