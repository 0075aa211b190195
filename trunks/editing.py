"""What the edits of trunks and their parts share, beside what every edit goes through."""

from __future__ import annotations

import uuid

from tenants.models import Tenant
from tenants.services.editing import locked, name_fields_of_constraints, name_fields_worked_out
from trunks.models import Trunk

name_fields_of_constraints(
    {
        "trunk_name_once": "name",
        "trunk_national_needs_country": "home_country",
        "trunk_international_needs_prefix": "international_prefix",
        "gateway_once": "uri",
        "allowed_network_once": "cidr",
        "allowed_network_not_everything": "cidr",
        "digest_credential_once": "username",
        "session_timer_policy_min_se_within": "min_se_s",
    }
)
name_fields_worked_out({"uri": ("host", "port", "transport"), "registrar": ("host", "transport")})


def lock_trunk_of(tenant: Tenant, trunk_id: uuid.UUID) -> Trunk:
    """Lock a trunk before what belongs to it: always in this order, or two edits could deadlock."""
    return locked(Trunk, tenant, trunk_id)
