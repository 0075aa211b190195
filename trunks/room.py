"""Trunks as something of which a plan has room for so many."""

from tenants.models import Tenant
from tenants.room import Counted, add_counted
from trunks.models import Trunk


def count_trunks() -> None:
    """Have trunks counted."""
    add_counted(Counted("trunk_limit", "trunk", "trunks", _count, "trunks:list", 20))


def _count(tenant: Tenant) -> int:
    return Trunk.objects.filter(tenant=tenant).count()
