"""Which authority and certificate a gateway uses, and what another choice means for it and for passwords."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import F
from django.utils import timezone

from tenants.models import Tenant
from tenants.services.editing import FieldErrors, field_error, name_fields_worked_out
from trunks.bindings.services import locked_status, register_now_if_wanted
from trunks.certificates.reading import authorities_keys
from trunks.enums import Transport
from trunks.health.services.watching import wake_probes
from trunks.models import ClientCertificate, Gateway, GatewayHealth, Registration, TrustedAuthority

CHOICES: dict[str, type[TrustedAuthority] | type[ClientCertificate]] = {
    "trusted_authority_id": TrustedAuthority,
    "client_certificate_id": ClientCertificate,
}
name_fields_worked_out({name: (name.removesuffix("_id"),) for name in CHOICES})


def lock_choices(tenant: Tenant, changes: dict[str, Any], wrong: FieldErrors) -> dict[str, Any]:
    """Hold what a gateway is to use until the edit is stored; return the changes without unknown ids.

    Call it before the trunk is locked: whoever replaces an authority locks it first, and then the trunks.
    """
    usable = dict(changes)
    for name, model in CHOICES.items():
        if changes.get(name) is None:
            continue
        rows = model._default_manager.select_for_update(no_key=True).filter(tenant=tenant, pk=changes[name])
        if not rows.values_list("pk", flat=True):
            what = model._meta.verbose_name
            with wrong.gathered():
                raise field_error(
                    name, f"You have no such {what}. Choose another, or none.", "invalid_choice"
                )
            del usable[name]
    return usable


def check_transport(gateway: Gateway, wrong: FieldErrors) -> None:
    """Note an error for each choice of a gateway that does not speak TLS."""
    if gateway.transport == Transport.TLS or "uri" in wrong.by_field:
        return
    for name in CHOICES:
        if getattr(gateway, name) is not None:
            with wrong.gathered():
                raise field_error(
                    name, "Only gateways over TLS use certificates: choose none here, or TLS.", "needs_tls"
                )


def trusts_somebody_new(before: uuid.UUID | None, after: uuid.UUID | None) -> bool:
    """Whether a gateway that goes from one authority to another trusts a key that it did not trust before."""
    if before == after:
        return False
    if before is None or after is None:
        return True
    texts = dict(TrustedAuthority.objects.filter(pk__in=(before, after)).values_list("pk", "certificates"))
    return not authorities_keys(texts[after]) <= authorities_keys(texts[before])


def brings_trust(gateway: Gateway) -> bool:
    """Whether a gateway to be added trusts an authority that no other gateway of its trunk trusts."""
    chosen = gateway.trusted_authority_id
    if chosen is None:
        return False
    others = Gateway.objects.filter(tenant=gateway.tenant_id, trunk=gateway.trunk, trusted_authority=chosen)
    return not others.exists()


def use_at_once(gateways: list[Gateway]) -> None:
    """Look at gateways whose certificates changed, and register where they are used. Trunks are locked."""
    GatewayHealth.objects.filter(gateway__in=gateways, next_probe_at__isnull=False).update(
        next_probe_at=timezone.now(),
        claim=F("claim") + 1,  # an answer that is under way was got with the old ones
    )
    wake_probes()
    trunk_ids = {each.trunk_id for each in gateways}
    for registration in Registration.objects.filter(trunk__in=trunk_ids, transport=Transport.TLS):
        register_now_if_wanted(registration, locked_status(registration))
