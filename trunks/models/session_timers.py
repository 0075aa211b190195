"""How calls on a trunk prove that they are still there, and how long they may last (RFC 4028)."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from callsphere.sip.session_timer import MIN_SE, RECOMMENDED_INTERVAL
from tenants.models import VersionedOwned
from trunks.enums import RefreshBy, RefreshMethod, SessionTimerMode
from trunks.models.trunks import Trunk

LONGEST_S = 24 * 3600
"""The longest session interval and the longest call that can be asked for, in seconds."""
SHORTEST_CALL_S = 60

_INTERVAL = [
    MinValueValidator(MIN_SE, f"Use at least {MIN_SE} seconds: RFC 4028 allows no shorter interval."),
    MaxValueValidator(LONGEST_S),
]


class SessionTimerPolicy(VersionedOwned):
    """The session timer of a trunk's calls: whether one is asked for, how long, and who keeps it."""

    trunk = models.OneToOneField(Trunk, on_delete=models.CASCADE, related_name="session_timer_policy")
    mode = models.CharField(max_length=16, choices=SessionTimerMode, default=SessionTimerMode.SUPPORTED)
    session_interval_s = models.PositiveIntegerField(
        "session interval in seconds", default=RECOMMENDED_INTERVAL, validators=_INTERVAL
    )
    min_se_s = models.PositiveIntegerField(
        "shortest interval accepted in seconds", default=MIN_SE, validators=_INTERVAL
    )
    # RFC 4028 §7.1 recommends that the caller leaves the choice to the negotiation.
    refresher = models.CharField("who refreshes", max_length=8, choices=RefreshBy, default=RefreshBy.PEER)
    refresh_method = models.CharField(max_length=8, choices=RefreshMethod, default=RefreshMethod.AUTO)
    longest_call_s = models.PositiveIntegerField(
        "longest call in seconds",
        null=True,
        blank=True,
        validators=[MinValueValidator(SHORTEST_CALL_S), MaxValueValidator(LONGEST_S)],
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mode__in=SessionTimerMode.values), name="session_timer_policy_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(session_interval_s__range=(MIN_SE, LONGEST_S)),
                name="session_timer_policy_interval",
            ),
            models.CheckConstraint(
                condition=Q(min_se_s__range=(MIN_SE, LONGEST_S)), name="session_timer_policy_min_se"
            ),
            models.CheckConstraint(
                condition=Q(min_se_s__lte=F("session_interval_s")),
                name="session_timer_policy_min_se_within",
                violation_error_message="Use at most the session interval: we would refuse our own.",
            ),
            models.CheckConstraint(
                condition=Q(refresher__in=RefreshBy.values), name="session_timer_policy_refresher_known"
            ),
            models.CheckConstraint(
                condition=Q(refresh_method__in=RefreshMethod.values),
                name="session_timer_policy_method_known",
            ),
            models.CheckConstraint(
                condition=Q(longest_call_s=None) | Q(longest_call_s__range=(SHORTEST_CALL_S, LONGEST_S)),
                name="session_timer_policy_longest_call",
            ),
        ]

    def __str__(self) -> str:
        if self.mode == SessionTimerMode.OFF:
            return "off"
        return f"{self.get_mode_display().lower()}, {self.session_interval_s} s"
