"""A tenant with its owner and a first API key, made by an operator or a script."""

import secrets
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from callsphere.lib.errors import Refused
from tenants.access import API_KEY_CAPABILITIES
from tenants.audit import Actor
from tenants.context import tenant_context, user_context
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.queries import memberships_of
from tenants.services.api_keys import create_api_key
from tenants.services.tenants import create_tenant
from tenants.services.users import create_account, delete_account


@dataclass(frozen=True, slots=True)
class ProvisionedTenant:
    """What was made. `password` is None for an owner who had an account; neither secret can be had again."""

    tenant: Tenant
    owner: User
    password: str | None
    api_key: str


def provision_tenant(*, name: str, owner_email: str, actor: Actor) -> ProvisionedTenant:
    """Make a tenant, its owner (address taken as verified) and an API key that may do all a key can.

    Call it outside any context. Raises ValidationError by field, and Refused when the person owns a tenant of
    this name already or their account is closed: then nothing is made. Should the database fail
    after tenant and owner are stored, they stay without a key; the owner can ask for a new password and make
    one.
    """
    email = owner_email.strip().lower()
    _check(name, email)
    owner = User.objects.filter(email__iexact=email).first()
    password = None
    if owner is None:
        password = secrets.token_urlsafe(18)
        owner = _create_owner(email, password, actor)
    else:
        _check_owner(owner, name.strip())
    try:
        tenant = create_tenant(name=name, owner=owner, actor=actor)
    except Exception:
        if password is not None:
            delete_account(user=owner, actor=actor, reason="The organisation could not be made.")
        raise
    with tenant_context(tenant):
        _key, token = create_api_key(
            tenant=tenant,
            actor=actor,
            name="First key",
            capabilities=API_KEY_CAPABILITIES,
            created_by=owner,
        )
    return ProvisionedTenant(tenant, owner, password, token)


def _check(name: str, email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"owner": error}) from None
    if not name.isprintable():
        raise ValidationError({"name": "Remove line breaks and control characters."})
    Tenant(name=name.strip()).full_clean(exclude=["slug"], validate_unique=False)


def _create_owner(email: str, password: str, actor: Actor) -> User:
    try:
        return create_account(email=email, password=password, actor=actor)
    except IntegrityError:
        raise Refused(f"Somebody is signing up as {email} right now. Try again.") from None


def _check_owner(owner: User, name: str) -> None:
    if not owner.is_active:
        raise Refused(f"The account of {owner.email} is closed. Open it again first, or name another owner.")
    with user_context(owner.pk):
        for membership in memberships_of(owner).filter(role=Role.OWNER):
            if membership.tenant.name.casefold() == name.casefold():
                raise Refused(
                    f"{owner.email} owns {membership.tenant.name} ({membership.tenant.slug}) already:"
                    " nothing was made.",
                    code="tenant_exists",
                )
