"""The support desk's readiness checks, with their true causes."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.admin import ReadOnlyAdmin, ReasonForm, admin_link
from trunks.checks.reports import as_text
from trunks.enums import CheckState
from trunks.models import (
    ReadinessCheck,
)

CHECK_COLOURS = {
    "pass": "success",
    "warn": "warning",
    "fail": "danger",
    **dict.fromkeys(CheckState.values, "info"),
}


class CheckReasonForm(ReasonForm):
    """Why support checks a customer's line, and whom it calls."""

    call = forms.CharField(
        required=False,
        max_length=64,
        label="Number to call",
        help_text="Agreed with the customer. Empty: no call.",
        widget=UnfoldAdminTextInputWidget,
    )


@admin.register(ReadinessCheck)
class ReadinessCheckAdmin(ReadOnlyAdmin):
    """Readiness checks with their true causes."""

    list_display = ("created_at", "trunk", "tenant_link", "outcome", "cause", "requested_by", "duration_ms")
    list_filter = ("state", "verdict", "requested_kind")
    list_select_related = ("tenant", "trunk")
    search_fields = ("id", "trunk__name", "tenant__name", "cause", "target")
    date_hierarchy = "created_at"
    show_full_result_count = False
    fieldsets = (
        ("Result", {"fields": ("tenant_link", "trunk", "result", "cause", "problem", "target")}),
        ("Asked for", {"fields": ("requested_kind", "requested_by", "reason", "register", "call", "caller")}),
        ("When", {"fields": ("created_at", "started_at", "finished_at", "duration_ms", "id")}),
        ("Report", {"fields": ("report", "calls")}),
    )
    readonly_fields = ("tenant_link", "result", "report", "calls", "created_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReadinessCheck]:
        checks = super().get_queryset(request)
        is_list = request.resolver_match is not None and "object_id" not in request.resolver_match.kwargs
        return checks.defer("steps", "trace", "runs") if is_list else checks

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, check: ReadinessCheck) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[check.tenant_id]), str(check.tenant))

    @display(description="result", label=CHECK_COLOURS)
    def outcome(self, check: ReadinessCheck) -> tuple[str, str]:
        if check.verdict:
            return check.verdict, check.get_verdict_display()
        return check.state, check.get_state_display()

    def result(self, check: ReadinessCheck) -> str:
        return self.outcome(check)[1]

    def report(self, check: ReadinessCheck) -> str:
        return format_html("<pre>{}</pre>", as_text(check, for_staff=True))

    @admin.display(description="calls placed")
    def calls(self, check: ReadinessCheck) -> str:
        calls = [(each.call_id, each.get_state_display(), each.outcome) for each in check.placed_calls.all()]
        return format_html_join("", "<p>{} · {} {}</p>", calls) or "none"
