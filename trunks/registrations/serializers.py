"""What the API says of registrations, and what it takes."""

import uuid
from collections.abc import Collection
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from tenants.serializers import StrictSerializer, VersionedSerializer
from trunks.access.services.credentials import LONGEST_SECRET
from trunks.bindings.wording import Trouble, told, trouble
from trunks.checks.serializers import MessageSerializer
from trunks.enums import RegistrationState, RegistrationStep, Transport
from trunks.health.cause_fields import CauseField, DetailField
from trunks.models import Registration, RegistrationAttempt, RegistrationChange
from trunks.models.registrations import LONGEST_EXPIRES_S, SHORTEST_EXPIRES_S
from trunks.registrations.summaries import known_of
from trunks.wording import is_withheld_alike


class ProblemOfRegistrationSerializer(serializers.Serializer[Trouble]):
    """What is wrong, in words for people."""

    title = serializers.CharField()
    meaning = serializers.CharField()
    fix = serializers.CharField()
    who = serializers.CharField(allow_null=True, help_text="Who has to act: you, carrier or callsphere")
    plan = serializers.CharField(help_text="What we do next; may be empty")


class RegistrationStatusSerializer(serializers.Serializer[Any]):
    """What is known of a registration now, and what happens next."""

    state = serializers.SerializerMethodField()
    headline = serializers.SerializerMethodField(help_text="The state in a few words, as the pages say it")
    since = serializers.DateTimeField(source="status.since", help_text="When it entered the stored state")
    code = serializers.IntegerField(source="status.code", allow_null=True, help_text="Of the last answer")
    cause = CauseField(source="status.cause")
    problem = serializers.SerializerMethodField(help_text="Null while nothing is wrong")
    retry_after_s = serializers.IntegerField(
        source="status.retry_after_s", allow_null=True, help_text="What the carrier asked us to wait"
    )
    granted_s = serializers.IntegerField(
        source="status.granted_s", allow_null=True, help_text="For how long the carrier last took it"
    )
    registered_at = serializers.DateTimeField(source="status.registered_at", allow_null=True)
    expires_at = serializers.DateTimeField(
        source="status.expires_at",
        allow_null=True,
        help_text="When the carrier forgets us unless it is refreshed. Calls come in until then",
    )
    next_attempt_at = serializers.DateTimeField(
        source="status.next_attempt_at",
        allow_null=True,
        help_text="Null while paused, and while a change of user name or password is waited for",
    )

    @extend_schema_field(serializers.ChoiceField(RegistrationState.choices))
    def get_state(self, registration: Registration) -> str:
        return told(known_of(registration), timezone.now()).state.value

    def get_headline(self, registration: Registration) -> str:
        now = timezone.now()
        return told(known_of(registration), now).text(now)

    @extend_schema_field(ProblemOfRegistrationSerializer(allow_null=True))
    def get_problem(self, registration: Registration) -> Any:
        found = trouble(known_of(registration), timezone.now())
        return None if found is None else ProblemOfRegistrationSerializer(found).data


class RegistrationAccountSerializer(StrictSerializer):
    """The user name and password that answer the registrar's challenge."""

    username = serializers.CharField(max_length=128, trim_whitespace=False)
    realm = serializers.CharField(max_length=128, allow_blank=True, default="", trim_whitespace=False)
    secret = serializers.CharField(max_length=LONGEST_SECRET, trim_whitespace=False, write_only=True)

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {name: str(uuid.uuid4()) for name in ("username", "realm", "secret") if name in wrong}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "With the account that the carrier gave out",
            request_only=True,
            value={
                "registrar": "sip:sip.example.com;transport=tls",
                "username": "4930123456",
                "account": {"username": "4930123456", "secret": "from the carrier's portal"},
                "expires_s": 3600,
            },
        )
    ]
)
class RegistrationSerializer(VersionedSerializer):
    """Where and as whom a trunk registers, and what became of it."""

    registrar = serializers.CharField(
        max_length=255,
        trim_whitespace=False,
        help_text="sip: or sips:, host, port if needed, ;transport= if needed. Answered as it will be sent.",
    )
    username = serializers.CharField(
        max_length=128,
        trim_whitespace=False,
        help_text="The user part of the address that is registered, often the phone number",
    )
    expires_s = serializers.IntegerField(
        min_value=SHORTEST_EXPIRES_S,
        max_value=LONGEST_EXPIRES_S,
        default=3600,
        help_text="What we ask for, in seconds; the carrier may grant less or ask for more",
    )
    credential_id = serializers.UUIDField(
        allow_null=True,
        default=None,
        help_text="One of the trunk's outbound credentials; null where the carrier asks for none",
    )
    secret = serializers.CharField(
        max_length=LONGEST_SECRET,
        write_only=True,
        required=False,
        trim_whitespace=False,
        help_text="The password of `credential_id` once more: needed where it was entered for other hosts",
    )
    account = RegistrationAccountSerializer(
        write_only=True,
        required=False,
        help_text="Stored as a credential of the trunk, in place of that of the same user name and realm."
        " Send it instead of `credential_id`",
    )
    host = serializers.CharField(read_only=True)
    transport = serializers.ChoiceField(Transport.choices, read_only=True)
    is_paused = serializers.BooleanField(read_only=True, help_text="See …/pause/ and …/resume/")
    status = RegistrationStatusSerializer(source="*", read_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("account") and attrs.get("credential_id"):
            raise serializers.ValidationError({"account": "Send account or credential_id, not both."})
        return attrs

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"username": str(uuid.uuid4())} if "username" in wrong else {}
        if "registrar" in wrong:
            # No password is asked for at an address that nobody has entered.
            found |= {"registrar": f"sip:{uuid.uuid4()}.invalid", "credential_id": None, "secret": None}
        return found


class NewRegistrationSerializer(RegistrationSerializer):
    """The registration of a trunk that is made with it."""

    credential_id = serializers.UUIDField(read_only=True, allow_null=True)
    secret = None  # type: ignore[assignment]  # how DRF takes a field away


class AttemptSerializer(serializers.Serializer[RegistrationAttempt]):
    """One REGISTER exchange, challenges included."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    step = serializers.ChoiceField(RegistrationStep.choices)
    code = serializers.IntegerField(allow_null=True, help_text="SIP status code; null when nothing came")
    cause = CauseField()
    detail = DetailField("detail")
    target = DetailField("target", help_text="Address, port and transport that was tried")
    granted_s = serializers.IntegerField(allow_null=True)
    duration_ms = serializers.IntegerField()


class WholeAttemptSerializer(AttemptSerializer):
    """An attempt with the messages that went over the wire."""

    messages = MessageSerializer(many=True, help_text="Secrets are taken out")

    def to_representation(self, instance: RegistrationAttempt) -> dict[str, Any]:
        told: dict[str, Any] = super().to_representation(instance)
        return {**told, "messages": []} if is_withheld_alike(instance.cause) else told


class RegistrationChangeSerializer(serializers.Serializer[RegistrationChange]):
    """A registration's state changed."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    from_state = serializers.ChoiceField(RegistrationState.choices)
    to_state = serializers.ChoiceField(RegistrationState.choices)
    cause = CauseField()
    detail = DetailField("detail")
