"""API keys."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_network

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from callsphere.lib.errors import LimitReached
from tenants.access import API_KEY_CAPABILITIES, Capability
from tenants.audit import Actor, record_event
from tenants.enums import RouteKind
from tenants.models import ApiKey, Tenant, TenantRoute, User
from tenants.services.editing import lock_tenant
from tenants.tokens import API_KEY, hash_token, new_key


def create_api_key(
    *,
    tenant: Tenant,
    actor: Actor,
    name: str,
    capabilities: Iterable[str],
    created_by: User | None = None,
    allowed_networks: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which cannot be had again.

    Raises ValidationError (by field) and LimitReached.
    """
    token, public_id = new_key(API_KEY)
    key = ApiKey(
        tenant=tenant,
        name=name.strip(),
        public_id=public_id,
        secret_hash=hash_token(token),
        capabilities=_checked_capabilities(capabilities),
        allowed_networks=_checked_networks(allowed_networks),
        created_by=created_by,
        expires_at=expires_at,
    )
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": "Choose a moment in the future."})
    key.full_clean()
    with transaction.atomic():
        _check_limit(tenant)
        key.save()
        TenantRoute.objects.create(hash=key.secret_hash, kind=RouteKind.API_KEY, tenant=tenant)
        changes = {"capabilities": [None, key.capabilities], "allowed_networks": [None, key.allowed_networks]}
        record_event(tenant=tenant, actor=actor, verb="api_key.created", obj=key, changes=changes)
    return key, token


def revoke_api_key(*, tenant: Tenant, actor: Actor, key: ApiKey) -> None:
    """End a key at once."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            TenantRoute.objects.filter(hash=key.secret_hash).delete()
            record_event(tenant=tenant, actor=actor, verb="api_key.revoked", obj=key, even_read_only=True)


def _check_limit(tenant: Tenant) -> None:
    limit = lock_tenant(tenant).api_key_limit
    if ApiKey.objects.filter(tenant=tenant, revoked_at=None).count() >= limit:
        raise LimitReached(f"You have {limit} API keys in use. Revoke one first.")


def _checked_capabilities(names: Iterable[str]) -> list[str]:
    chosen = sorted(set(names))
    unknown = [name for name in chosen if name not in API_KEY_CAPABILITIES]
    if unknown or not chosen:
        allowed = ", ".join(sorted(API_KEY_CAPABILITIES))
        raise ValidationError({"capabilities": f"Choose at least one of: {allowed}."})
    return [Capability(name).value for name in chosen]


def _checked_networks(networks: Iterable[str]) -> list[str]:
    try:
        checked = [ip_network(network.strip()) for network in networks if network.strip()]
    except ValueError as error:
        raise ValidationError(
            {"allowed_networks": f"Write networks such as 203.0.113.0/24: {error}."}
        ) from None
    if any(network.prefixlen == 0 for network in checked):
        raise ValidationError(
            {"allowed_networks": "A network of every address limits nothing: leave the list empty instead."}
        )
    return [str(network) for network in checked]
