"""How gateways are watched, what is known of them, and what they answered over time."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tenants.models import Tenant, TenantOwned, VersionedOwned
from tenants.scope import ScopedManager
from trunks.enums import (
    HealthState,
)
from trunks.models.gateways import Gateway
from trunks.models.trunks import Trunk

JITTER = 0.1
"""Each interval is longer or shorter by up to this share, so that gateways spread over time."""
SLOW_INTERVAL_S = 300
"""A gateway that is down for a day and still fails is looked at every five minutes at most."""


class HealthPolicy(VersionedOwned):
    """How a trunk's gateways are watched, and how many answers it takes to believe a change."""

    trunk = models.OneToOneField(Trunk, on_delete=models.CASCADE, related_name="health_policy")
    interval_s = models.PositiveIntegerField(
        "interval in seconds", default=30, validators=[MinValueValidator(15), MaxValueValidator(3600)]
    )
    failures_to_down = models.PositiveSmallIntegerField(
        "failures until down", default=3, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    successes_to_up = models.PositiveSmallIntegerField(
        "answers until up", default=2, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(interval_s__range=(15, 3600)), name="health_policy_interval"),
            models.CheckConstraint(
                condition=Q(failures_to_down__range=(1, 10)), name="health_policy_failures"
            ),
            models.CheckConstraint(
                condition=Q(successes_to_up__range=(1, 10)), name="health_policy_successes"
            ),
        ]

    def __str__(self) -> str:
        return (
            f"every {self.interval_s} s, down after {self.failures_to_down}, up after {self.successes_to_up}"
        )


class GatewayHealth(TenantOwned):
    """What is known of a gateway now, and when it is looked at next. Written by the probe workers alone."""

    gateway = models.OneToOneField(Gateway, on_delete=models.CASCADE, related_name="health")
    state = models.CharField(max_length=16, choices=HealthState, default=HealthState.UNKNOWN)
    since = models.DateTimeField(default=timezone.now)
    # Answers in a row that are all worse, or all better, than `state`; the mildest change they agree on.
    streak = models.PositiveSmallIntegerField(default=0)
    streak_is_worse = models.BooleanField(default=False)
    streak_severity = models.PositiveSmallIntegerField(default=0)
    # Due when reached; None while the gateway or its trunk is disabled.
    next_probe_at = models.DateTimeField(null=True, default=timezone.now)
    # Raised by each claim: a worker whose lease ran out finds another number and stores nothing.
    claim = models.BigIntegerField(default=0)
    probe_count = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="Status code of the last answer")
    reason = models.CharField(max_length=128, blank=True)
    cause = models.CharField(max_length=48, blank=True)
    detail = models.CharField(max_length=255, blank=True)
    rtt_us = models.PositiveIntegerField(null=True, help_text="Round trip of the last answer in microseconds")
    target = models.CharField(max_length=64, blank=True, help_text="Address, port and transport last tried")
    server = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=HealthState.values), name="gateway_health_state_known"
            )
        ]
        indexes = [
            # what the tick claims
            models.Index(
                fields=["next_probe_at"], name="gateway_health_due", condition=Q(next_probe_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class StatusChange(TenantOwned):
    """A gateway's state changed. The history that people read, and what alerts start from."""

    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="status_changes")
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="status_changes")
    uri = models.CharField(max_length=255, blank=True, help_text="Where the gateway led then")
    from_state = models.CharField(max_length=16, choices=HealthState)
    to_state = models.CharField(max_length=16, choices=HealthState)
    at = models.DateTimeField()
    previous_since = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    cause = models.CharField(max_length=48, blank=True)
    detail = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            # a trunk's history, newest first
            models.Index(F("tenant"), F("trunk"), F("at").desc(), name="status_change_of_trunk"),
        ]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"

    @property
    def gateway_uri(self) -> str:
        """Where the gateway led then; where it leads now for changes from before that was kept."""
        return self.uri or self.gateway.uri


class ProbeAnswer(TenantOwned):
    """One of a gateway's last 20 answers. A ring: answer n overwrites answer n - 20."""

    KEPT = 20

    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="answers")
    slot = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=128, blank=True)
    cause = models.CharField(max_length=48, blank=True)
    detail = models.CharField(max_length=255, blank=True)
    rtt_us = models.PositiveIntegerField(null=True)
    target = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "gateway", "slot"], name="probe_answer_slot")
        ]

    def __str__(self) -> str:
        return str(self.status or self.cause)


class ProbeHistory(models.Model):
    """Checks of one gateway in a stretch of time. In tables that migration 0003 divides by day.

    The probe workers write them with SQL of their own (`trunks.health.judging`); `trunks.health` reads them.
    A check is `answered` when any final answer came, `healthy` when it was no server error. The others are
    counted by cause in `failures`, a server error too.
    """

    # The rows go with their gateway by the database's own foreign key.
    tenant = models.ForeignKey(Tenant, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    starts_at = models.DateTimeField()
    checks = models.IntegerField()
    answered = models.IntegerField()
    healthy = models.IntegerField()
    failures = models.JSONField(help_text="Cause to count")

    objects: ClassVar[ScopedManager[Any]] = ScopedManager()

    class Meta:
        abstract = True


class ProbeBucket(ProbeHistory):
    """Five minutes of a gateway's checks, kept for 48 hours. The latencies are kept one by one."""

    pk = models.CompositePrimaryKey("tenant_id", "gateway_id", "starts_at")
    latencies_us = ArrayField(models.IntegerField())

    class Meta:
        managed = False
        db_table = "trunks_probebucket"

    def __str__(self) -> str:
        return f"{self.healthy} of {self.checks}"


class ProbeHour(ProbeHistory):
    """An hour of a gateway's checks, kept for 90 days."""

    pk = models.CompositePrimaryKey("tenant_id", "gateway_id", "starts_at")
    latency_min_us = models.IntegerField(null=True)
    latency_mean_us = models.IntegerField(null=True)
    latency_p95_us = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "trunks_probehour"

    def __str__(self) -> str:
        return f"{self.healthy} of {self.checks}"


class AddressAllowance(models.Model):
    """How many probes an address may get now: one token bucket for all tenants and workers together."""

    address = models.CharField(max_length=45, primary_key=True)
    tokens = models.FloatField()
    granted = models.IntegerField(help_text="How many the last taking got")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.address
