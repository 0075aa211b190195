"""Makes the trunk here as Twilio has it, where that makes sense, and says why not where it does not."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

from callsphere.lib.errors import Refused
from callsphere.sip.uri import SipUriError, parse_gateway_uri
from tenants.audit import Actor
from tenants.models import Tenant
from trunks.access.services.networks import add_allowed_network, delete_allowed_network, is_wide
from trunks.enums import DifferenceKind, NumberState, TransferMode
from trunks.gateways.services import add_gateway, update_gateway
from trunks.models import AllowedNetwork, Gateway, PhoneNumber, Trunk, TrunkNumber, TrunkProvision
from trunks.models.provisioning import LONGEST_LABEL
from trunks.provisioning.differences import Difference
from trunks.provisioning.wanted import target_of

MISSING, EXTRA, DIFFERS = DifferenceKind.MISSING, DifferenceKind.EXTRA, DifferenceKind.DIFFERS
_LABEL = re.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_GATEWAYS = ("target", "origination_url")
_SETTINGS = ("domain_name", "secure", "transfer_mode")


def why_not_taken(difference: Difference) -> str:
    """Return why theirs cannot be taken over; "" when it can."""
    part, field = difference.part, difference.field
    if part in _GATEWAYS:
        return _why_not_gateway(difference) if difference.kind == EXTRA else ""
    if part == "network":
        wide = difference.kind == EXTRA and is_wide(ip_network(difference.name))
        return "So wide a network has to be confirmed: add it to the allowlist yourself." if wide else ""
    if part == "number" or (difference.kind == DIFFERS and field in _SETTINGS):
        return ""
    if part == "credential":
        return "Twilio never tells a password. Change the credential here instead."
    if field in ("voice_url", "voice_fallback_url", "status_callback_url"):
        return "Calls would not reach your agents."
    if field == "name":
        return "It is known by this name."
    return "The trunk cannot do without it. Switch it off here, or change its direction, instead."


def take(*, tenant: Tenant, actor: Actor, row: TrunkProvision, difference: Difference) -> None:
    """Make one thing here as it is there. Call it with the trunk locked, and store the row afterwards.

    Raises Refused when it cannot be taken over, and ValidationError when the trunk does not take it.
    """
    reason = why_not_taken(difference)
    if reason:
        raise Refused(reason, code="cannot_take")
    who: dict[str, Any] = {"tenant": tenant, "actor": actor}
    if difference.part in _GATEWAYS:
        _take_gateway(who, row, difference)
    elif difference.part == "network":
        _take_network(who, row, difference)
    elif difference.part == "number":
        _take_number(row, difference)
    elif difference.field == "domain_name":
        _take_domain_name(row, str(difference.theirs))
    else:
        _check_setting(difference)
        setattr(row, difference.field, difference.theirs)
        row.version += 1


def _why_not_gateway(difference: Difference) -> str:
    try:
        parse_gateway_uri(difference.name)
    except SipUriError as error:
        return f"A gateway here cannot have this address. {error}"
    return ""


def _take_gateway(who: dict[str, Any], row: TrunkProvision, difference: Difference) -> None:
    trunk = Trunk.objects.get(pk=row.pk)
    if difference.kind == EXTRA:
        order = difference.theirs
        place = {"uri": difference.name, "priority": order["priority"], "weight": order["weight"]}
        add_gateway(**who, trunk=trunk, is_enabled=order["enabled"], **place)
        return
    gateways = Gateway.objects.filter(trunk=trunk, is_enabled=True)
    mine = next((each for each in gateways if target_of(each, trunk).uri == difference.name), None)
    if mine is None:
        raise Refused("The gateway was edited in the meantime.", code="plan_changed")
    changes: dict[str, Any] = {"is_enabled": False}
    if difference.kind != MISSING:
        field = "is_enabled" if difference.field == "enabled" else difference.field
        changes = {field: difference.theirs}
    update_gateway(**who, gateway=mine, expected_version=None, **changes)


def _take_network(who: dict[str, Any], row: TrunkProvision, difference: Difference) -> None:
    if difference.kind == EXTRA:
        trunk = Trunk.objects.get(pk=row.pk)
        add_allowed_network(**who, trunk=trunk, cidr=difference.name, note="Added at Twilio")
        return
    for network in AllowedNetwork.objects.filter(trunk_id=row.pk, cidr=difference.name):
        delete_allowed_network(**who, network=network)


def _take_number(row: TrunkProvision, difference: Difference) -> None:
    sid = str(difference.ours or difference.theirs)
    number = PhoneNumber.objects.filter(provider_sid=sid, state=NumberState.ACTIVE).first()
    if number is None:
        raise Refused("This number was not bought here. Take it off the trunk instead.", code="cannot_take")
    own = {"tenant_id": row.tenant_id, "phone_number": number}
    if difference.kind == MISSING:
        TrunkNumber.objects.filter(**own, provision=row).delete()
    else:
        TrunkNumber.objects.update_or_create(**own, defaults={"provision": row})


def _take_domain_name(row: TrunkProvision, name: str) -> None:
    label, _, end = name.partition(".")
    if not _LABEL.fullmatch(label) or end != row.domain_name.partition(".")[2]:
        words = "A domain name here has small letters, digits and hyphens before Twilio's own ending."
        raise Refused(words, code="cannot_take")
    if len(label) > LONGEST_LABEL:
        words = f"Here the first part of a domain name has {LONGEST_LABEL} characters at most."
        raise Refused(words, code="cannot_take")
    row.domain_name, row.domain_label = name, label
    row.version += 1


def _check_setting(difference: Difference) -> None:
    if difference.field == "transfer_mode" and difference.theirs not in TransferMode.values:
        raise Refused("Twilio has a mode that is not known here.", code="cannot_take")
