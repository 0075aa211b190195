"""What the API says of certificates, and what it takes. Private keys go in and never come out."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from tenants.serializers import VersionedSerializer, WithWarnings
from trunks.certificates.reading import LONGEST_KEY, LONGEST_PEM


class ExpiringSerializer(VersionedSerializer):
    """Certificates that end some day."""

    name = serializers.CharField(max_length=100, trim_whitespace=False)
    certificates = serializers.CharField(
        max_length=LONGEST_PEM, trim_whitespace=False, help_text="PEM; answered with nothing else in it"
    )
    subject = serializers.CharField(
        read_only=True, help_text="Of the first certificate, as RFC 4514 writes it"
    )
    issuer = serializers.CharField(read_only=True)
    fingerprint_sha256 = serializers.CharField(
        source="fingerprint", read_only=True, help_text="Of the first certificate, in hexadecimal digits"
    )
    certificate_count = serializers.IntegerField(read_only=True)
    not_before = serializers.DateTimeField(read_only=True, help_text="From when on all of them are valid")
    not_after = serializers.DateTimeField(read_only=True, help_text="When the first of them ends")

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        found = {"name": str(uuid.uuid4())} if "name" in wrong else {}
        return found | {name: "" for name in ("certificates", "private_key") if name in wrong}


class TrustedAuthoritySerializer(ExpiringSerializer):
    """Authorities that vouch for the peer of a gateway, in place of the public ones."""


class SavedAuthoritySerializer(TrustedAuthoritySerializer, WithWarnings):
    """Authorities as they were just stored, with what somebody should look at."""

    clear_secrets = serializers.BooleanField(
        write_only=True,
        default=False,
        help_text="Needed where a key that was not trusted before clears the passwords of trunks",
    )


class ClientCertificateSerializer(ExpiringSerializer):
    """A certificate that is shown to a peer who asks: ours first, then those that lead to its authority."""

    private_key = serializers.CharField(
        max_length=LONGEST_KEY,
        write_only=True,
        trim_whitespace=False,
        help_text="PEM, without a passphrase. Sealed; left out of an edit, the stored one stays",
    )
