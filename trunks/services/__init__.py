"""What can be done to trunks and what belongs to them. One transaction and an audit event for each change."""

from trunks.services.certificates import (
    add_authority,
    add_client_certificate,
    delete_authority,
    delete_client_certificate,
    update_authority,
    update_client_certificate,
    users_of,
)
from trunks.services.check_schedules import set_check_schedule, start_due_checks, stop_check_schedule
from trunks.services.check_shares import (
    find_shared_check,
    forget_ended_shares,
    revoke_share,
    share_check,
)
from trunks.services.checks import CheckedTooOften, cancel_check, start_check
from trunks.services.credentials import add_credential, delete_credential, update_credential
from trunks.services.gateways import add_gateway, delete_gateway, update_gateway
from trunks.services.networks import add_allowed_network, delete_allowed_network, update_allowed_network
from trunks.services.policies import update_health_policy, update_session_timer_policy
from trunks.services.presets import apply_preset_line, review_preset
from trunks.services.probes import ProbedTooOften, probe_now
from trunks.services.provisioning import provision_trunk
from trunks.services.registrations import (
    RegisteredTooOften,
    add_registration,
    delete_registration,
    pause_registration,
    register_now,
    resume_registration,
    update_registration,
)
from trunks.services.requests import AskedTooOften
from trunks.services.trunks import check_number_rule, create_trunk, delete_trunk, update_trunk

__all__ = [
    "AskedTooOften",
    "CheckedTooOften",
    "ProbedTooOften",
    "RegisteredTooOften",
    "add_allowed_network",
    "add_authority",
    "add_client_certificate",
    "add_credential",
    "add_gateway",
    "add_registration",
    "apply_preset_line",
    "cancel_check",
    "check_number_rule",
    "create_trunk",
    "delete_allowed_network",
    "delete_authority",
    "delete_client_certificate",
    "delete_credential",
    "delete_gateway",
    "delete_registration",
    "delete_trunk",
    "find_shared_check",
    "forget_ended_shares",
    "pause_registration",
    "probe_now",
    "provision_trunk",
    "register_now",
    "resume_registration",
    "review_preset",
    "revoke_share",
    "set_check_schedule",
    "share_check",
    "start_check",
    "start_due_checks",
    "stop_check_schedule",
    "update_allowed_network",
    "update_authority",
    "update_client_certificate",
    "update_credential",
    "update_gateway",
    "update_health_policy",
    "update_registration",
    "update_session_timer_policy",
    "update_trunk",
    "users_of",
]
