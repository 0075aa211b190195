"""What the API says of plans, subscriptions and invoices, and what it takes. Amounts are minor units."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.enums import CUSTOMER_KINDS, InvoiceStatus, RequestKind, Stage, Status, WorkState
from billing.models import BillingRequest, Invoice, Plan, Subscription
from tenants.keys import reveal
from tenants.room import Use, room_of
from tenants.serializers import OneOf, StrictSerializer

CHOICES = [(each.value, each.label) for each in CUSTOMER_KINDS]
WITH_PLAN = (RequestKind.CHECKOUT, RequestKind.CHANGE_PLAN)


class PlanSerializer(serializers.Serializer[Plan]):
    """A plan. Its limits are those of the tenant that chooses it."""

    code = serializers.CharField(help_text="What requests name it by")
    version = serializers.IntegerField(help_text="A version never changes; subscribers keep theirs")
    name = serializers.CharField()
    price = serializers.IntegerField(help_text="A month, in minor units (cents), without tax")
    currency = serializers.CharField()
    trial_days = serializers.IntegerField()
    number_limit = serializers.IntegerField()
    trunk_limit = serializers.IntegerField()
    member_limit = serializers.IntegerField()
    api_key_limit = serializers.IntegerField()
    api_requests_per_minute = serializers.IntegerField()
    concurrent_call_limit = serializers.IntegerField()


class PlanListSerializer(serializers.Serializer[Any]):
    """The plans that can be chosen now, the smallest first, all in one page."""

    next = serializers.CharField(allow_null=True, help_text="Always null: there is one page")
    previous = serializers.CharField(allow_null=True)
    results = PlanSerializer(many=True)


class UseSerializer(serializers.Serializer[Use]):
    """How much of something is used."""

    limit_name = serializers.CharField(source="counted.column", help_text="Such as trunk_limit")
    used = serializers.IntegerField()
    limit = serializers.IntegerField()


class SubscriptionSerializer(serializers.Serializer[Subscription]):
    """What the tenant bought, and how payment stands."""

    status = serializers.ChoiceField(Status.choices)
    stage = serializers.ChoiceField(Stage.choices, help_text="How far a missing payment has got")
    plan = PlanSerializer(allow_null=True)
    next_plan = PlanSerializer(allow_null=True, help_text="From the next period on")
    comped_plan = PlanSerializer(allow_null=True, help_text="Given by CallSphere")
    comped_until = serializers.DateTimeField(allow_null=True)
    card = serializers.CharField(help_text="Such as Visa ending in 4242; empty without one")
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    trial_end = serializers.DateTimeField(allow_null=True)
    cancel_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    grace_until = serializers.DateTimeField(allow_null=True, help_text="Read-only from then on")
    release_at = serializers.DateTimeField(allow_null=True, help_text="Phone numbers are kept until then")
    read_only_reason = serializers.CharField(
        source="tenant.read_only_reason", help_text="Why nothing can be changed; empty when everything can"
    )
    usage = serializers.SerializerMethodField()

    @extend_schema_field(UseSerializer(many=True))
    def get_usage(self, subscription: Subscription) -> Any:
        uses: Any = room_of(subscription.tenant)
        return UseSerializer(uses, many=True).data


class InvoiceSerializer(serializers.Serializer[Invoice]):
    """An invoice, or its receipt once it is paid."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.ChoiceField(InvoiceStatus.choices)
    currency = serializers.CharField()
    net = serializers.IntegerField(help_text="Without tax, in minor units (cents)")
    tax = serializers.IntegerField()
    total = serializers.IntegerField()
    due = serializers.IntegerField()
    paid = serializers.IntegerField()
    refunded = serializers.IntegerField()
    page_url = serializers.CharField(help_text="The invoice, and its receipt once it is paid")
    pdf_url = serializers.CharField()
    issued_at = serializers.DateTimeField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True)


class BillingActionErrorSerializer(serializers.Serializer[Any]):
    """Why a request failed."""

    code = serializers.CharField(help_text="Stable, for programs")
    message = serializers.CharField()


class BillingActionSerializer(serializers.Serializer[BillingRequest]):
    """Something that was asked for. Read it until its state is `done` or `failed`."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(RequestKind.choices)
    plan = serializers.CharField(source="plan.code", default=None, allow_null=True)
    state = serializers.ChoiceField(WorkState.choices)
    url = serializers.SerializerMethodField(
        help_text="Where a person goes on, in a browser; empty for what is done without one"
    )
    error = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, asked: BillingRequest) -> str:
        may_use = self.context.get("may_use_url", False)
        return reveal(asked, "url") if asked.url and may_use else ""

    @extend_schema_field(BillingActionErrorSerializer(allow_null=True))
    def get_error(self, asked: BillingRequest) -> Any:
        if asked.state != WorkState.FAILED:
            return None
        return BillingActionErrorSerializer({"code": asked.error_code, "message": asked.error}).data


class NewBillingActionSerializer(StrictSerializer):
    """What is asked for."""

    kind = OneOf(CHOICES, help_text="checkout and portal lead to a page for a person")
    plan = serializers.CharField(
        required=False, default="", max_length=32, help_text="A plan's code, for checkout and change_plan"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needs = attrs["kind"] in WITH_PLAN
        if needs and not attrs["plan"]:
            raise serializers.ValidationError({"plan": "Name the plan by its code."})
        if attrs["plan"] and not needs:
            raise serializers.ValidationError({"plan": f"Leave it out for {attrs['kind']}."})
        return attrs
