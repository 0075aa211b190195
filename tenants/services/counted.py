"""People and keys as something of which a plan has room for so many."""

from django.utils import timezone

from tenants.models import ApiKey, Invitation, Membership, Tenant
from tenants.room import Counted, add_counted


def count_people_and_keys() -> None:
    """Have members and API keys counted."""
    add_counted(Counted("member_limit", "member", "members", count_members, "tenants:team", 30))
    add_counted(Counted("api_key_limit", "API key", "API keys", _count_keys, "tenants:api-keys", 40))


def count_members(tenant: Tenant, *, with_invited: bool = True) -> int:
    """Return how many people are in the team; an open invitation counts for one who may come any time."""
    members = Membership.objects.filter(tenant=tenant).count()
    return members + (_open_invitations(tenant) if with_invited else 0)


def _open_invitations(tenant: Tenant) -> int:
    return Invitation.objects.filter(
        tenant=tenant, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).count()


def _count_keys(tenant: Tenant) -> int:
    return ApiKey.objects.filter(tenant=tenant, revoked_at=None).count()
