"""The API of trunks at Twilio."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.pagination import CursorPagination
from tenants.resources import EditableViewSet
from tenants.services.editing import field_error
from trunks.models import PhoneNumber, TrunkNumber, TrunkProvision
from trunks.models.numbers import OVER_STATES
from trunks.provisioning import serializers, services
from trunks.provisioning.queries import provisions_of
from trunks.viewsets import OfTrunk, TooOften

_SHOWN = serializers.ProvisionSettingsSerializer


@extend_schema_view(create=extend_schema(request=serializers.ProvisionSerializer, responses={201: _SHOWN}))
class ProvisionViewSet(OfTrunk[TrunkProvision], EditableViewSet[TrunkProvision]):
    """A trunk at Twilio: there is one at most.

    Made by POST, it is a plan: read it until its `state` is no longer `new`, look at its `differences`, and
    apply it. Deleted, everything of ours is taken away at Twilio: it is `removing` until nothing is left, and
    then not there.
    """

    model = TrunkProvision
    noun = ("the set-up at Twilio", "set-ups at Twilio")
    serializer_class = _SHOWN
    is_singleton = True

    def get_serializer_class(self) -> type[serializers.ProvisionSettingsSerializer]:
        return serializers.ProvisionSerializer if self.action == "create" else _SHOWN

    def rows(self) -> QuerySet[TrunkProvision]:
        found: QuerySet[TrunkProvision] = provisions_of(self.tenant).filter(pk=self.kwargs["trunk_id"])
        return found

    def get_object(self) -> TrunkProvision:
        return get_object_or_404(self.rows())

    def add(self, data: dict[str, Any]) -> TrunkProvision:
        return services.set_up_provision(tenant=self.tenant, actor=self.actor, trunk=self.trunk(), **data)

    def change(self, row: TrunkProvision, version: int, data: dict[str, Any]) -> TrunkProvision:
        return services.update_provision(
            tenant=self.tenant, actor=self.actor, provision=row, expected_version=version, **data
        )

    def remove(self, row: TrunkProvision, version: int) -> None:
        services.switch_off_provision(
            tenant=self.tenant, actor=self.actor, provision=row, expected_version=version
        )

    @extend_schema(summary="Look at Twilio now", request=None, responses={202: _SHOWN})
    def look_now(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read it until `observed_at` has changed. Otherwise we look once an hour."""
        try:
            return self._done(services.look_now)
        except services.ReconciledTooOften as refusal:
            raise TooOften(refusal) from None

    @extend_schema(summary="Put ours at Twilio", request=serializers.PlanSerializer, responses={202: _SHOWN})
    def apply(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read it until its `state` is no longer `applying`. The first time, all is put."""
        return self._done(services.apply_plan, **self._sent(serializers.PlanSerializer))

    @extend_schema(
        summary="Take theirs over", request=serializers.TakenPlanSerializer, responses={202: _SHOWN}
    )
    def take(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your trunk is changed to be as Twilio has it, and a new plan is made within seconds."""
        return self._done(services.take_theirs, **self._sent(serializers.TakenPlanSerializer))

    def _sent(self, kind: type[serializers.PlanSerializer]) -> dict[str, Any]:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def _done(self, service: Any, **values: Any) -> Response:
        row = self.get_object()
        service(tenant=self.tenant, actor=self.actor, provision=row, **values)
        return Response(_SHOWN(self.rows().get(pk=row.pk)).data, status=202)


class TrunkNumberViewSet(OfTrunk[TrunkNumber]):
    """Bought numbers whose calls go to the trunk's gateways, the newest first. Elastic SIP trunks alone.

    Adding one and taking one off are differences of the next plan.
    """

    model = TrunkNumber
    noun = ("a number on the trunk", "numbers on the trunk")
    serializer_class = serializers.TrunkNumberSerializer
    pagination_class = CursorPagination
    is_versioned = False
    http_method_names = ["get", "head", "post", "delete"]

    def rows(self) -> QuerySet[TrunkNumber]:
        own = TrunkNumber.objects.filter(tenant=self.tenant, provision_id=self.kwargs["trunk_id"])
        living = own.exclude(phone_number__state__in=OVER_STATES)
        return living.select_related("phone_number", "provision")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put one on the trunk."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = provisions_of(self.tenant).filter(pk=self.kwargs["trunk_id"])
        provision = get_object_or_404(found)
        number = PhoneNumber.objects.filter(tenant=self.tenant, pk=body.validated_data["phone_number_id"])
        chosen = number.first()
        if chosen is None:
            raise field_error("phone_number_id", "There is no such number.", "does_not_exist")
        added = services.attach_number(
            tenant=self.tenant, actor=self.actor, provision=provision, number=chosen
        )
        return Response(self.get_serializer(added).data, status=201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take one off the trunk: its calls come to us again."""
        row = self.get_object()
        services.detach_number(
            tenant=self.tenant, actor=self.actor, provision=row.provision, number=row.phone_number
        )
        return Response(status=204)
