"""Calls that go on now, as far as somebody has to end them when they should not go on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tenants.models import TenantOwned
from trunks.enums import EndReason, LiveCallState
from trunks.models.trunks import Trunk

OVER_STATES = (LiveCallState.ENDED, LiveCallState.LOST)


class LiveCall(TenantOwned):
    """A call that was answered, and until when it may go on. Written by `trunks.live_calls.watching` alone.

    `provider` says who ends it ("dialog": we, by BYE), `reference` which call that is there. It outlives its
    trunk: a call goes on whatever is deleted here.
    """

    trunk = models.ForeignKey(Trunk, on_delete=models.SET_NULL, null=True, related_name="live_calls")
    provider = models.CharField(max_length=32)
    reference = models.CharField(max_length=255)
    state = models.CharField(max_length=16, choices=LiveCallState, default=LiveCallState.LIVE)
    answered_at = models.DateTimeField()
    session_interval_s = models.PositiveIntegerField(null=True, help_text="None: no session timer")
    refresh_overdue_at = models.DateTimeField(null=True, help_text="When the waiting side hangs up")
    too_long_at = models.DateTimeField(null=True, help_text="None: it may last any length of time")
    # Due when reached; None when nothing limits the call, or it is over.
    next_look_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    # Raised by each claim: a worker whose lease ran out finds another number and puts nothing off.
    claim = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(
        max_length=255, blank=True, help_text="What the last attempt to end it came to"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-answered_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "provider", "reference"], name="live_call_once"),
            models.CheckConstraint(condition=~Q(provider="") & ~Q(reference=""), name="live_call_named"),
            models.CheckConstraint(
                condition=Q(reason__in=["", *EndReason.values]), name="live_call_reason_known"
            ),
            models.CheckConstraint(
                condition=Q(session_interval_s=None, refresh_overdue_at=None)
                | Q(
                    session_interval_s__isnull=False,
                    session_interval_s__gt=0,
                    refresh_overdue_at__isnull=False,
                ),
                name="live_call_timer_whole",
            ),
            models.CheckConstraint(
                condition=Q(state=LiveCallState.LIVE, ended_at=None, reason="")
                | (Q(state=LiveCallState.ENDING, ended_at=None) & ~Q(reason=""))
                | Q(state__in=OVER_STATES, ended_at__isnull=False, next_look_at=None),
                name="live_call_state_whole",
            ),
        ]
        indexes = [
            # what the sweep claims
            models.Index(
                fields=["next_look_at"], name="live_call_due", condition=Q(next_look_at__isnull=False)
            ),
            # what is forgotten after a while
            models.Index(fields=["ended_at"], name="live_call_over", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reference}"
