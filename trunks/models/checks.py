"""Readiness checks: what was asked, what was found, the calls they placed, and who may read a report."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tenants.enums import ActorKind
from tenants.models import TenantOwned, Versioned
from trunks.enums import CheckState, PlacedCallState, Transport, Verdict
from trunks.models.gateways import Gateway
from trunks.models.trunks import Trunk

LONGEST_NUMBER = 64
OPEN_STATES = (CheckState.QUEUED, CheckState.RUNNING)


class CheckOptions(TenantOwned):
    """What a check does besides looking whether the carrier is there."""

    register = models.BooleanField(default=False, help_text="Register, and remove the binding again")
    call = models.CharField("number to call", max_length=LONGEST_NUMBER, blank=True)
    caller = models.CharField("number to call from", max_length=LONGEST_NUMBER, blank=True)

    class Meta:
        abstract = True


class ReadinessCheck(CheckOptions):
    """One walk over a trunk's gateways, from name to hang-up.

    `steps` and `trace` hold the objects that `sip check` prints (trace entries with the other end as `peer`
    besides), gateway after gateway; `runs` says which of them belong to which gateway. They hold the true
    causes: `trunks.checks.reports` makes of them what a tenant reads.
    """

    KEPT = 50

    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="checks")
    gateway = models.ForeignKey(
        Gateway, on_delete=models.SET_NULL, null=True, related_name="+", help_text="None: all of them"
    )
    requested_kind = models.CharField(max_length=16, choices=ActorKind)
    requested_by = models.CharField(max_length=254)
    reason = models.CharField(max_length=254, blank=True, help_text="Why support asked for it")
    state = models.CharField(max_length=16, choices=CheckState, default=CheckState.QUEUED)
    # Raised by each claim: a worker whose lease ran out finds another number and stores nothing.
    claim = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True)
    cause = models.CharField(max_length=48, blank=True)
    target = models.CharField(max_length=4000, blank=True)
    problem = models.CharField(max_length=255, blank=True, help_text="Why there is no whole report")
    steps = models.JSONField(default=list)
    trace = models.JSONField(default=list)
    runs = models.JSONField(default=list)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "trunk"],
                condition=Q(state__in=OPEN_STATES),
                name="readiness_check_one_open",
                violation_error_message="A check of this trunk is under way.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CheckState.values), name="readiness_check_state_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["", *Verdict.values]), name="readiness_check_verdict_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, finished_at=None)
                | (~Q(state__in=OPEN_STATES) & Q(finished_at__isnull=False)),
                name="readiness_check_ends_once",
            ),
            models.CheckConstraint(
                condition=~Q(state=CheckState.FINISHED) | ~Q(verdict=""),
                name="readiness_check_finished_says",
            ),
        ]
        indexes = [
            # the newest reports of a trunk
            models.Index(F("tenant"), F("trunk"), F("created_at").desc(), name="readiness_check_of_trunk"),
            # what workers take, and whose lease has ended
            models.Index(
                fields=["created_at"],
                name="readiness_check_queue",
                condition=Q(state=CheckState.QUEUED),
            ),
            models.Index(
                fields=["lease_until"],
                name="readiness_check_leases",
                condition=Q(state=CheckState.RUNNING),
            ),
        ]

    def __str__(self) -> str:
        return f"Check of {self.trunk}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be finished."""
        return self.state in OPEN_STATES


class PlacedCall(TenantOwned):
    """A call placed by a check, stored before its INVITE leaves: whoever finds its worker dead ends it.

    Texts are header values as they went over the wire (see callsphere.sip.agent.placed).
    """

    readiness_check = models.ForeignKey(ReadinessCheck, on_delete=models.CASCADE, related_name="placed_calls")
    state = models.CharField(max_length=16, choices=PlacedCallState)
    address = models.GenericIPAddressField()
    port = models.PositiveIntegerField()
    transport = models.CharField(max_length=3, choices=Transport)
    server_name = models.CharField(max_length=253)
    call_id = models.CharField(max_length=64)
    request_uri = models.TextField()
    via = models.TextField()
    local = models.TextField()
    remote = models.TextField()
    contact = models.TextField()
    cseq = models.BigIntegerField()
    remote_target = models.TextField(blank=True)
    record_route = models.JSONField(default=list)
    # Only of calls that their worker has left behind.
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(
        max_length=255, blank=True, help_text="How it was ended after its worker's end"
    )

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "readiness_check", "call_id"], name="placed_call_once"),
            models.CheckConstraint(
                condition=Q(state__in=PlacedCallState.values), name="placed_call_state_known"
            ),
        ]
        indexes = [
            # what may have to be ended
            models.Index(
                fields=["next_attempt_at"],
                name="placed_call_open",
                condition=~Q(state=PlacedCallState.ENDED),
            ),
        ]

    def __str__(self) -> str:
        return self.call_id


class CheckSchedule(Versioned, CheckOptions):
    """Checking a trunk by itself, from time to time. Off while there is no row."""

    trunk = models.OneToOneField(Trunk, on_delete=models.CASCADE, related_name="check_schedule")
    every_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(168)]
    )
    next_check_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(every_hours__range=(1, 168)), name="check_schedule_hours")
        ]
        # what the tick claims
        indexes = [models.Index(fields=["next_check_at"], name="check_schedule_due")]

    def __str__(self) -> str:
        return f"every {self.every_hours} h"


class CheckShare(TenantOwned):
    """A link that shows one report to whoever has it. The token is kept only as a hash."""

    readiness_check = models.ForeignKey(ReadinessCheck, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.BinaryField(max_length=32, editable=False)
    shared_by = models.CharField(max_length=254)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d}"


class HostAllowance(models.Model):
    """How many checks one carrier's host may get now: one token bucket for all tenants together."""

    host = models.CharField(max_length=253, primary_key=True)
    tokens = models.FloatField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host
