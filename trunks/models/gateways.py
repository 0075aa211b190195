"""Gateways: where a carrier takes SIP."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from tenants.models import VersionedOwned
from trunks.enums import (
    Transport,
)
from trunks.models.trunks import Trunk


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
