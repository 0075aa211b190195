"""What can be done to tenants, their people and their keys. One transaction and one audit event each."""

from tenants.services.api_keys import create_api_key, revoke_api_key
from tenants.services.members import (
    accept_invitation,
    change_role,
    find_invitation,
    invite_member,
    remove_member,
    resend_invitation,
    revoke_invitation,
)
from tenants.services.second_factor import (
    add_second_factor,
    prove_second_factor,
    remove_second_factor,
    replace_recovery_codes,
)
from tenants.services.tenants import change_settings, create_tenant, update_tenant

__all__ = [
    "accept_invitation",
    "add_second_factor",
    "change_role",
    "change_settings",
    "create_api_key",
    "create_tenant",
    "find_invitation",
    "invite_member",
    "prove_second_factor",
    "remove_member",
    "remove_second_factor",
    "replace_recovery_codes",
    "resend_invitation",
    "revoke_api_key",
    "revoke_invitation",
    "update_tenant",
]
