"""Gateways of a trunk."""

import uuid
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from callsphere.lib.netguard import AddressPolicy, AddressRefused
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri
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
    remove,
    save_edit,
)
from trunks.access.services.networks import LOCAL_NETWORKS
from trunks.access.services.secrets import clear_passwords, outbound_passwords
from trunks.certificates.tls_choices import (
    CHOICES,
    brings_trust,
    check_transport,
    lock_choices,
    trusts_somebody_new,
    use_at_once,
)
from trunks.editing import lock_trunk_of
from trunks.enums import ClearedBecause
from trunks.health.incidents import follow_trunks
from trunks.health.services.watching import start_watching, stop_watching, watch_anew
from trunks.models import Gateway, Trunk
from trunks.provider_side import trunk_edited

GATEWAYS_PER_TRUNK = 50
_FIELDS = ("uri", "priority", "weight", "is_enabled", *CHOICES)


def add_gateway(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    uri: str,
    priority: int = 10,
    weight: int = 10,
    is_enabled: bool = True,
    trusted_authority_id: uuid.UUID | None = None,
    client_certificate_id: uuid.UUID | None = None,
    clear_secrets: bool = False,
) -> tuple[Gateway, list[str]]:
    """Add a gateway, which is looked at as soon as this is stored; return it with warnings for the person.

    `uri` is kept as it will be sent. A host that the trunk's passwords were not entered for clears them, as
    does an authority that none of its gateways trusts yet; both need `clear_secrets`. Raises ValidationError
    by field, and LimitReached.
    """
    gateway = Gateway(tenant=tenant, priority=priority, weight=weight, is_enabled=is_enabled)
    wrong = FieldErrors()
    with wrong.gathered():
        _set_uri(gateway, uri)
    chosen = {"trusted_authority_id": trusted_authority_id, "client_certificate_id": client_certificate_id}
    with transaction.atomic():
        for name, value in lock_choices(tenant, chosen, wrong).items():
            setattr(gateway, name, value)
        check_transport(gateway, wrong)
        gateway.trunk = lock_trunk_of(tenant, trunk.pk)
        check_room(
            Gateway.objects.filter(tenant=tenant, trunk=trunk),
            GATEWAYS_PER_TRUNK,
            f"A trunk has room for {GATEWAYS_PER_TRUNK} gateways. Delete one, or make another trunk.",
        )
        stored = outbound_passwords(gateway.trunk) if gateway.host else []
        lost = [each for each in stored if gateway.host not in each.bound_hosts]
        because = ClearedBecause.GATEWAY_ADDED
        if stored and brings_trust(gateway):
            lost, because = stored, ClearedBecause.TRUST
        warnings: list[str] = []
        with wrong.gathered():
            warnings = clear_passwords(lost, because, tenant=tenant, actor=actor, confirmed=clear_secrets)
        insert(gateway, tenant=tenant, actor=actor, verb="gateway.added", fields=_FIELDS, wrong=wrong)
        start_watching(gateway, gateway.trunk)
        trunk_edited(gateway.trunk)
    return gateway, warnings


def update_gateway(
    *,
    tenant: Tenant,
    actor: Actor,
    gateway: Gateway,
    expected_version: int | None,
    clear_secrets: bool = False,
    **changes: Any,
) -> tuple[Gateway, list[str]]:
    """Change a gateway; return it as stored with warnings for the person.

    Another host, port or transport clears the passwords that the trunk would send there, which needs
    `clear_secrets`, and what is known of the gateway's health; figures count from then on. So does, for the
    passwords, an authority that was not trusted before. Raises ValidationError by field, VersionConflict, and
    Refused when it is gone.
    """
    check_names(changes, _FIELDS)
    wrong = FieldErrors()
    with transaction.atomic():
        usable = lock_choices(tenant, changes, wrong)
        trunk = lock_trunk_of(tenant, gateway.trunk_id)
        row = locked(Gateway, tenant, gateway.pk)
        check_version(row, expected_version, _as_kept(changes))
        before = snapshot(row, _FIELDS)
        place, was_enabled = _place(row), row.is_enabled
        trusted, shown = row.trusted_authority_id, row.client_certificate_id
        for name, value in usable.items():
            if name == "uri":
                with wrong.gathered():
                    _set_uri(row, value)
            else:
                setattr(row, name, value)
        check_transport(row, wrong)
        moves, now = _place(row) != place, timezone.now()
        if moves:
            row.moved_at = now
        trusts_new = trusts_somebody_new(trusted, row.trusted_authority_id)
        lost = outbound_passwords(trunk) if moves or trusts_new else []
        because = ClearedBecause.GATEWAY_MOVED if moves else ClearedBecause.TRUST
        warnings: list[str] = []
        with wrong.gathered():
            warnings = clear_passwords(lost, because, tenant=tenant, actor=actor, confirmed=clear_secrets)
        if save_edit(row, before, tenant=tenant, actor=actor, verb="gateway.updated", wrong=wrong):
            trunk_edited(trunk)
        if moves or row.is_enabled != was_enabled:
            watch_anew(row, trunk, now)
        elif (trusted, shown) != (row.trusted_authority_id, row.client_certificate_id):
            use_at_once([row])
    return row, warnings


def delete_gateway(
    *, tenant: Tenant, actor: Actor, gateway: Gateway, expected_version: int | None = None
) -> None:
    """Delete a gateway with its history. Raises VersionConflict, and Refused when it is gone."""
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, gateway.trunk_id)
        row = locked(Gateway, tenant, gateway.pk)
        check_version(row, expected_version, {})
        stop_watching([row])
        remove(row, tenant=tenant, actor=actor, verb="gateway.deleted", fields=_FIELDS)
        follow_trunks([trunk.pk], timezone.now())
        trunk_edited(trunk)


def check_address(uri: SipUri, *, field: str = "uri") -> None:
    """Raise ValidationError on the field for a numeric address that is never contacted.

    Names pass: what they lead to is judged when they are looked up, and told as a name that does not exist.
    """
    host = uri.host.strip("[]")
    try:
        number = ip_address(host)
        AddressPolicy.from_strings(settings.NETGUARD_ALLOW).check(host)
    except ValueError:
        return
    except AddressRefused:
        is_local = any(number in network for network in LOCAL_NETWORKS)
        where = "inside a private network, which" if is_local else "an address of a kind"
        words = f"{host} is {where} we never contact. Enter the carrier's public address."
        raise field_error(field, words, "address_refused") from None


def _set_uri(gateway: Gateway, text: str) -> None:
    try:
        uri = parse_gateway_uri(text.strip(" "))
    except SipUriError as error:
        raise field_error("uri", str(error), "uri_invalid") from None
    check_address(uri)
    gateway.uri = str(uri)
    gateway.host, gateway.port, gateway.transport = uri.host, uri.port, uri.transport


def _as_kept(changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes as they are compared and shown: ids as text."""
    return {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in changes.items()}


def _place(gateway: Gateway) -> tuple[str, int | None, str]:
    return gateway.host, gateway.port, gateway.transport
