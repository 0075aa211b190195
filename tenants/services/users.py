"""People's accounts, as support, operators and other services change them.

An account belongs to a person and not to a tenant: every change of one is told to the person's own log and to
that of each tenant they are in, in the transaction that makes the change.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from allauth.account.models import EmailAddress
from django.core.validators import validate_email

from callsphere.lib.errors import Refused
from tenants.audit import Actor, differences, record_event, record_platform_event, snapshot
from tenants.context import platform_context
from tenants.enums import ActorKind
from tenants.models import Membership, User

log = structlog.get_logger(__name__)


@contextmanager
def account_change() -> Iterator[None]:
    """Open the transaction in which an account is changed. It sees the logs of all the person's tenants."""
    with platform_context("a person's account changes"):
        yield


def record_account_event(
    *,
    user: User,
    actor: Actor,
    done: str,
    changes: Mapping[str, list[object]] | None = None,
    reason: str = "",
) -> None:
    """Write what was done to an account: `account.<done>` for the person, `member.<done>` for each tenant.

    Call it inside `account_change`.
    """
    if actor.kind != ActorKind.SYSTEM:  # a command prints for whoever runs it
        log.info(f"account.{done}", user_id=str(user.pk))
    record_platform_event(actor=actor, verb=f"account.{done}", obj=user, changes=changes, reason=reason)
    for member in Membership.objects.filter(user=user).select_related("tenant"):
        member.user = user
        record_event(
            tenant=member.tenant,
            actor=actor,
            verb=f"member.{done}",
            obj=member,
            changes=changes,
            reason=reason,
            even_read_only=True,
        )


def create_account(*, email: str, password: str, actor: Actor, name: str = "") -> User:
    """Make an account whose address counts as confirmed. Raises IntegrityError when the address has one."""
    with account_change():
        user = User.objects.create_user(email, password, name=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        record_account_event(user=user, actor=actor, done="created")
    return user


def delete_account(*, user: User, actor: Actor, reason: str) -> None:
    """Delete an account that nobody has used yet."""
    with account_change():
        record_account_event(user=user, actor=actor, done="deleted", reason=reason)
        user.delete()


def add_support(*, email: str, actor: Actor, is_superuser: bool = False) -> tuple[User, str | None]:
    """Make an account a member of support; return it, and the password when there was none before.

    Raises ValidationError for what is no address.
    """
    email = email.strip().lower()
    validate_email(email)
    user = User.objects.filter(email__iexact=email).first()
    password = None
    with account_change():
        if user is None:
            password = secrets.token_urlsafe(18)
            user = create_account(email=email, password=password, actor=actor)
        rank = {"is_staff": True, "is_superuser": user.is_superuser or is_superuser}
        update_user(user=user, actor=actor, reason="", **rank)
    return user, password


def update_user(*, user: User, actor: Actor, reason: str, **changes: object) -> User:
    """Close, open, or give rank to an account. The person, and every tenant of theirs, reads what and why.

    Raises Refused for one's own account.
    """
    if actor.id == user.pk:
        raise Refused("Ask a colleague to change your own account.", code="own_account")
    before = snapshot(user, changes)
    for name, value in changes.items():
        setattr(user, name, value)
    user.full_clean(exclude=["password"])
    with account_change():
        user.save(update_fields=list(changes))
        made = differences(before, snapshot(user, changes))
        if made:
            record_account_event(user=user, actor=actor, done="account_changed", changes=made, reason=reason)
    return user
