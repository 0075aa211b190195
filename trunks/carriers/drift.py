"""Where a trunk and the current facts of its carrier differ. Pure: rows and a preset in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trunks.enums import NumberFormat
from trunks.models import AllowedNetwork, Gateway, Trunk
from trunks.presets.catalogue import ACCOUNT, CarrierPreset, Retired, account_in


@dataclass(frozen=True, slots=True)
class Line:
    """One difference. `is_new`: the carrier's side changed since the trunk was made or last reviewed.

    `kind` is add_network, remove_network, move_gateway or set_number; `subject` is the network, the gateway's
    host or the trunk's field. A missing value is "".
    """

    kind: str
    subject: str
    yours: str
    theirs: str
    is_new: bool
    source: str = ""
    value: Any = None

    @property
    def id(self) -> str:
        """What a form sends to apply the line."""
        return f"{self.kind}:{self.subject}"


def drift_of(
    trunk: Trunk, gateways: Sequence[Gateway], networks: Iterable[AllowedNetwork], preset: CarrierPreset
) -> list[Line]:
    """Return the differences: what is new at the carrier first, each group in the order of the preset.

    Networks of places that none of the trunk's gateways lead to are left out, and so are those that
    the carrier itself does not confirm.
    """
    seen = trunk.preset_version or 0
    listed = {network.cidr for network in networks}
    lines = [
        *_new_networks(gateways, listed, preset, seen),
        *_retired(gateways, listed, preset, seen),
        *_numbers(trunk, preset, seen),
    ]
    return sorted(lines, key=lambda line: not line.is_new)


def _new_networks(
    gateways: Sequence[Gateway], listed: set[str], preset: CarrierPreset, seen: int
) -> list[Line]:
    places = _places_used(gateways, preset)
    return [
        Line(
            "add_network",
            network.cidr,
            "",
            network.cidr,
            is_new=network.since > seen,
            source=preset.sources[network.source].title,
        )
        for network in preset.signalling
        if network.cidr not in listed
        and not preset.is_weak(network)
        and (preset.every_place or not places or network.place in {"", *places})
    ]


def _retired(gateways: Sequence[Gateway], listed: set[str], preset: CarrierPreset, seen: int) -> list[Line]:
    lines = []
    for fact in preset.retired:
        is_new = fact.since > seen
        if fact.cidr in listed:
            lines.append(Line("remove_network", fact.cidr, fact.cidr, "", is_new))
        for host in sorted({gateway.host for gateway in gateways}):
            theirs = _moved(host, fact)
            if theirs is not None:
                lines.append(Line("move_gateway", host, host, theirs, is_new))
    return lines


def _numbers(trunk: Trunk, preset: CarrierPreset, seen: int) -> list[Line]:
    if preset.numbers is None:
        return []
    source = preset.sources[preset.numbers.source].title
    return [
        Line(
            "set_number",
            name,
            _told(getattr(trunk, name)),
            _told(value),
            is_new=preset.numbers.since > seen,
            source=source,
            value=value,
        )
        for name, value in preset.number_fields().items()
        if getattr(trunk, name) != value
    ]


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(NumberFormat(value).label)


def _moved(host: str, fact: Retired) -> str | None:
    """Return what replaces a host by this fact; None when it is about another."""
    account = account_in(host, fact.host) if fact.host else None
    return None if account is None else fact.replacement.replace(ACCOUNT, account)


def _places_used(gateways: Sequence[Gateway], preset: CarrierPreset) -> set[str]:
    old = [gateway.host for gateway in gateways]
    moved = [_moved(host, fact) for host in old for fact in preset.retired]
    hosts = [*old, *(host for host in moved if host is not None)]
    return {
        place.key
        for place in preset.places
        if any(account_in(host, place.host) is not None for host in hosts)
    }
