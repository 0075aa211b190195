"""The API of campaigns and their contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any, cast

import django_filters
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from callsphere.calls.api import CsvRenderer
from callsphere.outbound.campaigns import editing, reading, running, serializers
from callsphere.outbound.campaigns.contacts import add_contact, import_contacts, remove_contact
from callsphere.outbound.campaigns.exporting import export_results
from callsphere.outbound.campaigns.queries import campaigns_of, contacts_of
from callsphere.outbound.enums import CampaignState, ContactState
from callsphere.outbound.models import Campaign, CampaignContact
from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import EditableViewSet, ResourceViewSet


class CampaignFilter(django_filters.FilterSet):
    """Which campaigns."""

    state = OneOfFilter(CampaignState.choices)

    class Meta:
        model = Campaign
        fields: list[str] = []


class ContactFilter(django_filters.FilterSet):
    """Which contacts."""

    state = OneOfFilter(ContactState.choices)
    number = django_filters.CharFilter(max_length=16, help_text="Written as +12125550100")

    class Meta:
        model = CampaignContact
        fields: list[str] = []


class CsvParser(BaseParser):
    """A table, as bytes."""

    media_type = "text/csv"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body."""
        return stream.read()


class CampaignViewSet(EditableViewSet[Campaign]):
    """Campaigns, the newest first. Drafts and paused ones can be changed."""

    model = Campaign
    noun = ("a campaign", "campaigns")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.CampaignSerializer
    filterset_class = CampaignFilter
    pagination_class = CursorPagination

    def rows(self) -> QuerySet[Campaign]:
        return campaigns_of(self.tenant)

    def add(self, data: dict[str, Any]) -> Campaign:
        return editing.create_campaign(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: Campaign, version: int, data: dict[str, Any]) -> Campaign:
        return editing.edit_campaign(
            tenant=self.tenant, actor=self.actor, campaign=row, expected_version=version, **data
        )

    def remove(self, row: Campaign, version: int) -> None:
        editing.delete_campaign(tenant=self.tenant, actor=self.actor, campaign=row, expected_version=version)

    @extend_schema(summary="Start a campaign", request=None, responses={200: serializers.CampaignSerializer})
    def start(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Its contacts are called from now on; 409 with what is missing."""
        return self._do(running.start_campaign)

    @extend_schema(summary="Pause a campaign", request=None, responses={200: serializers.CampaignSerializer})
    def pause(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """No new calls are placed; those that are under way go on."""
        return self._do(running.pause_campaign)

    @extend_schema(summary="Resume a campaign", request=None, responses={200: serializers.CampaignSerializer})
    def resume(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Go on with a paused campaign."""
        return self._do(running.resume_campaign)

    @extend_schema(summary="Cancel a campaign", request=None, responses={200: serializers.CampaignSerializer})
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Nobody is called any more, for good; calls that are under way go on."""
        return self._do(running.cancel_campaign)

    @extend_schema(
        summary="Export a campaign's results (CSV)",
        responses={(200, CsvRenderer.media_type): str},
    )
    def results(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """All contacts with what became of them. The audit log tells who took them."""
        campaign = self.get_object()
        pieces = export_results(tenant=self.tenant, actor=self.actor, campaign=campaign)
        name = f"campaign-{timezone.now():%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)

    def _do(self, service: Callable[..., Campaign]) -> Response:
        row = service(tenant=self.tenant, actor=self.actor, campaign=self.get_object())
        return Response(self.get_serializer(self.as_answered(row)).data)


class ContactViewSet(ResourceViewSet[CampaignContact]):
    """A campaign's contacts, those added last first."""

    model = CampaignContact
    noun = ("a contact of a campaign", "contacts of a campaign")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.ContactSerializer
    filterset_class = ContactFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post", "delete"]

    def rows(self) -> QuerySet[CampaignContact]:
        return contacts_of(self.tenant, self.kwargs["campaign_id"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self._campaign()
        return super().list(request, *args, **kwargs)

    @extend_schema(request=serializers.NewContactSerializer, responses={201: serializers.ContactSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add somebody to a campaign that is not over."""
        campaign = self._campaign()
        body = serializers.NewContactSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = cast(dict[str, Any], body.validated_data)
        row = add_contact(tenant=self.tenant, actor=self.actor, campaign=campaign, **asked)
        return Response(self.get_serializer(self.rows().get(pk=row.pk)).data, status=201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take somebody out who was not called yet; 409 `called` otherwise."""
        remove_contact(tenant=self.tenant, actor=self.actor, contact=self.get_object())
        return Response(status=204)

    @extend_schema(
        summary="Upload contacts (CSV)",
        request={CsvParser.media_type: OpenApiTypes.STR},
        responses={200: serializers.ImportedSerializer},
        filters=False,
    )
    def upload(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a file's contacts: a line of column names, of which `number` is one, then one for each.

        `name` and `time_zone` are known too; all others are for the brief. Lines with errors and numbers that
        are there already are named and left out. 20,000 lines and 2 MB at most, in UTF-8.
        """
        content = request.data if isinstance(request.data, bytes) else b""
        imported = import_contacts(
            tenant=self.tenant, actor=self.actor, campaign=self._campaign(), content=content
        )
        return Response(serializers.ImportedSerializer(imported).data)

    def _campaign(self) -> Campaign:
        return get_object_or_404(Campaign, tenant=self.tenant, pk=self.kwargs["campaign_id"])


UPLOAD: dict[str, Any] = {
    "parser_classes": [CsvParser],
    "most_bytes": reading.MOST_BYTES,
    "pagination_class": None,
    "filterset_class": None,
}
"""What the address of uploads has of its own."""
