"""How carrier and trunk recognise each other: allowed networks and credentials."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tenants.fields import EncryptedTextField
from tenants.models import VersionedOwned
from trunks.enums import (
    ClearedBecause,
    CredentialDirection,
)
from trunks.models.trunks import Trunk


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
