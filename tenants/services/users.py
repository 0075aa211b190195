"""People's accounts, as support changes them."""

from django.db import transaction

from callsphere.lib.errors import Refused
from tenants.audit import Actor, differences, record_event, snapshot
from tenants.models import Membership, User


def update_user(*, user: User, actor: Actor, reason: str, **changes: object) -> User:
    """Close, open, or give rank to an account. Every tenant of the person reads what and why.

    Call it in the platform's context. Raises Refused for one's own account.
    """
    if actor.id == user.pk:
        raise Refused("Ask a colleague to change your own account.", code="own_account")
    before = snapshot(user, changes)
    for name, value in changes.items():
        setattr(user, name, value)
    user.full_clean(exclude=["password"])
    with transaction.atomic():
        user.save(update_fields=list(changes))
        made = differences(before, snapshot(user, changes))
        if made:
            tell_tenants(user=user, actor=actor, verb="member.account_changed", reason=reason, changes=made)
    return user


def tell_tenants(
    *, user: User, actor: Actor, verb: str, reason: str, changes: dict[str, list[object]] | None = None
) -> None:
    """Write the event to the log of every tenant that the person belongs to."""
    for member in Membership.objects.filter(user=user).select_related("tenant", "user"):
        record_event(tenant=member.tenant, actor=actor, verb=verb, obj=member, reason=reason, changes=changes)
