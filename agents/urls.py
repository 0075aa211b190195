"""Addresses of the agents' pages, below /t/<slug>/agents/."""

from django.urls import URLPattern, path

from agents.views import agents, versions

app_name = "agents"

_AGENT = "<uuid:agent_id>/"
_VERSION = f"{_AGENT}versions/<uuid:version_id>/"

urlpatterns: list[URLPattern] = [
    path("", agents.AgentList.as_view(), name="list"),
    path("new/", agents.AgentCreate.as_view(), name="create"),
    path(_AGENT, agents.AgentDetail.as_view(), name="detail"),
    path(f"{_AGENT}edit/", agents.AgentEdit.as_view(), name="edit"),
    path(f"{_AGENT}publish/", versions.Publish.as_view(), name="publish"),
    path(f"{_AGENT}versions/", versions.VersionList.as_view(), name="versions"),
    path(_VERSION, versions.VersionDetail.as_view(), name="version"),
    path(f"{_VERSION}roll-back/", versions.RollBack.as_view(), name="roll-back"),
    path(f"{_AGENT}delete/", agents.AgentDelete.as_view(), name="delete"),
]
