"""Networks from which a carrier's calls are accepted."""

from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    locked,
    one_line,
    remove,
    save_edit,
)
from trunks.editing import lock_trunk_of
from trunks.models import AllowedNetwork, Trunk
from trunks.provider_side import trunk_edited

NETWORKS_PER_TRUNK = 200
WIDEST = {4: 24, 6: 48}
_FIELDS = ("cidr", "note", "wide_confirmed")
LOCAL_NETWORKS = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
        *("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10"),
    )
)
Network = IPv4Network | IPv6Network


def add_allowed_network(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    cidr: str,
    note: str = "",
    wide_confirmed: bool = False,
) -> tuple[AllowedNetwork, list[str]]:
    """Allow calls from a network; return it with warnings, which are sentences for the person.

    Wider than /24 (IPv4) or /48 (IPv6) needs `wide_confirmed`. Raises ValidationError by field, LimitReached.
    """
    row = AllowedNetwork(tenant=tenant)
    wrong = FieldErrors()
    with wrong.gathered():
        _set_cidr(row, cidr, wide_confirmed)
    with wrong.gathered():
        row.note = one_line("note", note)
    with transaction.atomic():
        row.trunk = lock_trunk_of(tenant, trunk.pk)
        check_room(
            AllowedNetwork.objects.filter(tenant=tenant, trunk=trunk),
            NETWORKS_PER_TRUNK,
            f"A trunk has room for {NETWORKS_PER_TRUNK} networks. Delete one, or join neighbours.",
        )
        insert(row, tenant=tenant, actor=actor, verb="allowed_network.added", fields=_FIELDS, wrong=wrong)
        trunk_edited(row.trunk)
        return row, _warnings(row)


def update_allowed_network(
    *, tenant: Tenant, actor: Actor, network: AllowedNetwork, expected_version: int | None, **changes: Any
) -> tuple[AllowedNetwork, list[str]]:
    """Change cidr, note or wide_confirmed; return the network as stored, with warnings.

    Another wide network must be confirmed again. Raises ValidationError by field, VersionConflict, and
    Refused when it is gone.
    """
    check_names(changes, _FIELDS)
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, network.trunk_id)
        row = locked(AllowedNetwork, tenant, network.pk)
        check_version(row, expected_version, changes)
        before = snapshot(row, _FIELDS)
        wrong = FieldErrors()
        with wrong.gathered():
            same = "cidr" not in changes or str(parse_network(changes["cidr"])) == row.cidr
            confirmed = changes.get("wide_confirmed", row.wide_confirmed and same)
            _set_cidr(row, changes.get("cidr", row.cidr), confirmed)
        with wrong.gathered():
            row.note = one_line("note", changes.get("note", row.note))
        if save_edit(row, before, tenant=tenant, actor=actor, verb="allowed_network.updated", wrong=wrong):
            trunk_edited(trunk)
        return row, _warnings(row)


def delete_allowed_network(
    *, tenant: Tenant, actor: Actor, network: AllowedNetwork, expected_version: int | None = None
) -> None:
    """Take a network off the list. Raises VersionConflict, and Refused when it is gone."""
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, network.trunk_id)
        row = locked(AllowedNetwork, tenant, network.pk)
        check_version(row, expected_version, {})
        remove(row, tenant=tenant, actor=actor, verb="allowed_network.deleted", fields=_FIELDS)
        trunk_edited(trunk)


def parse_network(text: str) -> Network:
    """Read a network or a single address. Raises ValidationError on `cidr` with what to write instead."""
    text = text.strip(" ")
    address, slash, prefix = text.partition("/")
    if "%" in text or not (text.isascii() and text.isprintable()):
        raise _wrong("Write digits, dots or colons only, such as 203.0.113.0/24 or 2001:db8::/48.")
    try:
        interface = ip_interface(text)
    except ValueError:
        raise _wrong(_advice(address, prefix)) from None
    network = interface.network
    if slash and not prefix.isdigit():
        raise _wrong(f"Write the length of the prefix instead of a mask: {network}.")
    if network.prefixlen == 0:
        raise _wrong("A network of every address would accept calls from anybody. Write your carrier's own.")
    if network != ip_network((interface.ip, network.prefixlen), strict=False) or interface.ip != network[0]:
        single = f"{interface.ip}/{network.max_prefixlen}"
        raise _wrong(f"Write {network}, or {single} for the one address {interface.ip}.")
    if isinstance(network, IPv6Network) and network[0].ipv4_mapped is not None and network.prefixlen >= 96:
        inner = f"{network[0].ipv4_mapped}/{network.prefixlen - 96}"
        raise _wrong(f"Write the IPv4 network itself: {inner}.")
    if network.is_multicast:
        raise _wrong(f"{network} is for multicast: no call comes from there. Write your carrier's network.")
    return network


def is_wide(network: Network) -> bool:
    """Whether a person must confirm that so wide a network is meant."""
    return network.prefixlen < WIDEST[network.version]


def _set_cidr(row: AllowedNetwork, text: str, confirmed: bool) -> None:
    network = parse_network(text)
    row.cidr = str(network)
    row.wide_confirmed = confirmed and is_wide(network)
    if is_wide(network) and not confirmed:
        raise field_error(
            "wide_confirmed",
            f"{network} is {_size(network)}. Confirm that calls from all of them are meant to be accepted,"
            " or write a narrower network.",
            "confirm_wide",
        )


def _size(network: Network) -> str:
    if network.version == 4:
        return f"{network.num_addresses:,} addresses"
    blocks = 2 ** (WIDEST[6] - network.prefixlen)
    return f"2^{128 - network.prefixlen} addresses, as many as {blocks:,} networks of /48"


def _warnings(row: AllowedNetwork) -> list[str]:
    warnings = []
    network = ip_network(row.cidr)
    if any(network.version == local.version and network.overlaps(local) for local in LOCAL_NETWORKS):
        warnings.append(
            f"{network} holds private or local addresses: calls from the internet never come from there."
        )
    others = AllowedNetwork.objects.filter(tenant=row.tenant_id, trunk=row.trunk_id).exclude(pk=row.pk)
    for cidr in others.values_list("cidr", flat=True):
        other = ip_network(cidr)
        if other.version != network.version or not network.overlaps(other):
            continue
        if network.prefixlen > other.prefixlen:
            warnings.append(f"{network} lies inside {other}, which is on the list already.")
        else:
            warnings.append(f"{network} covers {other}, which is on the list too.")
    return warnings


def _advice(address: str, prefix: str) -> str:
    try:
        longest = ip_interface(address).network.max_prefixlen
    except ValueError:
        return "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address."
    return f"After the slash write a number from 1 to {longest}, not “{prefix[:20]}”."


def _wrong(message: str) -> ValidationError:
    return field_error("cidr", message, "network_invalid")
