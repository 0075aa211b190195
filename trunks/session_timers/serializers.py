"""What the API says of session-timer policies, and what it takes."""

from rest_framework import serializers

from callsphere.sip.session_timer import MIN_SE, RECOMMENDED_INTERVAL
from tenants.serializers import OneOf, VersionedSerializer
from trunks.enums import (
    RefreshBy,
    RefreshMethod,
    SessionTimerMode,
)
from trunks.models import SessionTimerPolicy
from trunks.models.session_timers import LONGEST_S, SHORTEST_CALL_S
from trunks.session_timers.policy import ends_after_s


class SessionTimerPolicySerializer(VersionedSerializer):
    """How a trunk's calls prove that they are still there (RFC 4028), and how long they may last."""

    mode = OneOf(SessionTimerMode.choices, default=SessionTimerMode.SUPPORTED)
    session_interval_s = serializers.IntegerField(
        min_value=MIN_SE, max_value=LONGEST_S, default=RECOMMENDED_INTERVAL, help_text="Session-Expires"
    )
    min_se_s = serializers.IntegerField(
        min_value=MIN_SE, max_value=LONGEST_S, default=MIN_SE, help_text="At most the session interval"
    )
    refresher = OneOf(RefreshBy.choices, default=RefreshBy.PEER)
    refresh_method = OneOf(RefreshMethod.choices, default=RefreshMethod.AUTO)
    longest_call_s = serializers.IntegerField(
        min_value=SHORTEST_CALL_S,
        max_value=LONGEST_S,
        allow_null=True,
        default=None,
        help_text="Null: no end",
    )
    ends_after_s = serializers.SerializerMethodField(
        help_text="After how many seconds without a refresh a call ends; null without a timer"
    )

    def get_ends_after_s(self, policy: SessionTimerPolicy) -> int | None:
        return None if policy.mode == SessionTimerMode.OFF else int(ends_after_s(policy.session_interval_s))
