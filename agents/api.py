"""The API of agents, their tools, business hours, and routes from numbers to agents."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from agents import invoking, serializers, services
from agents.agent_templates import agent_templates
from agents.deciding import Decision, decide
from agents.diff import Difference, differences_between
from agents.models import Agent, AgentVersion, BusinessHours, NumberRoute, Tool, ToolInvocation
from agents.queries import agents_of, plan_of, routes_of
from tenants.access import Capability
from tenants.pagination import CursorPagination
from tenants.resources import EditableViewSet, ResourceViewSet
from tenants.viewsets import etag

DIFFERENCES = serializers.VersionDifferencesSerializer


class AgentViewSet(EditableViewSet[Agent]):
    """The tenant's agents, the newest first. Their fields are the draft: calls are answered as published."""

    model = Agent
    noun = ("an agent", "agents")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_WRITE
    serializer_class = serializers.AgentSerializer

    def get_serializer_class(self) -> type[serializers.AgentSerializer]:
        return serializers.NewAgentSerializer if self.action == "create" else serializers.AgentSerializer

    def rows(self) -> QuerySet[Agent]:
        return agents_of(self.tenant)

    def add(self, data: dict[str, Any]) -> Agent:
        # what is left out comes from the template, and not from the serializer's defaults
        sent = {name: value for name, value in data.items() if name in self.request.data or name == "name"}
        return services.create_agent(tenant=self.tenant, actor=self.actor, **sent)

    def change(self, row: Agent, version: int, data: dict[str, Any]) -> Agent:
        return services.edit_draft(
            tenant=self.tenant, actor=self.actor, agent=row, expected_version=version, **data
        )

    def remove(self, row: Agent, version: int) -> None:
        services.delete_agent(tenant=self.tenant, actor=self.actor, agent=row, expected_version=version)

    @extend_schema(
        summary="Publish the draft",
        request=serializers.PublishingSerializer,
        responses={200: serializers.AgentSerializer},
    )
    def publish(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The draft becomes the next version, which answers calls from now on."""
        return self._done(serializers.PublishingSerializer, services.publish)

    @extend_schema(
        summary="Let an earlier version answer again",
        request=serializers.NumberOfVersionSerializer,
        responses={200: serializers.AgentSerializer},
    )
    def roll_back(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The draft stays as it is."""
        return self._done(serializers.NumberOfVersionSerializer, services.roll_back)

    @extend_schema(
        summary="What the draft changes",
        responses={200: DIFFERENCES},
        filters=False,
    )
    def changes(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What differs between the version that answers calls and the draft; empty while nothing answers."""
        row = self.get_object()
        return _told(differences_between(row.published, row) if row.published else [])

    def _done(self, body_class: Any, service: Any) -> Response:
        row = self.get_object()
        body = body_class(data=self.request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        expected = asked.pop("version", None)  # POSTs carry no If-Match
        service(tenant=self.tenant, actor=self.actor, agent=row, expected_version=expected, **asked)
        return Response(self.get_serializer(self.rows().get(pk=row.pk)).data)


class AgentVersionViewSet(ResourceViewSet[AgentVersion]):
    """An agent's versions, the newest first."""

    model = AgentVersion
    noun = ("a version of an agent", "versions of an agent")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_WRITE
    serializer_class = serializers.AgentVersionSerializer
    pagination_class = CursorPagination

    def agent(self) -> Agent:
        """Return the agent that the address names."""
        return get_object_or_404(Agent, tenant=self.tenant, pk=self.kwargs["agent_id"], deleted_at=None)

    def rows(self) -> QuerySet[AgentVersion]:
        rows = AgentVersion.objects.filter(
            tenant=self.tenant, agent=self.kwargs["agent_id"], agent__deleted_at=None
        )
        return rows.prefetch_related("tools")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.agent()
        return super().list(request, *args, **kwargs)

    @extend_schema(
        summary="What a version changed",
        responses={200: DIFFERENCES},
        filters=False,
    )
    def changes(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What differs between the version before and this one; empty for the first."""
        version = self.get_object()
        before = self.rows().filter(number__lt=version.number).order_by("-number").first()
        return _told(differences_between(before, version) if before else [])


class AgentTemplateViewSet(ResourceViewSet[Agent]):
    """What agents are made from."""

    model = Agent
    noun = ("an agent template", "agent templates")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_READ
    serializer_class = serializers.AgentTemplateListSerializer
    http_method_names = ["get", "head"]
    pagination_class = None

    @extend_schema(
        summary="List agent templates",
        responses={200: serializers.AgentTemplateListSerializer},
        filters=False,
    )
    def everything(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with every template."""
        page = {"next": None, "previous": None, "results": list(agent_templates().values())}
        return Response(serializers.AgentTemplateListSerializer(page).data)


class ToolViewSet(EditableViewSet[Tool]):
    """Tools of your own, the newest first."""

    model = Tool
    noun = ("a tool", "tools")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_WRITE
    serializer_class = serializers.ToolSerializer
    signing_secret = ""

    def get_serializer_class(self) -> type[serializers.ToolSerializer]:
        is_told = self.action in ("create", "renew_signing_secret")
        return serializers.SignedToolSerializer if is_told else serializers.ToolSerializer

    def rows(self) -> QuerySet[Tool]:
        rows = Tool.objects.filter(tenant=self.tenant, deleted_at=None)
        return rows.defer("secret_headers", "signing_secret")

    def add(self, data: dict[str, Any]) -> Tool:
        tool, self.signing_secret = services.create_tool(tenant=self.tenant, actor=self.actor, **data)
        return tool

    def change(self, row: Tool, version: int, data: dict[str, Any]) -> Tool:
        return services.edit_tool(
            tenant=self.tenant, actor=self.actor, tool=row, expected_version=version, **data
        )

    def remove(self, row: Tool, version: int) -> None:
        services.delete_tool(tenant=self.tenant, actor=self.actor, tool=row, expected_version=version)

    @extend_schema(
        summary="Test a tool",
        request=serializers.ArgumentsSerializer,
        responses={202: serializers.ToolInvocationSerializer},
    )
    def test(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read the invocation until its `outcome` is not empty."""
        tool = self.get_object()
        body = serializers.ArgumentsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        test = invoking.request_test(tenant=self.tenant, actor=self.actor, tool=tool, **body.validated_data)
        return Response(serializers.ToolInvocationSerializer(test).data, status=202)

    @extend_schema(
        summary="Renew the signing secret",
        request=None,
        responses={200: serializers.SignedToolSerializer},
    )
    def renew_signing_secret(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Requests are signed with it from now on. It is told this once."""
        tool, self.signing_secret = services.renew_signing_secret(
            tenant=self.tenant, actor=self.actor, tool=self.get_object(), expected_version=None
        )
        return Response(self.get_serializer(tool).data)


class ToolInvocationViewSet(ResourceViewSet[ToolInvocation]):
    """When a tool was called, the newest first, for 30 days. What was asked and answered is masked."""

    model = ToolInvocation
    noun = ("an invocation of a tool", "invocations of a tool")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_WRITE
    serializer_class = serializers.ToolInvocationSerializer
    pagination_class = CursorPagination

    def rows(self) -> QuerySet[ToolInvocation]:
        rows = ToolInvocation.objects.filter(
            tenant=self.tenant, tool=self.kwargs["tool_id"], tool__deleted_at=None
        )
        return rows.defer("sealed_arguments")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        get_object_or_404(Tool, tenant=self.tenant, pk=self.kwargs["tool_id"], deleted_at=None)
        return super().list(request, *args, **kwargs)


class BusinessHoursViewSet(EditableViewSet[BusinessHours]):
    """Business hours, the newest first."""

    model = BusinessHours
    noun = ("business hours", "business hours")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_WRITE
    serializer_class = serializers.BusinessHoursSerializer

    def rows(self) -> QuerySet[BusinessHours]:
        return BusinessHours.objects.filter(tenant=self.tenant)

    def add(self, data: dict[str, Any]) -> BusinessHours:
        return services.create_hours(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: BusinessHours, version: int, data: dict[str, Any]) -> BusinessHours:
        return services.edit_hours(
            tenant=self.tenant, actor=self.actor, hours=row, expected_version=version, **data
        )

    def remove(self, row: BusinessHours, version: int) -> None:
        services.delete_hours(tenant=self.tenant, actor=self.actor, hours=row, expected_version=version)


class NumberRouteViewSet(EditableViewSet[NumberRoute]):
    """Where calls to numbers lead, the newest first."""

    model = NumberRoute
    noun = ("a route", "routes")
    read_capability = Capability.AGENTS_READ
    write_capability = Capability.AGENTS_WRITE
    serializer_class = serializers.NumberRouteSerializer

    def get_serializer_class(self) -> type[serializers.NumberRouteSerializer]:
        is_new = self.action == "create"
        return serializers.NewNumberRouteSerializer if is_new else serializers.NumberRouteSerializer

    def rows(self) -> QuerySet[NumberRoute]:
        return routes_of(self.tenant)

    def add(self, data: dict[str, Any]) -> NumberRoute:
        return services.create_route(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: NumberRoute, version: int, data: dict[str, Any]) -> NumberRoute:
        return services.edit_route(
            tenant=self.tenant, actor=self.actor, route=row, expected_version=version, **data
        )

    def remove(self, row: NumberRoute, version: int) -> None:
        services.delete_route(tenant=self.tenant, actor=self.actor, route=row, expected_version=version)

    @extend_schema(
        summary="What a call would lead to",
        request=serializers.MomentSerializer,
        responses={200: serializers.DecisionSerializer},
    )
    def dry_run(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say what becomes of a call at a moment, and why. Nothing is called."""
        route = self.get_object()
        body = serializers.MomentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = cast(dict[str, Any], body.validated_data)
        now = asked.pop("at", None) or timezone.now()
        return Response(_shown(decide(plan_of(route), now, **asked)), headers=etag(route.version))


def _told(found: list[Difference]) -> Response:
    return Response({"results": serializers.FieldDifferenceSerializer(found, many=True).data})


def _shown(decision: Decision) -> dict[str, Any]:
    target = decision.target
    return {
        "action": decision.action,
        "agent_id": target.agent_id if target else None,
        "agent_version": target.version if target else None,
        "number": decision.number,
        "because": list(decision.because),
    }
