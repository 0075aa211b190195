"""What the API says of how a trunk writes numbers, and what it takes."""

from rest_framework import serializers

from tenants.serializers import OneOf, VersionedSerializer
from trunks.enums import (
    NumberFormat,
)


class NumberRuleSerializer(VersionedSerializer):
    """How numbers are written to the carrier."""

    dial_format = OneOf(
        NumberFormat.choices,
        default=NumberFormat.E164_PLUS,
        help_text="Of called numbers: Request-URI and To",
    )
    caller_id_format = OneOf(
        NumberFormat.choices, default=NumberFormat.E164_PLUS, help_text="Of From and P-Asserted-Identity"
    )
    home_country = serializers.CharField(
        max_length=2,
        allow_blank=True,
        default="",
        help_text="ISO 3166 code, such as DE. Needed for the format `national`.",
    )
    international_prefix = serializers.CharField(
        max_length=6,
        allow_blank=True,
        default="",
        help_text="Such as 00 or 011. Needed for the formats `international` and `national`.",
    )
    strip_digits = serializers.IntegerField(
        min_value=0,
        max_value=9,
        default=0,
        help_text="How many leading digits of called numbers to leave out",
    )
    dial_prefix = serializers.CharField(
        max_length=16, allow_blank=True, default="", help_text="Digits, * and # before every called number"
    )
    sends_asserted_identity = serializers.BooleanField(
        default=False, help_text="Whether P-Asserted-Identity is sent (RFC 3325)"
    )
