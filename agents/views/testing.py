"""Testing a tool: its arguments, and what came of it as soon as a worker has called it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, QueryDict
from django.utils.functional import cached_property

from agents.forms.tools import ARGUMENTS, ArgumentsForm, as_text
from agents.invoking import request_test
from agents.models import ToolInvocation
from agents.summaries import invocation_row
from agents.views.base import AgentsForm
from agents.views.tools import OneToolPage
from trunks.pages.base import LivePage


class ToolTest(OneToolPage, AgentsForm):
    """Enter arguments; sent, it leads to the page that follows the test."""

    template_name = "agents/tool_test.html"
    form_class = ArgumentsForm
    asked: ToolInvocation

    def make_form(self, data: QueryDict | None = None) -> ArgumentsForm:
        return ArgumentsForm(data, schema=self.tool.parameters)

    def page_context(self) -> dict[str, Any]:
        return self.tool_context()

    def place(self, name: str, text: str) -> tuple[str, str]:
        return (ARGUMENTS if name == "arguments" else name), text

    def save(self, form: ArgumentsForm) -> str:
        self.asked = request_test(
            tenant=self.tenant, actor=self.actor, tool=self.tool, arguments=form.arguments()
        )
        return ""

    def success_url(self) -> str:
        return self.tool_url("invocation", invocation_id=self.asked.pk)

    def cancel_url(self) -> str:
        return self.tool_url()


class InvocationDetail(OneToolPage, LivePage):
    """What came of one call of a tool, masked; a test that waits is followed."""

    template_name = "agents/invocation.html"

    @cached_property
    def invocation(self) -> ToolInvocation:
        """The invocation. Raises Http404."""
        rows = ToolInvocation.objects.filter(tenant=self.tenant, tool=self.tool)
        found = rows.defer("sealed_arguments").filter(pk=self.kwargs["invocation_id"]).first()
        if found is None:
            raise Http404("no such invocation here")
        return found

    def page_context(self) -> dict[str, Any]:
        invocation = self.invocation
        return {
            **self.tool_context(),
            "row": invocation_row(invocation),
            "invocation": invocation,
            "arguments": as_text(invocation.arguments),
            "answer": "" if invocation.answer is None else as_text(invocation.answer),
        }

    def is_settled(self, context: dict[str, Any]) -> bool:
        return bool(self.invocation.outcome)

    def said(self, context: dict[str, Any]) -> str:
        row = context["row"]
        return f"{row.label}. {self.invocation.detail}".strip()
