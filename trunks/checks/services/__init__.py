"""What can be done with readiness checks."""

from trunks.checks.services.checks import CheckedTooOften, cancel_check, start_check
from trunks.checks.services.schedules import set_check_schedule, start_due_checks, stop_check_schedule
from trunks.checks.services.shares import find_shared_check, forget_ended_shares, revoke_share, share_check

__all__ = [
    "CheckedTooOften",
    "cancel_check",
    "find_shared_check",
    "forget_ended_shares",
    "revoke_share",
    "set_check_schedule",
    "share_check",
    "start_check",
    "start_due_checks",
    "stop_check_schedule",
]
