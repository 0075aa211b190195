"""The API of phone numbers."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import EditableViewSet, ResourceViewSet
from tenants.services.editing import field_error
from trunks.enums import NumberSource, NumberState
from trunks.models import EmergencyAddress, NumberSearch, NumberVerification, PhoneNumber, Trunk
from trunks.numbers import serializers, services
from trunks.numbers.emergencies import set_emergency_address
from trunks.numbers.refreshing import LookedTooOften, look_again
from trunks.numbers.search import request_search
from trunks.numbers.verifying import CalledTooOften, start_verification
from trunks.viewsets import TooOften


class PhoneNumberFilter(django_filters.FilterSet):
    """Which numbers."""

    state = OneOfFilter(NumberState.choices)
    source = OneOfFilter(NumberSource.choices)

    class Meta:
        model = PhoneNumber
        fields: list[str] = []


class PhoneNumberViewSet(EditableViewSet[PhoneNumber]):
    """The tenant's phone numbers, the newest first, those that were given up among them.

    Made by POST, a number is bought within seconds: read it until its state is `active` or `failed`. With a
    `trunk_id` it is your own, on that trunk. Deleted, it is given up for good; a bought one is `releasing`
    until that is done.
    """

    model = PhoneNumber
    noun = ("a phone number", "phone numbers")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = serializers.PhoneNumberSerializer
    filterset_class = PhoneNumberFilter
    http_method_names = ["get", "head", "post", "patch", "delete"]

    def get_serializer_class(self) -> type[serializers.PhoneNumberSerializer]:
        if self.action == "partial_update":
            return serializers.LabelSerializer
        return serializers.PhoneNumberSerializer

    def rows(self) -> QuerySet[PhoneNumber]:
        return PhoneNumber.objects.filter(tenant=self.tenant)

    def add(self, data: dict[str, Any]) -> PhoneNumber:
        values = dict(data)
        trunk_id = values.pop("trunk_id", None)
        who: dict[str, Any] = {"tenant": self.tenant, "actor": self.actor}
        if trunk_id is None:
            return services.order_number(**who, **values)
        papers = [name for name in ("address_sid", "bundle_sid") if values.pop(name, "")]
        if papers:
            raise ValidationError(dict.fromkeys(papers, "Leave it out for a number of your own."))
        trunk = Trunk.objects.filter(tenant=self.tenant, pk=trunk_id).first()
        if trunk is None:
            raise field_error("trunk_id", "There is no such trunk.", "does_not_exist")
        return services.add_own_number(**who, trunk=trunk, **values)

    def change(self, row: PhoneNumber, version: int, data: dict[str, Any]) -> PhoneNumber:
        return services.label_number(
            tenant=self.tenant, actor=self.actor, number=row, expected_version=version, **data
        )

    def remove(self, row: PhoneNumber, version: int) -> None:
        services.release_number(tenant=self.tenant, actor=self.actor, number=row, expected_version=version)


class LookViewSet(ResourceViewSet[PhoneNumber]):
    """A number, looked at on the spot."""

    model = PhoneNumber
    noun = ("a phone number", "phone numbers")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = serializers.PhoneNumberSerializer

    def rows(self) -> QuerySet[PhoneNumber]:
        return PhoneNumber.objects.filter(tenant=self.tenant)

    @extend_schema(
        summary="Look at a phone number again",
        request=None,
        responses={202: serializers.PhoneNumberSerializer},
    )
    def look(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once; what others decide of it is read within seconds."""
        number = self.get_object()
        try:
            look_again(tenant=self.tenant, actor=self.actor, number=number)
        except LookedTooOften as refusal:
            raise TooOften(refusal) from None
        return Response(self.get_serializer(number).data, status=202)


class VerificationViewSet(ResourceViewSet[NumberVerification]):
    """The last call that was to verify a number of your own."""

    model = NumberVerification
    noun = ("the verification call", "verification calls")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = serializers.VerificationSerializer
    is_singleton = True

    def rows(self) -> QuerySet[NumberVerification]:
        return NumberVerification.objects.filter(tenant=self.tenant, phone_number_id=self.kwargs["number_id"])

    def get_object(self) -> NumberVerification:
        row: NumberVerification | None = self.rows().first()
        if row is None:
            raise Http404("it was never called")
        return row

    @extend_schema(summary="Have a number of your own called")
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read it until its state is `calling`, and type its code on the phone."""
        number = get_object_or_404(PhoneNumber, tenant=self.tenant, pk=self.kwargs["number_id"])
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            asked = start_verification(
                tenant=self.tenant, actor=self.actor, number=number, **body.validated_data
            )
        except CalledTooOften as refusal:
            raise TooOften(refusal) from None
        return Response(self.get_serializer(asked).data, status=201)


class EmergencyAddressViewSet(ResourceViewSet[EmergencyAddress]):
    """The emergency address of a number."""

    model = EmergencyAddress
    noun = ("the emergency address", "emergency addresses")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = serializers.EmergencyAddressSerializer
    is_singleton = True
    is_versioned = False

    def rows(self) -> QuerySet[EmergencyAddress]:
        rows = EmergencyAddress.objects.filter(tenant=self.tenant, phone_number_id=self.kwargs["number_id"])
        return rows.select_related("phone_number")

    def get_object(self) -> EmergencyAddress:
        row: EmergencyAddress | None = self.rows().first()
        if row is None:
            raise Http404("none was entered")
        return row

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: the operator is asked within seconds, and `state` says what came of it."""
        number = get_object_or_404(PhoneNumber, tenant=self.tenant, pk=self.kwargs["number_id"])
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        set_emergency_address(tenant=self.tenant, actor=self.actor, number=number, **body.validated_data)
        return Response(self.get_serializer(self.get_object()).data)


class NumberSearchViewSet(ResourceViewSet[NumberSearch]):
    """Searches among the numbers for sale, the newest first, of the last day."""

    model = NumberSearch
    noun = ("a search for numbers", "searches for numbers")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = serializers.NumberSearchSerializer
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post"]

    def rows(self) -> QuerySet[NumberSearch]:
        return NumberSearch.objects.filter(tenant=self.tenant)

    @extend_schema(summary="Search among the numbers for sale")
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read the search until its state is `done` or `failed`."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = request_search(tenant=self.tenant, **body.validated_data)
        return Response(self.get_serializer(asked).data, status=201)
