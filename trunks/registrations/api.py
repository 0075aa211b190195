"""The API of registrations."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.filters import OneOfFilter
from tenants.resources import EditableViewSet
from trunks.enums import RegistrationState
from trunks.models import DigestCredential, Registration, RegistrationAttempt, RegistrationChange
from trunks.registrations import serializers, services
from trunks.registrations.summaries import registrations_of
from trunks.viewsets import NewestChangeFirst, OfTrunk, TooOften


class RegistrationViewSet(OfTrunk[Registration], EditableViewSet[Registration]):
    """The registration of a trunk: there is one at most."""

    model = Registration
    noun = ("the registration", "registrations")
    serializer_class = serializers.RegistrationSerializer
    is_singleton = True

    def rows(self) -> QuerySet[Registration]:
        return registrations_of(self.tenant).filter(trunk_id=self.kwargs["trunk_id"])

    def get_object(self) -> Registration:
        return get_object_or_404(self.rows())

    def add(self, data: dict[str, Any]) -> Registration:
        trunk = self.trunk()
        return services.add_registration(
            tenant=self.tenant, actor=self.actor, trunk=trunk, **self._with_credential(data)
        )

    def change(self, row: Registration, version: int, data: dict[str, Any]) -> Registration:
        return services.update_registration(
            tenant=self.tenant,
            actor=self.actor,
            registration=row,
            expected_version=version,
            **self._with_credential(data),
        )

    def remove(self, row: Registration, version: int) -> None:
        services.delete_registration(
            tenant=self.tenant, actor=self.actor, registration=row, expected_version=version
        )

    @extend_schema(
        summary="Pause the registration", request=None, responses={200: serializers.RegistrationSerializer}
    )
    def pause(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The carrier is told to forget it; nothing is tried until it is resumed."""
        return self._done(services.pause_registration)

    @extend_schema(
        summary="Resume the registration", request=None, responses={200: serializers.RegistrationSerializer}
    )
    def resume(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Register again, at once."""
        return self._done(services.resume_registration)

    @extend_schema(summary="Register now", request=None, responses={202: serializers.RegistrationSerializer})
    def register_now(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read the registration until its `status` has changed."""
        try:
            return self._done(services.register_now, status=202)
        except services.RegisteredTooOften as refusal:
            raise TooOften(refusal) from None

    def _done(self, service: Any, status: int = 200) -> Response:
        row = self.get_object()
        service(tenant=self.tenant, actor=self.actor, registration=row)
        return Response(self.get_serializer(self.rows().get(pk=row.pk)).data, status=status)

    def _with_credential(self, data: dict[str, Any]) -> dict[str, Any]:
        """Put the credential in place of its id. Raises ValidationError."""
        if "credential_id" not in data:
            return data
        rest = {name: value for name, value in data.items() if name != "credential_id"}
        if data["credential_id"] is None:
            return rest if rest.get("account") else {**rest, "credential": None}
        mine = {"tenant": self.tenant, "trunk_id": self.kwargs["trunk_id"]}
        chosen = DigestCredential.objects.filter(**mine, pk=data["credential_id"]).first()
        if chosen is None:
            words = "This trunk has no such credential."
            raise ValidationError({"credential_id": ValidationError(words, code="does_not_exist")})
        return {**rest, "credential": chosen}


class AttemptViewSet(OfTrunk[RegistrationAttempt]):
    """A registration's last attempts, the newest first."""

    model = RegistrationAttempt
    noun = ("an attempt to register", "attempts to register")
    serializer_class = serializers.AttemptSerializer
    pagination_class = NewestChangeFirst

    def get_serializer_class(self) -> type[serializers.AttemptSerializer]:
        return serializers.AttemptSerializer if self.action == "list" else serializers.WholeAttemptSerializer

    def rows(self) -> QuerySet[RegistrationAttempt]:
        rows = RegistrationAttempt.objects.filter(
            tenant=self.tenant, registration__trunk_id=self.kwargs["trunk_id"]
        )
        return rows.defer("messages") if self.action == "list" else rows


class RegistrationChangeFilter(django_filters.FilterSet):
    """Which changes."""

    to_state = OneOfFilter(RegistrationState.choices)

    class Meta:
        model = RegistrationChange
        fields: list[str] = []


class RegistrationChangeViewSet(OfTrunk[RegistrationChange]):
    """How the state of a trunk's registration changed, the newest first."""

    model = RegistrationChange
    noun = ("a change of the registration", "changes of the registration")
    serializer_class = serializers.RegistrationChangeSerializer
    filterset_class = RegistrationChangeFilter
    pagination_class = NewestChangeFirst

    def rows(self) -> QuerySet[RegistrationChange]:
        return RegistrationChange.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])
