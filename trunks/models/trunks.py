"""Trunks, what belongs to them, and what is known of their health."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.fields import EncryptedTextField
from tenants.models import Tenant, TenantOwned, VersionedOwned
from tenants.scope import ScopedManager
from trunks.enums import (
    Authentication,
    ClearedBecause,
    CredentialDirection,
    Direction,
    HealthState,
    NumberFormat,
    Transport,
)


def _uses(*formats: NumberFormat) -> Q:
    return Q(dial_format__in=formats) | Q(caller_id_format__in=formats)


class Trunk(VersionedOwned):
    """A tenant's connection to a carrier."""

    name = models.CharField(max_length=100)
    direction = models.CharField(max_length=16, choices=Direction, default=Direction.BOTH)
    authentication = ArrayField(
        models.CharField(max_length=16, choices=Authentication), default=list, blank=True
    )
    is_enabled = models.BooleanField("enabled", default=True)
    notes = models.TextField(max_length=2000, blank=True)
    # How numbers are written to the carrier; `trunks.number_format` applies it.
    dial_format = models.CharField(
        "format of called numbers", max_length=16, choices=NumberFormat, default=NumberFormat.E164_PLUS
    )
    caller_id_format = models.CharField(
        "format of caller ids", max_length=16, choices=NumberFormat, default=NumberFormat.E164_PLUS
    )
    home_country = models.CharField(
        max_length=2,
        blank=True,
        help_text="ISO 3166 code, such as DE: whose numbers are national",
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", "Write the country as two capital letters, such as DE.")],
    )
    international_prefix = models.CharField(
        max_length=6,
        blank=True,
        help_text="What is dialled before a country code, such as 00 or 011",
        validators=[RegexValidator(r"\A[0-9]+\Z", "Write digits alone, such as 00 or 011.")],
    )
    strip_digits = models.PositiveSmallIntegerField(
        "leading digits to leave out", default=0, validators=[MaxValueValidator(9)]
    )
    dial_prefix = models.CharField(
        "fixed prefix",
        max_length=16,
        blank=True,
        help_text="Put in front of every called number",
        validators=[RegexValidator(r"\A[0-9*#]+\Z", "Write digits, * and # alone.")],
    )
    sends_asserted_identity = models.BooleanField("sends P-Asserted-Identity", default=False)
    # Which carrier preset it was made from, and the version of the facts that were seen last.
    preset_key = models.SlugField("carrier preset", max_length=40, blank=True, editable=False)
    preset_version = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="trunk_name_once",
                violation_error_message="You have a trunk of this name.",
            ),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="trunk_direction_known"),
            models.CheckConstraint(
                condition=Q(authentication__contained_by=Authentication.values),
                name="trunk_authentication_known",
            ),
            models.CheckConstraint(
                condition=Q(dial_format__in=NumberFormat.values), name="trunk_dial_format_known"
            ),
            models.CheckConstraint(
                condition=Q(caller_id_format__in=NumberFormat.values), name="trunk_caller_id_format_known"
            ),
            models.CheckConstraint(
                condition=Q(home_country__regex="^([A-Z]{2})?$"), name="trunk_home_country_letters"
            ),
            models.CheckConstraint(
                condition=Q(international_prefix__regex="^[0-9]*$"), name="trunk_international_prefix_digits"
            ),
            models.CheckConstraint(
                condition=Q(dial_prefix__regex="^[0-9*#]*$"), name="trunk_dial_prefix_characters"
            ),
            models.CheckConstraint(condition=Q(strip_digits__lte=9), name="trunk_strip_digits_range"),
            models.CheckConstraint(
                condition=Q(preset_key="", preset_version=None)
                | ~Q(preset_key="") & Q(preset_version__isnull=False, preset_version__gte=1),
                name="trunk_preset_whole",
            ),
            models.CheckConstraint(
                condition=~_uses(NumberFormat.NATIONAL) | ~Q(home_country=""),
                name="trunk_national_needs_country",
                violation_error_message="Choose the country whose numbers are written nationally.",
            ),
            models.CheckConstraint(
                condition=~_uses(NumberFormat.NATIONAL, NumberFormat.INTERNATIONAL)
                | ~Q(international_prefix=""),
                name="trunk_international_needs_prefix",
                violation_error_message="Enter what is dialled before a country code, such as 00 or 011.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Gateway(VersionedOwned):
    """One place where a carrier takes SIP: what `uri` says, kept in parts as well."""

    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="gateways")
    uri = models.CharField(
        "SIP URI", max_length=255, help_text="As it will be sent, such as sip:sip.example.com;transport=tls"
    )
    host = models.CharField(max_length=253, editable=False)
    port = models.PositiveIntegerField(
        null=True, editable=False, help_text="None: what DNS or the transport says"
    )
    transport = models.CharField(max_length=3, choices=Transport, editable=False)
    priority = models.PositiveIntegerField(
        default=10, validators=[MaxValueValidator(65535)], help_text="The lowest is tried first."
    )
    weight = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text="How calls are shared among gateways of the same priority.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    trusted_authority = models.ForeignKey(
        "trunks.TrustedAuthority",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="gateways",
        help_text="Who vouches for the peer over TLS; none: the public authorities",
    )
    client_certificate = models.ForeignKey(
        "trunks.ClientCertificate",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="gateways",
        help_text="What is shown to a peer who asks for it over TLS",
    )
    moved_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When host, port or transport changed last: figures count from then",
    )

    class Meta:
        ordering = ["priority", "-weight", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "trunk", "host", "port", "transport"],
                name="gateway_once",
                nulls_distinct=False,
                violation_error_message="This trunk has a gateway with the same host, port and transport.",
            ),
            models.CheckConstraint(
                condition=Q(transport__in=Transport.values), name="gateway_transport_known"
            ),
            models.CheckConstraint(condition=Q(priority__lte=65535), name="gateway_priority_range"),
            models.CheckConstraint(condition=Q(weight__range=(1, 65535)), name="gateway_weight_range"),
            models.CheckConstraint(
                condition=Q(port=None) | Q(port__range=(1, 65535)), name="gateway_port_range"
            ),
            models.CheckConstraint(
                condition=Q(transport=Transport.TLS) | Q(trusted_authority=None, client_certificate=None),
                name="gateway_certificates_need_tls",
            ),
        ]
        # support searches by host, across tenants
        indexes = [models.Index(fields=["host"], name="gateway_host")]

    def __str__(self) -> str:
        return self.uri


class AllowedNetwork(VersionedOwned):
    """A network from which the carrier's calls are accepted."""

    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="allowed_networks")
    cidr = models.CharField("network", max_length=49, help_text="Such as 203.0.113.0/24 or 2001:db8::/48")
    note = models.CharField(max_length=100, blank=True)
    wide_confirmed = models.BooleanField(default=False, help_text="Wider than /24 or /48, and meant so")

    class Meta:
        ordering = ["cidr"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "trunk", "cidr"],
                name="allowed_network_once",
                violation_error_message="This network is on the list.",
            ),
            models.CheckConstraint(condition=~Q(cidr__endswith="/0"), name="allowed_network_not_everything"),
        ]

    def __str__(self) -> str:
        return self.cidr


class DigestCredential(VersionedOwned):
    """A user name and password for SIP digest. The password is sealed and never shown again."""

    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="credentials")
    direction = models.CharField(
        max_length=16, choices=CredentialDirection, default=CredentialDirection.OUTBOUND
    )
    username = models.CharField("user name", max_length=128)
    realm = models.CharField(
        max_length=128,
        blank=True,
        help_text="Leave empty unless your carrier names one; if set, no other is answered.",
    )
    secret = EncryptedTextField(null=True)
    secret_set_at = models.DateTimeField(null=True, editable=False)
    bound_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        editable=False,
        help_text="The only hosts that the password may be sent to",
    )
    cleared_because = models.CharField(max_length=20, choices=ClearedBecause, blank=True, editable=False)

    class Meta:
        ordering = ["direction", "username"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "trunk", "direction", "username", "realm"],
                name="digest_credential_once",
                violation_error_message="This trunk has a credential with the same user name and realm.",
            ),
            models.CheckConstraint(
                condition=Q(direction__in=CredentialDirection.values),
                name="digest_credential_direction_known",
            ),
            models.CheckConstraint(
                condition=Q(cleared_because="") | Q(cleared_because__in=ClearedBecause.values, secret=None),
                name="digest_credential_cleared",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username}@{self.realm}" if self.realm else self.username


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
