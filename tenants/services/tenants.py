"""Tenants themselves."""

import secrets
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils.text import slugify

from callsphere.lib.errors import LimitReached
from tenants.audit import Actor, record_event, snapshot
from tenants.context import tenant_context
from tenants.enums import ActorKind, Role
from tenants.keys import create_tenant_key
from tenants.models import Membership, Tenant, User
from tenants.queries import memberships_of
from tenants.services.editing import check_version, lock_tenant, save_edit
from tenants.time_zones import UTC_NAME

tenant_created = Signal()
"""Sent with `tenant` and `owner`, in the transaction and the context that make a tenant."""

# How many tenants a person may make for themselves; support and operators may give them more.
OWNED_TENANT_LIMIT = 5
_SLUG_LENGTH = 50


def create_tenant(*, name: str, owner: User, actor: Actor, time_zone: str = UTC_NAME) -> Tenant:
    """Create a tenant with its first owner and its data key. Opens the new tenant's own context.

    The slug comes from the name; a taken one gets a random ending, which tells nothing about who has it.
    Raises ValidationError (by field), for a person also when they own one of that name already (a form sent
    twice must not make two), and LimitReached when they own OWNED_TENANT_LIMIT.
    """
    base = slugify(name)[: _SLUG_LENGTH - 7].strip("-") or "tenant"
    tenant = Tenant(name=name.strip(), slug=base, time_zone=time_zone)
    tenant.full_clean(exclude=["slug"], validate_unique=False)
    with tenant_context(tenant, user_id=owner.pk):
        if actor.kind == ActorKind.USER:
            _check_owned(owner, tenant.name)
        _save_with_free_slug(tenant, base)
        Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
        create_tenant_key(tenant)
        record_event(
            tenant=tenant,
            actor=actor,
            verb="tenant.created",
            obj=tenant,
            changes={
                "name": [None, tenant.name],
                "owner": [None, owner.email],
                "time_zone": [None, tenant.time_zone],
            },
        )
        tenant_created.send(sender=Tenant, tenant=tenant, owner=owner)
    return tenant


def change_settings(
    *,
    tenant: Tenant,
    actor: Actor,
    expected_version: int | None,
    name: str | None = None,
    time_zone: str | None = None,
) -> Tenant:
    """Change what a tenant's own people may: its name, addresses stay, and its time zone; None keeps either.

    Returns the tenant as stored. Raises ValidationError by field, and VersionConflict.
    """
    wanted = {"name": name, "time_zone": time_zone}
    changes = {field: value.strip() for field, value in wanted.items() if value is not None}
    return _edit(tenant, actor, expected_version, changes)


def update_tenant(
    *, tenant: Tenant, actor: Actor, expected_version: int | None, reason: str, **changes: str | int | bool
) -> Tenant:
    """Change limits or the time zone, or close a tenant, as support or billing does.

    The tenant reads the reason in its log. Returns the tenant as stored. Raises ValidationError by
    field, and VersionConflict.
    """
    return _edit(tenant, actor, expected_version, changes, reason)


def _edit(
    tenant: Tenant,
    actor: Actor,
    expected_version: int | None,
    changes: Mapping[str, str | int | bool],
    reason: str = "",
) -> Tenant:
    with transaction.atomic():
        row = lock_tenant(tenant)
        check_version(row, expected_version, changes)
        before = snapshot(row, changes)
        for name, value in changes.items():
            setattr(row, name, value)
        save_edit(row, before, tenant=row, actor=actor, verb="tenant.updated", reason=reason)
    return row


def _check_owned(owner: User, name: str) -> None:
    User.objects.select_for_update().get(pk=owner.pk)  # two requests at once must not both find room
    owned = [each.tenant for each in memberships_of(owner).filter(role=Role.OWNER)]
    if any(tenant.name.casefold() == name.casefold() for tenant in owned):
        raise ValidationError({"name": f"You have an organisation called {name} already."})
    if len(owned) >= OWNED_TENANT_LIMIT:
        raise LimitReached(
            f"You own {OWNED_TENANT_LIMIT} organisations, which is as many as one person may make."
            " Write to support if you need more."
        )


def _save_with_free_slug(tenant: Tenant, base: str) -> None:
    # Other tenants' slugs cannot be read here, so the unique constraint is asked instead.
    for _attempt in range(5):
        try:
            with transaction.atomic():
                tenant.save(force_insert=True)
            return
        except IntegrityError:
            tenant.slug = f"{base}-{secrets.token_hex(3)}"
    raise AssertionError("no free slug after five random endings")
