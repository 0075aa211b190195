"""The support desk: incidents of all tenants, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from callsphere.alerts.enums import Severity, State
from callsphere.alerts.kinds import kind_label
from callsphere.alerts.models import Incident
from callsphere.alerts.queries import matching
from callsphere.sip.causes import CAUSES
from tenants.admin import ReadOnlyAdmin, admin_link

SEVERITY_COLOURS = {Severity.CRITICAL: "danger", Severity.WARNING: "warning"}


class StateFilter(admin.SimpleListFilter):
    """Incidents that go on, or those that are over."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return matching(queryset, state=self.value() or "")


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """What went wrong, in every tenant. Resolving is the customer's."""

    list_display = (
        "title",
        "tenant_link",
        "severity_in_words",
        "is_open",
        "opened_at",
        "last_seen_at",
        "count",
    )
    list_filter = (StateFilter, "severity", "kind", "resolution")
    list_select_related = ("tenant",)
    search_fields = ("title", "subject_label", "subject_id", "cause", "tenant__name", "id")
    date_hierarchy = "opened_at"
    show_full_result_count = False
    fieldsets = (
        (
            "What happened",
            {"fields": ("title", "tenant_link", "severity_in_words", "kind_in_words", "subject")},
        ),
        ("Why", {"fields": ("cause_in_words", "detail")}),
        ("When", {"fields": ("opened_at", "last_seen_at", "count", "key", "id")}),
        ("How it ended", {"fields": ("resolved_at", "resolution", "resolved_by", "note")}),
    )
    readonly_fields = ("tenant_link", "severity_in_words", "kind_in_words", "subject", "cause_in_words", "id")

    @admin.display(boolean=True, description="open", ordering="resolved_at")
    def is_open(self, incident: Incident) -> bool:
        return incident.is_open

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, incident: Incident) -> str:
        url = reverse("admin:tenants_tenant_change", args=[incident.tenant_id])
        return admin_link(url, str(incident.tenant))

    @display(description="severity", label=SEVERITY_COLOURS, ordering="severity")
    def severity_in_words(self, incident: Incident) -> tuple[str, str]:
        severity = Severity(incident.severity)
        return severity, severity.label

    @admin.display(description="kind")
    def kind_in_words(self, incident: Incident) -> str:
        return kind_label(incident.kind)

    def subject(self, incident: Incident) -> str:
        return f"{incident.subject_kind} {incident.subject_label} ({incident.subject_id})"

    @admin.display(description="cause")
    def cause_in_words(self, incident: Incident) -> str:
        cause = CAUSES.get(incident.cause)
        if cause is None:
            return incident.cause or "none known"
        return format_html("<strong>{}.</strong> {}<br>What to do: {}", cause.title, cause.meaning, cause.fix)
