"""Tenants themselves."""

import secrets

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from callsphere.lib.errors import LimitReached
from tenants.audit import Actor, differences, record_event, snapshot
from tenants.context import tenant_context
from tenants.enums import ActorKind, Role
from tenants.keys import create_tenant_key
from tenants.models import Membership, Tenant, User
from tenants.queries import memberships_of

# How many tenants a person may make for themselves; support and operators may give them more.
OWNED_TENANT_LIMIT = 5
_SLUG_LENGTH = 50


def create_tenant(*, name: str, owner: User, actor: Actor) -> Tenant:
    """Create a tenant with its first owner and its data key. Opens the new tenant's own context.

    The slug comes from the name; a taken one gets a random ending, which tells nothing about who has it.
    Raises ValidationError (by field), for a person also when they own one of that name already (a form sent
    twice must not make two), and LimitReached when they own OWNED_TENANT_LIMIT.
    """
    base = slugify(name)[: _SLUG_LENGTH - 7].strip("-") or "tenant"
    tenant = Tenant(name=name.strip(), slug=base)
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
            changes={"name": [None, tenant.name], "owner": [None, owner.email]},
        )
    return tenant


def rename_tenant(*, tenant: Tenant, actor: Actor, name: str) -> Tenant:
    """Change the name that people see; addresses stay."""
    before = snapshot(tenant, ["name"])
    tenant.name = name.strip()
    tenant.full_clean(exclude=["slug"], validate_unique=False)
    with transaction.atomic():
        tenant.save(update_fields=["name"])
        changes = differences(before, snapshot(tenant, ["name"]))
        if changes:
            record_event(tenant=tenant, actor=actor, verb="tenant.updated", obj=tenant, changes=changes)
    return tenant


def update_tenant(*, tenant: Tenant, actor: Actor, reason: str, **changes: int | bool) -> Tenant:
    """Change limits or close a tenant, as support or billing does. The tenant reads the reason in its log."""
    before = snapshot(tenant, changes)
    for name, value in changes.items():
        setattr(tenant, name, value)
    tenant.full_clean(validate_unique=False)
    with transaction.atomic():
        tenant.save(update_fields=list(changes))
        made = differences(before, snapshot(tenant, changes))
        if made:
            record_event(
                tenant=tenant, actor=actor, verb="tenant.updated", obj=tenant, changes=made, reason=reason
            )
    return tenant


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
