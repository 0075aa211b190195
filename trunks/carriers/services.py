"""Taking over what changed at a carrier, line by line, and only what somebody asks for."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db import transaction

from callsphere.lib.errors import Refused
from callsphere.sip.uri import SipUri, parse_gateway_uri
from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import save_edit
from trunks.access.services.networks import add_allowed_network, delete_allowed_network
from trunks.carriers.drift import Line, drift_of
from trunks.editing import lock_trunk_of
from trunks.gateways.services import update_gateway
from trunks.models import Trunk
from trunks.presets.catalogue import CarrierPreset, carrier_presets
from trunks.trunks.services import update_trunk


def apply_preset_line(
    *, tenant: Tenant, actor: Actor, trunk: Trunk, line_id: str, clear_secrets: bool = False
) -> tuple[Line, list[str]]:
    """Take over one line of `drift.drift_of`; return it with warnings for the person.

    Each is done by the service for what it changes, with that service's audit event. A gateway that moves
    takes no password along, which needs `clear_secrets`. Raises Refused when the line is not, or no longer,
    a difference, and whatever that service raises.
    """
    with transaction.atomic():
        row = lock_trunk_of(tenant, trunk.pk)
        preset = preset_of(row)
        found = [line for line in differences_of(row, preset) if line.id == line_id]
        if not found:
            raise Refused("This is no longer a difference: nothing was changed.", code="no_difference")
        line = found[0]
        who: dict[str, Any] = {"tenant": tenant, "actor": actor}
        if line.kind == "add_network":
            note = network_note(preset, line.subject)
            return line, add_allowed_network(**who, trunk=row, cidr=line.subject, note=note)[1]
        if line.kind == "remove_network":
            delete_allowed_network(**who, network=row.allowed_networks.get(tenant=tenant, cidr=line.subject))
            return line, []
        if line.kind == "move_gateway":
            return line, _move_gateways(who, row, line, clear_secrets)
        update_trunk(**who, trunk=row, expected_version=None, **{line.subject: line.value})
    return line, []


def review_preset(*, tenant: Tenant, actor: Actor, trunk: Trunk, version: int) -> Trunk:
    """Note that somebody saw this version of the carrier's facts: what differs still is meant so.

    Raises Refused when the facts are of another version by now: they were not seen.
    """
    with transaction.atomic():
        row = lock_trunk_of(tenant, trunk.pk)
        preset = preset_of(row)
        if version != preset.version:
            raise Refused("The carrier's facts changed again. Look at them once more.", code="not_seen")
        before = snapshot(row, ("preset_version",))
        row.preset_version = version
        save_edit(row, before, tenant=tenant, actor=actor, verb="trunk.preset_reviewed")
    return row


def preset_of(trunk: Trunk) -> CarrierPreset:
    """Return the preset that a trunk was made from. Raises Refused when there is none."""
    preset = carrier_presets().get(trunk.preset_key)
    if preset is None:
        raise Refused("There are no facts of a carrier for this trunk.", code="no_preset")
    return preset


def differences_of(trunk: Trunk, preset: CarrierPreset) -> list[Line]:
    """Return where a trunk differs from a preset now. Two queries."""
    return drift_of(
        trunk,
        list(trunk.gateways.filter(tenant_id=trunk.tenant_id)),
        trunk.allowed_networks.filter(tenant_id=trunk.tenant_id),
        preset,
    )


def _move_gateways(who: dict[str, Any], trunk: Trunk, line: Line, clear_secrets: bool) -> list[str]:
    warnings = []
    for gateway in trunk.gateways.filter(tenant_id=trunk.tenant_id, host=line.subject):
        uri = str(moved(parse_gateway_uri(gateway.uri), line.theirs))
        how: dict[str, Any] = {**who, "expected_version": None, "clear_secrets": clear_secrets}
        warnings += update_gateway(**how, gateway=gateway, uri=uri)[1]
    return warnings


def network_note(preset: CarrierPreset | None, cidr: str) -> str:
    """Return what stands beside a network of the preset's in the allowlist; "" for any other network."""
    if preset is None:
        return ""
    names = {place.key: place.name for place in preset.places}
    for network in preset.signalling:
        if network.cidr == cidr:
            return ", ".join([preset.name, *([names[network.place]] if network.place else [])])[:100]
    return ""


def moved(uri: SipUri, host: str) -> SipUri:
    """Return the same address at another host."""
    return dataclasses.replace(uri, host=host)
