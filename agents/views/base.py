"""What the agents' pages stand on: their capability, the agent, the question before something is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property

from agents.models import Agent
from agents.queries import listed_agents_of
from tenants.access import Capability
from tenants.mixins import TenantViewMixin
from trunks.pages.deleting import Deleting
from trunks.pages.editing import FormPage

_AREA = (("list", "Agents"), ("tools", "Tools"), ("hours", "Business hours"))


class AgentsPage(TenantViewMixin):
    """A page about agents or what belongs to them: members who may read agents see it."""

    capability: ClassVar[Capability | None] = Capability.AGENTS_READ
    write_capability: ClassVar[Capability | None] = Capability.AGENTS_WRITE
    area: ClassVar[str] = ""

    def url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this tenant's pages of agents."""
        return reverse(f"agents:{name}", kwargs={"tenant": self.tenant.slug, **kwargs})

    def area_tabs(self) -> list[dict[str, Any]]:
        """Return the tabs between the lists of this area."""
        return [
            {"label": label, "url": self.url(name), "active": name == self.area, "count": None}
            for name, label in _AREA
        ]

    @property
    def may_write(self) -> bool:
        """Whether this member may change agents."""
        return Capability.AGENTS_WRITE in self.request.capabilities


class ChangesAgents(AgentsPage):
    """A page whose only purpose is to change something."""

    capability: ClassVar[Capability] = Capability.AGENTS_WRITE


class AgentsForm(ChangesAgents, FormPage):
    """A page with a form about agents or what belongs to them."""

    capability: ClassVar[Capability] = Capability.AGENTS_WRITE
    field_names: ClassVar[Mapping[str, str]] = {}


class OneAgentPage(AgentsPage):
    """A page about one agent of the tenant; 404 for any other."""

    tab: ClassVar[str] = ""

    @cached_property
    def agent(self) -> Agent:
        """The agent, with what answers, and the tools of both."""
        agent = listed_agents_of(self.tenant).filter(pk=self.kwargs["agent_id"]).first()
        if agent is None:
            raise Http404("no such agent here")
        return agent

    def agent_url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this agent's pages."""
        return self.url(name, agent_id=self.agent.pk, **kwargs)

    def agent_context(self) -> dict[str, Any]:
        """Return what the header of every page of an agent needs."""
        tabs = [("detail", "Overview"), ("versions", "Versions")]
        if self.may_write:
            tabs.append(("edit", "Draft"))
        return {
            "agent": self.agent,
            "agents_url": self.url("list"),
            "agent_url": self.agent_url("detail"),
            "tabs": [
                {"label": label, "url": self.agent_url(name), "active": name == self.tab, "count": None}
                for name, label in tabs
            ],
        }


class DeletePage(Deleting, ChangesAgents):
    """Says what will be gone, and deletes it when asked to; where something needs it, says what instead."""

    template_name = "agents/confirm_delete.html"
    crumb: ClassVar[str]
    button: ClassVar[str]
    consequence: ClassVar[str]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        subject = self.subject()
        context = {
            "subject": str(subject),
            "version": subject.version,
            "crumb": self.crumb,
            "crumb_url": self.done_url(),
            "back_url": self.back_url(),
            "button": self.button,
            "consequence": self.consequence,
            **self.needed_by(),
        }
        return render(request, self.template_name, context)

    def needed_by(self) -> dict[str, Any]:
        """Return `reason` with `uses` (NumberUse) or `users` (Agent) of what needs it; else nothing."""
        return {}
