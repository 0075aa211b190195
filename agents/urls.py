"""Addresses of the agents' pages, below /t/<slug>/agents/."""

from django.urls import URLPattern, path

from agents.views import agents, hours, testing, tools, versions

app_name = "agents"

_AGENT = "<uuid:agent_id>/"
_TOOL = "tools/<uuid:tool_id>/"
_HOURS = "hours/<uuid:hours_id>/"
_VERSION = f"{_AGENT}versions/<uuid:version_id>/"

urlpatterns: list[URLPattern] = [
    path("", agents.AgentList.as_view(), name="list"),
    path("new/", agents.AgentCreate.as_view(), name="create"),
    path("tools/", tools.ToolList.as_view(), name="tools"),
    path("tools/new/", tools.ToolCreate.as_view(), name="tool-create"),
    path(_TOOL, tools.ToolDetail.as_view(), name="tool"),
    path(f"{_TOOL}edit/", tools.ToolEdit.as_view(), name="tool-edit"),
    path(f"{_TOOL}secret/", tools.ToolSecret.as_view(), name="tool-secret"),
    path(f"{_TOOL}test/", testing.ToolTest.as_view(), name="tool-test"),
    path(f"{_TOOL}calls/<uuid:invocation_id>/", testing.InvocationDetail.as_view(), name="invocation"),
    path(f"{_TOOL}delete/", tools.ToolDelete.as_view(), name="tool-delete"),
    path("hours/", hours.HoursList.as_view(), name="hours"),
    path("hours/new/", hours.HoursCreate.as_view(), name="hours-create"),
    path(f"{_HOURS}edit/", hours.HoursEdit.as_view(), name="hours-edit"),
    path(f"{_HOURS}delete/", hours.HoursDelete.as_view(), name="hours-delete"),
    path(_AGENT, agents.AgentDetail.as_view(), name="detail"),
    path(f"{_AGENT}edit/", agents.AgentEdit.as_view(), name="edit"),
    path(f"{_AGENT}publish/", versions.Publish.as_view(), name="publish"),
    path(f"{_AGENT}versions/", versions.VersionList.as_view(), name="versions"),
    path(_VERSION, versions.VersionDetail.as_view(), name="version"),
    path(f"{_VERSION}roll-back/", versions.RollBack.as_view(), name="roll-back"),
    path(f"{_AGENT}delete/", agents.AgentDelete.as_view(), name="delete"),
]
