"""Names of domains at Twilio, which are unique among all of its customers."""

from __future__ import annotations

from tenants.models import Tenant
from trunks.enums import ProvisionKind
from trunks.models import TrunkProvision
from trunks.models.provisioning import LONGEST_LABEL

_ENDS = {ProvisionKind.BYOC: "sip.twilio.com", ProvisionKind.ELASTIC: "pstn.twilio.com"}
_DIGITS = (4, 8, 12)
"""How many of the trunk's own digits stand in a made-up name: more when it is taken."""


def domain_name_of(row: TrunkProvision, tenant: Tenant) -> str:
    """Return the name that a trunk's domain is to have: the chosen one, or the first that is made up."""
    return _whole(row, row.domain_label) if row.domain_label else _made_up(row, tenant)[0]


def next_domain_name(row: TrunkProvision) -> str:
    """Return what to try after a name that is taken; "" when it was chosen, or none is left."""
    if row.domain_label:
        return ""
    names = _made_up(row, Tenant.objects.get(pk=row.tenant_id))
    place = names.index(row.domain_name) if row.domain_name in names else -1
    return names[place + 1] if place + 1 < len(names) else ""


def _made_up(row: TrunkProvision, tenant: Tenant) -> list[str]:
    longest = LONGEST_LABEL - max(_DIGITS) - 1
    start = tenant.slug[:longest].strip("-")
    return [_whole(row, f"{start}-{row.pk.hex[-digits:]}") for digits in _DIGITS]


def _whole(row: TrunkProvision, label: str) -> str:
    return f"{label}.{_ENDS[ProvisionKind(row.kind)]}"
