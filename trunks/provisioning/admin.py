"""The support desk's trunks at Twilio: how they compare, what failed, and what is left of deleted ones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display

from callsphere.lib.errors import Refused
from tenants.admin import ReadOnlyAdmin, ReasonForm, admin_link, staff_actor
from trunks.enums import ProvisionState
from trunks.models import TrunkProvision
from trunks.provisioning.queries import differences_of, problem_of
from trunks.provisioning.services import apply_plan, reconcile_now
from trunks.support import WHO

LOOKS: dict[str, str] = {
    ProvisionState.IN_SYNC: "success",
    ProvisionState.DRIFTED: "warning",
    ProvisionState.FAILED: "danger",
}


@admin.register(TrunkProvision)
class TrunkProvisionAdmin(ReadOnlyAdmin):
    """Trunks at Twilio of all tenants. Settings are the customer's; support has them looked at and put."""

    list_display = ("name", "trunk_link", "tenant_link", "shown_state", "observed_at", "due_at", "error_code")
    list_filter = ("state", "task", "kind")
    search_fields = ("domain_name", "trunk__name", "tenant__name", "=id")
    show_full_result_count = False
    fieldsets = (
        ("State", {"fields": ("tenant_link", "trunk_link", "state", "task", "what_failed", "account_state")}),
        (
            "Plan",
            {"fields": ("shown_plan", "shown_notes", "observed_at", "applied_at", "due_at", "attempts")},
        ),
        (
            "Settings",
            {"fields": ("kind", "domain_name", "secure", "transfer_mode", "auto_apply", "at_twilio")},
        ),
    )
    readonly_fields = (
        *("tenant_link", "trunk_link", "what_failed", "account_state", "shown_plan", "shown_notes"),
        "at_twilio",
    )
    actions_detail = ("reconcile_at_once", "put_ours")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrunkProvision]:
        return super().get_queryset(request).select_related("tenant", "trunk", "account")

    @admin.display(description="set-up", ordering="domain_name")
    def name(self, row: TrunkProvision) -> str:
        return str(row)

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: TrunkProvision) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[row.tenant_id]), str(row.tenant))

    @admin.display(description="trunk", ordering="trunk__name")
    def trunk_link(self, row: TrunkProvision) -> str:
        if row.trunk is None:
            return "deleted"
        return admin_link(reverse("admin:trunks_trunk_change", args=[row.trunk_id]), row.trunk.name)

    @display(description="state", label=LOOKS, ordering="state")
    def shown_state(self, row: TrunkProvision) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.display(description="what failed")
    def what_failed(self, row: TrunkProvision) -> str:
        problem = problem_of(row)
        if problem is None:
            return row.error or "nothing"
        one = "<p><strong>{}.</strong> {}</p><p>What to do: {} {}</p><p>{}</p>"
        return format_html(
            one, problem.title, problem.meaning, problem.fix, problem.where, WHO.get(problem.who, problem.who)
        )

    @admin.display(description="account at Twilio")
    def account_state(self, row: TrunkProvision) -> str:
        words = f"{row.account.sid or 'not made yet'}, {row.account.get_status_display().lower()}"
        return f"{words}. {row.account.error}" if row.account.error else words

    @admin.display(description="plan")
    def shown_plan(self, row: TrunkProvision) -> str:
        told = (
            (each.title, each.ours or "nothing", each.theirs or "nothing") for each in differences_of(row)
        )
        return (
            format_html_join("", "<p><strong>{}</strong><br>ours: {}<br>theirs: {}</p>", told)
            or "no difference"
        )

    @admin.display(description="what Twilio cannot be told")
    def shown_notes(self, row: TrunkProvision) -> str:
        return format_html_join("", "<p>{}</p>", ((each["text"],) for each in row.notes)) or "nothing"

    @admin.display(description="ids at Twilio")
    def at_twilio(self, row: TrunkProvision) -> str:
        return ", ".join(f"{part} {sid}" for part, sid in sorted(row.sids.items())) or "none known"

    @action(description="Reconcile now", icon="sync")
    def reconcile_at_once(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then have a worker go on at once."""
        row = self._row(object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            who: dict[str, Any] = {"tenant": row.tenant, "actor": staff_actor(request)}
            reconcile_now(**who, provision=row, reason=form.cleaned_data["reason"])
            return self._done(request, object_id)
        explanation = "Twilio is read, and what waits for another attempt is tried again. No plan is applied."
        return self.ask_for_reason(request, form, f"Reconcile {row}", explanation, "Reconcile now")

    @action(description="Put ours at Twilio", icon="cloud_upload")
    def put_ours(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then have the whole plan applied that this page shows."""
        row = self._row(object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            who: dict[str, Any] = {"tenant": row.tenant, "actor": staff_actor(request)}
            try:
                apply_plan(
                    **who, provision=row, plan=row.plan_fingerprint, reason=form.cleaned_data["reason"]
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._done(request, object_id)
        titles = " · ".join(each.title for each in differences_of(row))
        explanation = f"All of the plan is put at Twilio: {titles or 'nothing'}."
        return self.ask_for_reason(request, form, f"Put ours at Twilio: {row}", explanation, "Put ours")

    def _row(self, object_id: str) -> TrunkProvision:
        return get_object_or_404(TrunkProvision.objects.select_related("tenant"), pk=object_id)

    def _done(self, request: HttpRequest, object_id: str) -> HttpResponse:
        messages.success(request, "It is under way. Reload in a few seconds.")
        return HttpResponseRedirect(reverse("admin:trunks_trunkprovision_change", args=[object_id]))
