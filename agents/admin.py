"""The support desk's agents, tools, business hours and routes, to look at. What is secret is never read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.decorators import display

from agents.diff import choices_of
from agents.enums import Outcome
from agents.forms.hours import holidays_as_text, week_as_texts
from agents.hours import is_open_at, opening_at
from agents.models import Agent, AgentVersion, BusinessHours, NumberRoute, Tool, ToolInvocation
from agents.models.agents import CONFIGURED
from agents.plans import schedule_of
from agents.services import missing_in, numbers_led_to
from agents.services.drafts import SECRET_FIELDS
from agents.summaries import way_rows
from tenants.admin import ReadOnlyAdmin, admin_link
from tenants.admin.base import ReadOnlyInline

OUTCOME_COLOURS = {
    "waits": "info",
    **dict.fromkeys(Outcome.values, "danger"),
    Outcome.OK: "success",
    Outcome.WRONG_ARGUMENTS: "warning",
    Outcome.INTERRUPTED: "warning",
}
_CONFIGURATION = tuple(name for name in CONFIGURED if name not in SECRET_FIELDS)


class AgentsAdmin(ReadOnlyAdmin):
    """What belongs to a tenant's agents. Edits are the customer's."""

    list_select_related: Any = ("tenant",)
    show_full_result_count = False
    never_read: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.never_read)

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: Any) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[row.tenant_id]), str(row.tenant))


class VersionInline(ReadOnlyInline):
    """An agent's versions, the newest first."""

    model = AgentVersion
    fields = ("number", "created_at", "published_by", "note", "runtime")
    readonly_fields = ("created_at",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).only("pk", "tenant", "agent", *self.fields)


@admin.register(Agent)
class AgentAdmin(AgentsAdmin):
    """Agents of all tenants: the draft, what answers, and what keeps it from being published."""

    never_read = ("sip_secret",)
    list_display = ("name", "tenant_link", "runtime", "published", "published_at", "is_there")
    list_filter = ("runtime", "template", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "published")
    search_fields = ("name", "tenant__name", "=id")
    date_hierarchy = "created_at"
    fieldsets = (
        (
            "Agent",
            {
                "fields": (
                    *("tenant_link", "name", "template", "published", "published_at", "missing"),
                    *("numbers", "tools", "deleted_at", "version", "created_at", "updated_at", "id"),
                )
            },
        ),
        ("Draft", {"fields": (*_CONFIGURATION, "sip_sign_in_set_at")}),
    )
    readonly_fields = (
        *("tenant_link", "template", "published", "published_at", "missing", "numbers", "tools"),
        *("deleted_at", "version", "created_at", "updated_at", "id", "sip_sign_in_set_at"),
    )
    inlines = (VersionInline,)

    @admin.display(boolean=True, description="in use", ordering="deleted_at")
    def is_there(self, agent: Agent) -> bool:
        return agent.deleted_at is None

    @admin.display(description="what the draft lacks")
    def missing(self, agent: Agent) -> str:
        found = [(field, " ".join(words)) for field, words in missing_in(agent).items()]
        return format_html_join("", "<p>{}: {}</p>", found) or "nothing"

    @admin.display(description="numbers that name it")
    def numbers(self, agent: Agent) -> str:
        return ", ".join(numbers_led_to(agent)) or "none"

    @admin.display(description="tools of the draft")
    def tools(self, agent: Agent) -> str:
        return ", ".join(each.tool.name for each in choices_of(agent)) or "none"


@admin.register(AgentVersion)
class AgentVersionAdmin(AgentsAdmin):
    """Versions of agents, as they were published."""

    never_read = ("sip_secret",)
    list_display = ("agent", "number", "tenant_link", "runtime", "note", "published_by", "created_at")
    list_filter = ("runtime",)
    list_select_related = ("tenant", "agent")
    search_fields = ("agent__name", "tenant__name", "=agent__id", "=id")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fieldsets = (
        (
            "Version",
            {
                "fields": (
                    "tenant_link",
                    "agent",
                    "number",
                    "note",
                    "published_by",
                    "created_at",
                    "told",
                    "id",
                )
            },
        ),
        ("What it says", {"fields": (*_CONFIGURATION, "sip_sign_in_set_at")}),
    )
    readonly_fields = ("tenant_link", "agent", "created_at", "told", "id", "sip_sign_in_set_at")

    @admin.display(description="tools")
    def told(self, version: AgentVersion) -> str:
        rows = version.tools.filter(tenant=version.tenant_id).values_list("name", "description")
        return format_html_join("", "<p>{}: {}</p>", rows) or "none"


@admin.register(Tool)
class ToolAdmin(AgentsAdmin):
    """Tools of all tenants, without what is secret of them."""

    never_read = ("secret_headers", "signing_secret")
    list_display = ("name", "tenant_link", "endpoint", "timeout_s", "is_idempotent", "is_there", "created_at")
    list_filter = ("is_idempotent", ("deleted_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "endpoint", "tenant__name", "=id")
    fields = (
        *("tenant_link", "name", "description", "endpoint", "parameters", "timeout_s", "is_idempotent"),
        *("header_names", "headers_set_at", "deleted_at", "version", "created_at", "updated_at", "id"),
    )
    readonly_fields = (
        *("tenant_link", "header_names", "headers_set_at", "deleted_at", "version"),
        *("created_at", "updated_at", "id"),
    )

    @admin.display(boolean=True, description="in use", ordering="deleted_at")
    def is_there(self, tool: Tool) -> bool:
        return tool.deleted_at is None


@admin.register(ToolInvocation)
class ToolInvocationAdmin(AgentsAdmin):
    """Calls of tools, masked, and tests that wait."""

    never_read = ("sealed_arguments",)
    list_display = ("what", "tenant_link", "kind", "shown_outcome", "status", "duration_ms", "created_at")
    list_filter = ("outcome", "kind")
    list_select_related = ("tenant", "tool")
    search_fields = ("tool__name", "tenant__name", "=reference", "=tool__id", "=id")
    date_hierarchy = "created_at"
    fields = (
        *(
            "tenant_link",
            "what",
            "tool",
            "version",
            "kind",
            "reference",
            "what_came_of_it",
            "detail",
            "status",
        ),
        *("arguments", "answer", "tries", "duration_ms", "created_at", "due_at", "claim", "ended_at", "id"),
    )
    readonly_fields = ("tenant_link", "what", "version", "what_came_of_it", "created_at", "id")

    @admin.display(description="asked of", ordering="tool")
    def what(self, row: ToolInvocation) -> str:
        """Name the tool: the customer's, or the built-in one."""
        return f"{row.get_builtin_display()} (built in)" if row.tool is None else row.tool.name

    @admin.display(description="outcome")
    def what_came_of_it(self, row: ToolInvocation) -> str:
        return self.shown_outcome(row)[1]

    @display(description="outcome", label=OUTCOME_COLOURS, ordering="outcome")
    def shown_outcome(self, row: ToolInvocation) -> tuple[str, str]:
        return (row.outcome, Outcome(row.outcome).label) if row.outcome else ("waits", "Waits for a worker")


@admin.register(BusinessHours)
class BusinessHoursAdmin(AgentsAdmin):
    """Business hours of all tenants, and what they say now."""

    list_display = ("name", "tenant_link", "time_zone", "is_open", "updated_at")
    search_fields = ("name", "tenant__name", "=id")
    fields = (
        *("tenant_link", "name", "time_zone", "now", "week", "days_off", "numbers"),
        *("version", "created_at", "updated_at", "id"),
    )
    readonly_fields = (
        *("tenant_link", "now", "week", "days_off", "numbers", "version", "created_at", "updated_at", "id"),
    )

    @admin.display(boolean=True, description="open now")
    def is_open(self, hours: BusinessHours) -> bool:
        return is_open_at(schedule_of(hours), timezone.now())

    @admin.display(description="now")
    def now(self, hours: BusinessHours) -> str:
        return opening_at(schedule_of(hours), timezone.now()).why

    @admin.display(description="every week")
    def week(self, hours: BusinessHours) -> str:
        days = [(day.capitalize(), times or "closed") for day, times in week_as_texts(hours.weekly).items()]
        return format_html_join("", "<p>{}: {}</p>", days)

    @admin.display(description="on certain days")
    def days_off(self, hours: BusinessHours) -> str:
        lines = ((line,) for line in holidays_as_text(hours.holidays).splitlines())
        return format_html_join("", "<p>{}</p>", lines) or "none"

    @admin.display(description="numbers that go by them")
    def numbers(self, hours: BusinessHours) -> str:
        rows = hours.routes.filter(tenant=hours.tenant_id).values_list("phone_number__number", flat=True)
        return ", ".join(sorted(rows)) or "none"


@admin.register(NumberRoute)
class NumberRouteAdmin(AgentsAdmin):
    """Where calls to all tenants' numbers lead."""

    list_display = ("phone_number", "tenant_link", "agent", "pinned", "hours", "most_calls", "updated_at")
    list_select_related = ("tenant", "phone_number", "agent", "pinned", "hours")
    search_fields = ("phone_number__number", "agent__name", "tenant__name", "=id")
    fields = (
        *("tenant_link", "phone_number", "agent", "pinned", "hours", "most_calls", "other_calls"),
        *("version", "created_at", "updated_at", "id"),
    )
    readonly_fields = ("tenant_link", "other_calls", "version", "created_at", "updated_at", "id")

    @admin.display(description="other calls")
    def other_calls(self, route: NumberRoute) -> str:
        ways = [
            (
                way.title,
                way.action.label,
                way.number or way.agent or "",
                "" if way.applies else "never happens",
            )
            for way in way_rows(route)
        ]
        return format_html_join("", "<p>{}: {} {} {}</p>", ways)
