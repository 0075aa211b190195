"""Tools: which there are, making and editing one, its signing secret, its log, taking it away."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property

from agents import services
from agents.forms.tools import ToolEditForm, ToolForm, as_text
from agents.models import Tool, ToolInvocation
from agents.queries import agents_using_tool, listed_tools_of, users_by_tool
from agents.summaries import invocation_row, tool_rows
from agents.views.base import AgentsForm, AgentsPage, ChangesAgents, DeletePage
from callsphere.lib.errors import Refused, VersionConflict
from tenants.views.base import shown_once
from trunks.pages.deleting import OfOneVersion
from trunks.queries import read_place

INVOCATIONS_LISTED = 20


class ToolList(AgentsPage):
    """All tools, by name: how the last call of each went, and who uses it."""

    area = "tools"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = tool_rows(listed_tools_of(self.tenant), users_by_tool(self.tenant))
        return render(request, "agents/tools.html", {"rows": rows, "tabs": self.area_tabs()})


class ToolCreate(AgentsForm):
    """Make a tool, and show its signing secret, the only time."""

    template_name = "agents/tool_form.html"
    form_class = ToolForm
    signed: tuple[Tool, str] | None = None

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        if self.signed is None:
            return response
        tool, secret = self.signed
        context = {"tool": tool, "secret": secret, "is_new": True, "tools_url": self.url("tools")}
        return shown_once(render(request, "agents/tool_secret.html", context))

    def page_context(self) -> dict[str, Any]:
        return {"tools_url": self.url("tools")}

    def save(self, form: ToolForm) -> str:
        self.signed = services.create_tool(tenant=self.tenant, actor=self.actor, **form.changes())
        return ""

    def success_url(self) -> str:
        return self.url("tools")


class OneToolPage(AgentsPage):
    """A page about one tool of the tenant; 404 for any other."""

    @cached_property
    def tool(self) -> Tool:
        """The tool; its secrets are not read."""
        tool = listed_tools_of(self.tenant).filter(pk=self.kwargs["tool_id"]).first()
        if tool is None:
            raise Http404("no such tool here")
        return tool

    def tool_url(self, name: str = "tool", **kwargs: Any) -> str:
        """Return the address of one of this tool's pages."""
        return self.url(name, tool_id=self.tool.pk, **kwargs)

    def tool_context(self) -> dict[str, Any]:
        """Return what every page of a tool needs."""
        return {"tool": self.tool, "tools_url": self.url("tools"), "tool_url": self.tool_url()}


class ToolDetail(OneToolPage):
    """What a tool takes, where it is asked, who uses it, and what came of it."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        users = agents_using_tool(self.tool)
        before = request.GET.get("before", "")
        listed = list(self._invocations(before)[: INVOCATIONS_LISTED + 1])
        shown = listed[:INVOCATIONS_LISTED]
        context = {
            **self.tool_context(),
            "row": tool_rows([self.tool], {})[0],
            "users": users,
            "parameters": as_text(self.tool.parameters),
            "invocations": [invocation_row(each) for each in shown],
            "newest_url": request.path if before else "",
            "older_url": f"{request.path}?before={_place(shown[-1])}" if len(listed) > len(shown) else "",
        }
        return render(request, "agents/tool.html", context)

    def _invocations(self, before: str) -> Any:
        rows = ToolInvocation.objects.filter(tenant=self.tenant, tool=self.tool).defer("sealed_arguments")
        place = read_place(before)
        if place is None:
            return rows
        at, pk = place
        return rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))


class ToolEdit(OneToolPage, AgentsForm):
    """Change a tool. What the model is told of it changes when agents are published."""

    template_name = "agents/tool_form.html"
    form_class = ToolEditForm

    def make_form(self, data: QueryDict | None = None) -> ToolEditForm:
        return ToolEditForm(data, initial=self.initial(), stored=self.tool.header_names)

    def initial(self) -> dict[str, Any]:
        return ToolEditForm.initial_of(self.tool)

    def edited(self) -> Tool:
        return self.tool

    def page_context(self) -> dict[str, Any]:
        return self.tool_context()

    def save(self, form: ToolEditForm) -> str:
        had_headers = bool(self.tool.header_names)
        try:
            stored = services.edit_tool(
                tenant=self.tenant,
                actor=self.actor,
                tool=self.tool,
                expected_version=form.cleaned_data["version"],
                **form.changes(),
            )
        except VersionConflict as conflict:
            raise _with_schema_as_text(conflict) from conflict
        if had_headers and not stored.header_names and not form.cleaned_data.get("forget_headers"):
            words = "The secret headers were forgotten, since they were for another host. Enter them again."
            messages.warning(self.request, words)
        return f"{stored} is saved."

    def success_url(self) -> str:
        return self.tool_url()


class ToolSecret(OfOneVersion, OneToolPage, ChangesAgents):
    """Asks once more, then signs with another secret and shows it, the only time."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return render(request, "agents/tool_renew.html", self.tool_context())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            tool, secret = services.renew_signing_secret(
                tenant=self.tenant, actor=self.actor, tool=self.tool, expected_version=self.expected_version
            )
        except VersionConflict:
            messages.warning(
                request, "Somebody changed this tool since you opened the page. Look at it again."
            )
            return HttpResponseRedirect(self.tool_url())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.url("tools"))
        context = {**self.tool_context(), "tool": tool, "secret": secret}
        return shown_once(render(request, "agents/tool_secret.html", context))


class ToolDelete(DeletePage, OneToolPage):
    """Take a tool away, unless an agent uses it."""

    crumb: ClassVar[str] = "Tools"
    button: ClassVar[str] = "Delete the tool"
    consequence: ClassVar[str] = "Its secrets are destroyed. What the log says of it stays for 30 days."

    def subject(self) -> Tool:
        return self.tool

    def needed_by(self) -> dict[str, Any]:
        users = agents_using_tool(self.tool)
        words = (
            "These agents use it, in the draft, as published, or as pinned for a number. Take it from them,"
            " publish them, and pin no version with it."
        )
        return {"reason": words, "users": users} if users else {}

    def delete(self) -> str:
        services.delete_tool(
            tenant=self.tenant, actor=self.actor, tool=self.tool, expected_version=self.expected_version
        )
        return f"{self.tool} is deleted."

    def back_url(self) -> str:
        return self.tool_url()

    def done_url(self) -> str:
        return self.url("tools")


def _place(invocation: ToolInvocation) -> str:
    return f"{invocation.created_at:%Y%m%dT%H%M%S.%fZ}_{invocation.pk}"


def _with_schema_as_text(conflict: VersionConflict) -> VersionConflict:
    """Return a conflict that tells of parameters as the form shows them."""
    yours, theirs = (
        {name: as_text(value) if name == "parameters" else value for name, value in side.items()}
        for side in (conflict.yours, conflict.theirs)
    )
    return VersionConflict(current_version=conflict.current_version, yours=yours, theirs=theirs)
