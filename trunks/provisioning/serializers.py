"""What the API says of trunks at Twilio, and what it takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.serializers import OneOf, StrictSerializer, VersionedSerializer
from trunks.enums import BusinessState, DifferenceKind, ProvisionKind, ProvisionState, TransferMode
from trunks.models import ProviderAccount, TrunkProvision
from trunks.models.provisioning import LONGEST_LABEL
from trunks.provisioning.queries import SipAddress, differences_of, sip_addresses
from trunks.provisioning.wording import ShownDifference


class DifferenceSerializer(serializers.Serializer[ShownDifference]):
    """One thing in which Twilio differs."""

    key = serializers.CharField(help_text="Names it, for `apply/` and `take/`")
    part = serializers.CharField(help_text="What kind of thing at Twilio, such as `target`")
    kind = serializers.ChoiceField(DifferenceKind.choices)
    title = serializers.CharField(help_text="In words")
    ours = serializers.CharField(help_text="What is wanted; empty for nothing, and for passwords")
    theirs = serializers.CharField(help_text="What Twilio has")
    put = serializers.CharField(help_text="What `apply/` does about it")
    take = serializers.CharField(help_text="What `take/` does about it; empty where it cannot be taken over")
    cannot_take = serializers.CharField(help_text="Why it cannot be taken over; empty where it can")


class NoteSerializer(serializers.Serializer[Any]):
    """What Twilio cannot be told, or what people should know."""

    code = serializers.CharField()
    text = serializers.CharField()
    is_blocking = serializers.BooleanField(help_text="Nothing is put there before it is mended")


class SipAddressSerializer(serializers.Serializer[SipAddress]):
    """What callers dial at Twilio."""

    title = serializers.CharField()
    uri = serializers.CharField(help_text="With `{agent}` or `{number}` in the place of what is called")


class BusinessSerializer(serializers.Serializer[ProviderAccount]):
    """How far Twilio's approval is of the business behind the account, and what it limits."""

    state = serializers.ChoiceField(BusinessState.choices, source="business_state")
    error = serializers.CharField(source="business_error", help_text="Why it was rejected")
    calls_at_once = serializers.IntegerField(
        allow_null=True, help_text="How many calls through Twilio the account holds; null: no known limit"
    )
    read_at = serializers.DateTimeField(source="business_read_at", allow_null=True)


class ProvisionSettingsSerializer(VersionedSerializer):
    """A trunk at Twilio: its settings, how it compares, and the plan."""

    kind = serializers.ChoiceField(ProvisionKind.choices, read_only=True)
    domain_label = serializers.CharField(
        max_length=LONGEST_LABEL,
        allow_blank=True,
        default="",
        help_text="First part of the domain at Twilio; empty: one is made up",
    )
    secure = serializers.BooleanField(
        required=False,
        help_text="Only TLS with SRTP. Left out: whether all gateways are reached over TLS",
    )
    transfer_mode = OneOf(
        TransferMode.choices, default=TransferMode.NONE, help_text="Of an Elastic SIP trunk"
    )
    auto_apply = serializers.BooleanField(
        default=False, help_text="Edits are applied at once, unless something was changed at Twilio"
    )
    domain_name = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(ProvisionState.choices, read_only=True)
    error = serializers.CharField(read_only=True, help_text="What failed, and what to do")
    error_code = serializers.CharField(read_only=True)
    account_error = serializers.CharField(
        source="account.error", read_only=True, help_text="Why there is no account at Twilio yet"
    )
    plan = serializers.CharField(
        source="plan_fingerprint", read_only=True, help_text="Names the plan, for `apply/` and `take/`"
    )
    differences = serializers.SerializerMethodField(help_text="The plan: how Twilio differs")
    notes = NoteSerializer(many=True, read_only=True)
    sip_addresses = serializers.SerializerMethodField()
    business = BusinessSerializer(source="account", read_only=True)
    observed_at = serializers.DateTimeField(read_only=True)
    applied_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field(DifferenceSerializer(many=True))
    def get_differences(self, row: TrunkProvision) -> list[dict[str, Any]]:
        return [dict(DifferenceSerializer(each).data) for each in differences_of(row)]

    @extend_schema_field(SipAddressSerializer(many=True))
    def get_sip_addresses(self, row: TrunkProvision) -> list[dict[str, Any]]:
        return [dict(SipAddressSerializer(each).data) for each in sip_addresses(row)]


class ProvisionSerializer(ProvisionSettingsSerializer):
    """As it is made: what it is at Twilio is chosen once."""

    kind = OneOf(ProvisionKind.choices)


class PlanSerializer(StrictSerializer):
    """Which plan was looked at, and what of it is meant."""

    plan = serializers.CharField(max_length=64, help_text="The `plan` that you have read")
    keys = serializers.ListField(
        child=serializers.CharField(max_length=300),
        default=list,
        max_length=500,
        help_text="Keys of differences; none: all of them",
    )


class TakenPlanSerializer(PlanSerializer):
    """Which plan was looked at, and what of it is to be taken over."""

    keys = serializers.ListField(
        child=serializers.CharField(max_length=300), min_length=1, max_length=500, help_text="Of differences"
    )


class TrunkNumberSerializer(StrictSerializer):
    """A bought number on an Elastic SIP trunk."""

    id = serializers.UUIDField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    phone_number_id = serializers.UUIDField()
    number = serializers.CharField(source="phone_number.number", read_only=True)
