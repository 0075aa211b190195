"""What the API says of phone numbers and of how a trunk writes them, and what it takes."""

from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from tenants.serializers import OneOf, StrictSerializer, VersionedSerializer
from trunks.enums import (
    Attestation,
    JobState,
    NumberFormat,
    NumberKind,
    NumberSource,
    NumberState,
    PaperState,
    VerificationState,
)
from trunks.models.numbers import LONGEST_LABEL


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


class PhoneNumberSerializer(VersionedSerializer):
    """A phone number, bought or on a trunk, and how far it is."""

    number = serializers.CharField(
        max_length=40, help_text="International, with +; answered as E.164 without separators"
    )
    # Names of fields here, which DRF's metaclass takes away from the class.
    label = serializers.CharField(  # type: ignore[assignment]  # see above
        max_length=LONGEST_LABEL, allow_blank=True, default=""
    )
    source = serializers.ChoiceField(NumberSource.choices, read_only=True)  # type: ignore[assignment]  # too
    state = serializers.ChoiceField(NumberState.choices, read_only=True)
    error = serializers.CharField(read_only=True, help_text="Why it was not bought, and what to do")
    country = serializers.CharField(read_only=True, help_text="ISO 3166 code; empty for no country's")
    kind = serializers.ChoiceField(NumberKind.choices, read_only=True)
    trunk_id = serializers.UUIDField(
        allow_null=True, default=None, help_text="The trunk that your own number rides on; null: buy it"
    )
    address_sid = serializers.CharField(
        max_length=34, allow_blank=True, default="", help_text="The address that the law asks for (AD…)"
    )
    bundle_sid = serializers.CharField(
        max_length=34, allow_blank=True, default="", help_text="The approved papers it asks for (BU…)"
    )
    has_voice = serializers.BooleanField(read_only=True)
    has_sms = serializers.BooleanField(read_only=True)
    has_mms = serializers.BooleanField(read_only=True)
    attestation = serializers.ChoiceField(
        Attestation.choices,
        read_only=True,
        allow_blank=True,
        help_text="What calls are expected to be signed with; empty where your carrier decides that",
    )
    emergency_state = serializers.ChoiceField(PaperState.choices, read_only=True)
    messaging_state = serializers.ChoiceField(PaperState.choices, read_only=True)
    messaging_detail = serializers.CharField(read_only=True, help_text="Why messages were refused")
    verified_at = serializers.DateTimeField(read_only=True, help_text="When your own number was verified")
    active_at = serializers.DateTimeField(read_only=True)
    over_at = serializers.DateTimeField(read_only=True)

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {"number": "+12025550100"} if "number" in wrong else {}


class LabelSerializer(PhoneNumberSerializer):
    """A phone number that is edited: nothing but its label can be."""

    number = serializers.CharField(read_only=True)
    trunk_id = serializers.UUIDField(read_only=True)
    address_sid = serializers.CharField(read_only=True)
    bundle_sid = serializers.CharField(read_only=True)


class VerificationSerializer(StrictSerializer):
    """A call that verifies a number of your own: whoever answers types the code."""

    id = serializers.UUIDField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    extension = serializers.RegexField(
        r"^[0-9]{1,8}$", allow_blank=True, default="", help_text="Dialled when somebody answers"
    )
    state = serializers.ChoiceField(VerificationState.choices, read_only=True)
    code = serializers.CharField(read_only=True, help_text="To be typed while the state is `calling`")
    error = serializers.CharField(read_only=True)
    error_code = serializers.CharField(read_only=True)
    called_at = serializers.DateTimeField(read_only=True)
    ended_at = serializers.DateTimeField(read_only=True)


class EmergencyAddressSerializer(StrictSerializer):
    """Where help is to be sent when somebody calls an emergency number, in the number's country."""

    customer_name = serializers.CharField(max_length=100, help_text="Who is found there")
    street = serializers.CharField(max_length=100)
    street_more = serializers.CharField(max_length=100, allow_blank=True, default="")
    city = serializers.CharField(max_length=100)
    region = serializers.CharField(max_length=100, help_text="State or province, such as CA")
    postal_code = serializers.CharField(max_length=20)
    state = serializers.ChoiceField(PaperState.choices, read_only=True, source="phone_number.emergency_state")
    error = serializers.CharField(
        read_only=True, help_text="Why it was refused; correct it and send it again"
    )
    error_code = serializers.CharField(read_only=True)


class FoundNumberSerializer(serializers.Serializer[Any]):
    """A number for sale."""

    number = serializers.CharField(help_text="E.164; send it to /phone-numbers/ to buy it")
    country = serializers.CharField()
    kind = serializers.ChoiceField(NumberKind.choices)
    locality = serializers.CharField()
    region = serializers.CharField()
    address = serializers.CharField(help_text="Which address the law asks for: none, any, local or foreign")
    has_voice = serializers.BooleanField()
    has_sms = serializers.BooleanField()
    has_mms = serializers.BooleanField()


class NumberRegulationSerializer(serializers.Serializer[Any]):
    """What the law asks a business for before such a number is handed over."""

    name = serializers.CharField()
    documents = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), help_text="Of each group, one is enough"
    )


class NumberSearchSerializer(StrictSerializer):
    """A search among the numbers for sale: what is wanted, and what was found."""

    id = serializers.UUIDField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    country = serializers.CharField(max_length=2, help_text="ISO 3166 code, such as US")
    kind = OneOf(NumberKind.choices, default=NumberKind.LOCAL)
    area_code = serializers.RegexField(
        r"^[2-9][0-9]{2}$", allow_blank=True, default="", help_text="In the US and Canada"
    )
    contains = serializers.RegexField(
        r"^[0-9A-Za-z*]{2,16}$",
        allow_blank=True,
        default="",
        help_text="2 to 16 digits, letters as on a keypad, and * for any digit",
    )
    needs_voice = serializers.BooleanField(default=True)
    needs_sms = serializers.BooleanField(default=False)
    needs_mms = serializers.BooleanField(default=False)
    state = serializers.ChoiceField(JobState.choices, read_only=True)
    error = serializers.CharField(read_only=True)
    found = FoundNumberSerializer(many=True, read_only=True)
    regulations = NumberRegulationSerializer(many=True, read_only=True)
