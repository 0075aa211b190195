"""Registrations: what a customer wants bound, what is known of the binding, and how it came about."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tenants.fields import EncryptedTextField
from tenants.models import TenantOwned, VersionedOwned
from trunks.enums import RegistrationState, RegistrationStep, Transport
from trunks.models.access import DigestCredential
from trunks.models.certificates import ClientCertificate, TrustedAuthority
from trunks.models.trunks import Trunk

SHORTEST_EXPIRES_S = 60
LONGEST_EXPIRES_S = 86_400


class Registration(VersionedOwned):
    """Where and as whom a trunk registers (RFC 3261 §10)."""

    trunk = models.OneToOneField(Trunk, on_delete=models.CASCADE, related_name="registration")
    registrar = models.CharField(
        max_length=255, help_text="Your carrier's registrar, such as sip:sip.example.com"
    )
    host = models.CharField(max_length=253, editable=False)
    transport = models.CharField(max_length=3, choices=Transport, editable=False)
    username = models.CharField(
        "user", max_length=128, help_text="The user part of the address that is registered"
    )
    credential = models.ForeignKey(
        DigestCredential,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        help_text="The user name and password that answer the registrar's challenge",
    )
    expires_s = models.PositiveIntegerField(
        "interval in seconds",
        default=3600,
        validators=[MinValueValidator(SHORTEST_EXPIRES_S), MaxValueValidator(LONGEST_EXPIRES_S)],
        help_text="How long the carrier is asked to keep it. It is refreshed in time.",
    )
    is_paused = models.BooleanField("paused", default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_s__range=(SHORTEST_EXPIRES_S, LONGEST_EXPIRES_S)),
                name="registration_interval",
            ),
            models.CheckConstraint(
                condition=Q(transport__in=Transport.values), name="registration_transport_known"
            ),
            models.CheckConstraint(condition=~Q(username=""), name="registration_user_named"),
        ]
        # support searches by host, across tenants
        indexes = [models.Index(fields=["host"], name="registration_host")]

    def __str__(self) -> str:
        return f"{self.username} at {self.host}"


class RegistrationStatus(TenantOwned):
    """What is known of a registration now, and what happens next. Written by the workers and the services.

    Call-ID, tag and Contact stay the same and `cseq` only rises for as long as registrar and user do
    (RFC 3261 §10.2.4), whichever worker sends.
    """

    registration = models.OneToOneField(Registration, on_delete=models.CASCADE, related_name="status")
    state = models.CharField(max_length=16, choices=RegistrationState, default=RegistrationState.REGISTERING)
    since = models.DateTimeField(default=timezone.now)
    cause = models.CharField(max_length=48, blank=True)
    detail = models.CharField(max_length=255, blank=True)
    code = models.PositiveSmallIntegerField(null=True, help_text="Status code of the last answer")
    # The identity on the wire.
    call_id = models.CharField(max_length=64)
    from_tag = models.CharField(max_length=32)
    contact = models.CharField(max_length=255, blank=True, help_text="As first sent; empty until then")
    cseq = models.BigIntegerField(default=0, help_text="The highest number that may have been sent")
    # The binding.
    granted_s = models.PositiveIntegerField(null=True)
    min_expires_s = models.PositiveIntegerField(null=True, help_text="What a 423 asked for")
    registered_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="When the carrier forgets us, unless refreshed")
    # What happens next. Due when reached; None while an edit is waited for, or paused.
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    has_slot = models.BooleanField(
        default=False, help_text="`next_attempt_at` is a time that the registrar's pace allows"
    )
    removing = models.BooleanField(default=False, help_text="The next attempt takes the binding away")
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row")
    refusals = models.PositiveSmallIntegerField(default=0, help_text="Of the credentials, in a row")
    retry_after_s = models.PositiveIntegerField(null=True, help_text="What the carrier asked us to wait")
    # Raised by each claim: a worker whose lease ran out finds another number and stores nothing.
    claim = models.BigIntegerField(default=0)
    attempt_count = models.BigIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RegistrationState.values), name="registration_status_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=RegistrationState.REGISTERED) | Q(expires_at__isnull=False),
                name="registration_status_registered_until",
            ),
        ]
        indexes = [
            # what the tick claims
            models.Index(
                fields=["next_attempt_at"],
                name="registration_status_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class RegistrationChange(TenantOwned):
    """A registration's state changed. The timeline that people read, and what alerts start from."""

    trunk = models.ForeignKey(Trunk, on_delete=models.CASCADE, related_name="registration_changes")
    from_state = models.CharField(max_length=16, choices=RegistrationState)
    to_state = models.CharField(max_length=16, choices=RegistrationState)
    at = models.DateTimeField()
    cause = models.CharField(max_length=48, blank=True)
    detail = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(F("tenant"), F("trunk"), F("at").desc(), name="registration_change_of_trunk"),
        ]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class RegistrationAttempt(TenantOwned):
    """One of a registration's last attempts, with its messages. A ring: attempt n overwrites n - KEPT."""

    KEPT = 30

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="attempts")
    slot = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    step = models.CharField(max_length=16, choices=RegistrationStep)
    code = models.PositiveSmallIntegerField(null=True)
    cause = models.CharField(max_length=48, blank=True)
    detail = models.CharField(max_length=255, blank=True)
    granted_s = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    target = models.CharField(max_length=64, blank=True)
    messages = models.JSONField(default=list, help_text="What was sent and answered, secrets taken out")

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "registration", "slot"], name="registration_attempt_slot"
            )
        ]

    def __str__(self) -> str:
        return str(self.code or self.cause)


class RegistrationFarewell(TenantOwned):
    """A binding that is still to be taken away, though what it belonged to was edited or deleted."""

    registrar = models.CharField(max_length=255)
    username = models.CharField(max_length=128)
    contact = models.CharField(max_length=255)
    call_id = models.CharField(max_length=64)
    from_tag = models.CharField(max_length=32)
    cseq = models.BigIntegerField()
    auth_username = models.CharField(max_length=128, blank=True)
    realm = models.CharField(max_length=128, blank=True)
    secret = EncryptedTextField(null=True)
    trusted_authority = models.ForeignKey(
        TrustedAuthority, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    client_certificate = models.ForeignKey(
        ClientCertificate, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # After this the carrier has forgotten it by itself.
    expires_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(default=timezone.now)
    has_slot = models.BooleanField(default=False, help_text="As of a registration")
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at"], name="registration_farewell_due")]

    def __str__(self) -> str:
        return f"{self.username} at {self.registrar}"


class RegistrarPace(models.Model):
    """When a registrar may next be asked: one row for all tenants and workers together."""

    host = models.CharField(max_length=253, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host
