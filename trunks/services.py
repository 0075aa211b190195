"""What can be done to trunks and what belongs to them. One transaction and an audit event for each change."""

from trunks.access.services.credentials import add_credential, delete_credential, update_credential
from trunks.access.services.networks import (
    add_allowed_network,
    delete_allowed_network,
    update_allowed_network,
)
from trunks.carriers.services import apply_preset_line, review_preset
from trunks.certificates.services import (
    add_authority,
    add_client_certificate,
    delete_authority,
    delete_client_certificate,
    update_authority,
    update_client_certificate,
    users_of,
)
from trunks.checks.services.checks import CheckedTooOften, cancel_check, start_check
from trunks.checks.services.schedules import set_check_schedule, start_due_checks, stop_check_schedule
from trunks.checks.services.shares import find_shared_check, forget_ended_shares, revoke_share, share_check
from trunks.connect.services import provision_trunk
from trunks.gateways.services import add_gateway, delete_gateway, update_gateway
from trunks.health.services.policies import update_health_policy
from trunks.health.services.probes import ProbedTooOften, probe_now
from trunks.numbers.accounts import want_account
from trunks.numbers.emergencies import set_emergency_address
from trunks.numbers.refreshing import LookedTooOften, look_again
from trunks.numbers.services import (
    add_own_number,
    label_number,
    order_number,
    release_number,
    verify_own_number,
    withdraw_verification,
)
from trunks.numbers.verifying import CalledTooOften, start_verification
from trunks.provisioning.services import (
    ReconciledTooOften,
    apply_plan,
    attach_number,
    detach_number,
    look_now,
    reconcile_now,
    set_up_provision,
    switch_off_provision,
    take_theirs,
    update_provision,
)
from trunks.registrations.services import (
    RegisteredTooOften,
    add_registration,
    delete_registration,
    pause_registration,
    register_now,
    resume_registration,
    update_registration,
)
from trunks.requests import AskedTooOften
from trunks.session_timers.services import update_session_timer_policy
from trunks.trunks.services import check_number_rule, create_trunk, delete_trunk, update_trunk

__all__ = [
    "AskedTooOften",
    "CalledTooOften",
    "CheckedTooOften",
    "LookedTooOften",
    "ProbedTooOften",
    "ReconciledTooOften",
    "RegisteredTooOften",
    "add_allowed_network",
    "add_authority",
    "add_client_certificate",
    "add_credential",
    "add_gateway",
    "add_own_number",
    "add_registration",
    "apply_plan",
    "apply_preset_line",
    "attach_number",
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
    "detach_number",
    "find_shared_check",
    "forget_ended_shares",
    "label_number",
    "look_again",
    "look_now",
    "order_number",
    "pause_registration",
    "probe_now",
    "provision_trunk",
    "reconcile_now",
    "register_now",
    "release_number",
    "resume_registration",
    "review_preset",
    "revoke_share",
    "set_check_schedule",
    "set_emergency_address",
    "set_up_provision",
    "share_check",
    "start_check",
    "start_due_checks",
    "start_verification",
    "stop_check_schedule",
    "switch_off_provision",
    "take_theirs",
    "update_allowed_network",
    "update_authority",
    "update_client_certificate",
    "update_credential",
    "update_gateway",
    "update_health_policy",
    "update_provision",
    "update_registration",
    "update_session_timer_policy",
    "update_trunk",
    "users_of",
    "verify_own_number",
    "want_account",
    "withdraw_verification",
]
