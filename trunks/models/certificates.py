"""What a tenant's gateways trust and show over TLS."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tenants.fields import EncryptedTextField
from tenants.models import VersionedOwned
from trunks.enums import ExpiryStage

LONGEST_SUBJECT = 255


class Expiring(VersionedOwned):
    """Certificates that end some day. What they say is kept beside them: `subject` and so on of the first."""

    name = models.CharField(max_length=100)
    certificates = models.TextField(help_text="PEM, nothing else in it")
    subject = models.CharField(max_length=LONGEST_SUBJECT, editable=False)
    issuer = models.CharField(max_length=LONGEST_SUBJECT, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False, help_text="SHA-256, in hexadecimal digits")
    certificate_count = models.PositiveSmallIntegerField(editable=False)
    not_before = models.DateTimeField("valid from", editable=False)
    not_after = models.DateTimeField(
        "valid until", editable=False, help_text="When the first of them ends, whichever that is"
    )
    expiry_told = models.CharField(
        max_length=8,
        choices=ExpiryStage,
        blank=True,
        editable=False,
        help_text="What an incident has told of the end",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class TrustedAuthority(Expiring):
    """Certificate authorities that a gateway's peer must be vouched for by, in place of the public ones."""

    class Meta:
        verbose_name = "trusted authority"
        verbose_name_plural = "trusted authorities"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="trusted_authority_name_once",
                violation_error_message="You have an authority of this name.",
            ),
            models.CheckConstraint(condition=~Q(certificates=""), name="trusted_authority_not_empty"),
            models.CheckConstraint(
                condition=Q(expiry_told__in=["", *ExpiryStage.values]), name="trusted_authority_stage_known"
            ),
        ]
        # what the daily watch looks for, across tenants
        indexes = [models.Index(fields=["not_after"], name="trusted_authority_ends")]


class ClientCertificate(Expiring):
    """A certificate that we show to a peer who asks, ours first, with its sealed key."""

    secret = EncryptedTextField(help_text="The private key")

    class Meta:
        verbose_name = "client certificate"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="client_certificate_name_once",
                violation_error_message="You have a client certificate of this name.",
            ),
            models.CheckConstraint(
                condition=~Q(certificates="") & ~Q(secret=""), name="client_certificate_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(expiry_told__in=["", *ExpiryStage.values]), name="client_certificate_stage_known"
            ),
        ]
        indexes = [models.Index(fields=["not_after"], name="client_certificate_ends")]
