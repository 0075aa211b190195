"""Agents: which there are, making one, its page, its draft, taking it away."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from agents import services
from agents.agent_templates import agent_templates
from agents.diff import differences_between
from agents.enums import BuiltinTool
from agents.forms.agents import DraftForm, NewAgentForm
from agents.models import Agent, Tool
from agents.queries import listed_agents_of, numbers_by_agent
from agents.summaries import agent_row, missing_words, shown_differences
from agents.texting import texting_warnings
from agents.views.base import AgentsForm, AgentsPage, DeletePage, OneAgentPage
from trunks.models import PhoneNumber
from trunks.models.numbers import OVER_STATES

VERSIONS_SHOWN = 5


class AgentList(AgentsPage):
    """All agents, by name: what answers, and which numbers lead to it."""

    area = "list"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        uses = numbers_by_agent(self.tenant)
        agents = listed_agents_of(self.tenant).order_by("name", "pk")
        rows = [agent_row(agent, uses.get(agent.pk, ())) for agent in agents]
        return render(request, "agents/list.html", {"rows": rows, "tabs": self.area_tabs()})


class AgentCreate(AgentsForm):
    """Make an agent, from nothing or from a template, and go on to its draft."""

    template_name = "agents/create.html"
    form_class = NewAgentForm
    made: Agent

    def initial(self) -> dict[str, Any]:
        wanted = self.request.GET.get("template", "")
        return {"template": wanted if wanted in agent_templates() else ""}

    def page_context(self) -> dict[str, Any]:
        templates = [
            {"template": each, "tools": [BuiltinTool(name).label for name in each.builtin_tools]}
            for each in agent_templates().values()
        ]
        return {"agents_url": self.url("list"), "templates": templates}

    def save(self, form: NewAgentForm) -> str:
        self.made = services.create_agent(tenant=self.tenant, actor=self.actor, **form.cleaned_data)
        return f"{self.made} is made. This is its draft: nobody hears it before you publish it."

    def success_url(self) -> str:
        return self.url("edit", agent_id=self.made.pk)

    def cancel_url(self) -> str:
        return self.url("list")


class AgentDetail(OneAgentPage):
    """What answers calls, what the draft would change, and which numbers lead here."""

    tab = "detail"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        agent = self.agent
        published = agent.published
        uses = numbers_by_agent(self.tenant, agent).get(agent.pk, [])
        changes = shown_differences(differences_between(published, agent)) if published else []
        context = {
            **self.agent_context(),
            "row": agent_row(agent, uses),
            "shown": published or agent,
            "tools": [tool.name for tool in published.tools.all()] if published else _draft_tools(agent),
            "built_in": [BuiltinTool(name).label for name in (published or agent).builtin_tools],
            "changes": changes,
            "missing": missing_words(agent),
            "warnings": texting_warnings(agent, uses),
            "versions": agent.versions.filter(tenant=self.tenant)[:VERSIONS_SHOWN],
            "number_to_lead": None if uses else self._number_to_lead(),
            "has_numbers": bool(uses) or self._numbers().exists(),
            "numbers_url": reverse("numbers:list", kwargs={"tenant": self.tenant.slug}),
        }
        return render(request, "agents/detail.html", context)

    def _numbers(self) -> Any:
        return PhoneNumber.objects.filter(tenant=self.tenant).exclude(state__in=OVER_STATES)

    def _number_to_lead(self) -> PhoneNumber | None:
        """Return the number to offer: the newest that leads nowhere yet."""
        return self._numbers().filter(routes=None).order_by("-created_at").first()


class AgentEdit(OneAgentPage, AgentsForm):
    """Change the draft. Calls are answered as published."""

    tab = "edit"
    template_name = "agents/edit.html"
    form_class = DraftForm

    def make_form(self, data: QueryDict | None = None) -> DraftForm:
        tools = Tool.objects.filter(tenant=self.tenant, deleted_at=None).order_by("name")
        is_stored = bool(self.agent.sip_secret)
        return DraftForm(data, initial=self.initial(), tools=tools, is_stored=is_stored)

    def initial(self) -> dict[str, Any]:
        return DraftForm.initial_of(self.agent)

    def edited(self) -> Agent:
        return self.agent

    def page_context(self) -> dict[str, Any]:
        waiting = services.words_to_fill_in(self.agent)
        every = list(dict.fromkeys(word for words in waiting.values() for word in words))
        return {
            **self.agent_context(),
            "to_fill_in": waiting,
            "words_to_fill_in": every,
        }

    def show(self, form: Any, *, status: int = 200, **more: Any) -> HttpResponse:
        advanced = ("model", "vad_threshold", "silence_duration_ms", "prefix_padding_ms", "idle_timeout_ms")
        is_open = any(form.errors.get(name) for name in advanced) if form.is_bound else False
        return super().show(form, status=status, advanced_open=is_open, **more)

    def save(self, form: DraftForm) -> str:
        had_secret = bool(self.agent.sip_secret)
        stored = services.edit_draft(
            tenant=self.tenant,
            actor=self.actor,
            agent=self.agent,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        self.__dict__.pop("agent", None)
        if had_secret and not stored.sip_secret and not form.cleaned_data.get("forget_secret"):
            return "The draft is saved. The password was for another address or user name: enter it again."
        return "The draft is saved. Callers hear it once it is published."

    def success_url(self) -> str:
        return self.agent_url("detail")


class AgentDelete(DeletePage, OneAgentPage):
    """Take an agent away, unless a number leads to it."""

    crumb: ClassVar[str] = "Agents"
    button: ClassVar[str] = "Delete the agent"
    consequence: ClassVar[str] = (
        "Its draft and the passwords of its SIP addresses are gone. What its versions said stays on record,"
        " so that calls they answered can be explained."
    )

    def subject(self) -> Agent:
        return self.agent

    def needed_by(self) -> dict[str, Any]:
        uses = numbers_by_agent(self.tenant, self.agent).get(self.agent.pk, [])
        return (
            {"reason": "Calls to these numbers lead to it. Lead them elsewhere first.", "uses": uses}
            if uses
            else {}
        )

    def delete(self) -> str:
        services.delete_agent(
            tenant=self.tenant, actor=self.actor, agent=self.agent, expected_version=self.expected_version
        )
        return f"{self.agent} is deleted."

    def back_url(self) -> str:
        return self.agent_url("detail")

    def done_url(self) -> str:
        return self.url("list")


def _draft_tools(agent: Agent) -> list[str]:
    return sorted(each.tool.name for each in agent.tool_choices.all())
