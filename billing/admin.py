"""Plans and payment at the support desk: what customers bought, and what support may do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing import services
from billing.affiliates import admin as affiliates  # noqa: F401 (registers theirs)
from billing.enums import Stage, Status, WorkState
from billing.models import BillingRequest, Invoice, Notice, Plan, StripeEvent, Subscription
from billing.money import amount_words, price_words
from callsphere.lib.errors import Refused
from tenants.admin import ReadOnlyAdmin, admin_link, staff_actor
from tenants.admin.base import ReasonForm
from tenants.models import Tenant

STATUS_COLOURS = {
    Status.TRIALING: "info",
    Status.ACTIVE: "success",
    Status.PAST_DUE: "warning",
    Status.UNPAID: "danger",
    Status.CANCELED: "danger",
}
STAGE_COLOURS = {Stage.FINE: "success", Stage.GRACE: "warning", Stage.READ_ONLY: "danger"}
_COMP_MEANS = "Its room holds at once, beside what they pay for; the larger of the two counts."
WORK_COLOURS = {WorkState.WAITING: "info", WorkState.DONE: "success", WorkState.FAILED: "danger"}


class ExtendTrialForm(ReasonForm):
    """By how many days, and why."""

    days = forms.IntegerField(
        min_value=1,
        max_value=services.LONGEST_EXTENSION.days,
        label="Days",
        initial=7,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    field_order = ("days", "reason")


class CompForm(ReasonForm):
    """Which plan, for how long, and why."""

    plan = forms.ModelChoiceField(
        Plan.objects.none(),
        required=False,
        label="Plan",
        empty_label="None: take it back",
        widget=UnfoldAdminSelectWidget,
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3650,
        label="Days",
        help_text="Left empty: for good.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    field_order: Iterable[str] = ("plan", "days", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan: Any = self.fields["plan"]
        plan.queryset = Plan.objects.filter(is_offered=True)


class GiveForm(CompForm):
    """Whom, which plan, for how long, and why."""

    organisation = forms.SlugField(
        label="Organisation", help_text="As its address has it: /t/…/", widget=UnfoldAdminTextInputWidget
    )
    field_order = ("organisation", "plan", "days", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan: Any = self.fields["plan"]
        plan.required, plan.empty_label = True, "Choose one"

    def clean_organisation(self) -> Tenant:
        tenant = Tenant.objects.filter(slug=self.cleaned_data["organisation"]).first()
        if tenant is None:
            raise ValidationError("No organisation has this address.")
        return tenant


class OfTenantAdmin(ReadOnlyAdmin):
    """Rows of tenants."""

    list_select_related: Any = ("tenant",)
    show_full_result_count = False

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: Any) -> str:
        url = reverse("admin:tenants_tenant_change", args=[row.tenant_id])
        return admin_link(url, str(row.tenant))


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    """What can be bought. Versions are made by migrations and never change."""

    list_display = ("name", "code", "version", "monthly", "number_limit", "trunk_limit", "is_offered")
    list_filter = ("is_offered",)

    @admin.display(description="a month", ordering="price")
    def monthly(self, plan: Plan) -> str:
        return price_words(plan.price, plan.currency)


@admin.register(Subscription)
class SubscriptionAdmin(OfTenantAdmin):
    """What customers bought. Support extends trials, gives plans, and has everything read again."""

    list_display = (
        "tenant",  # no link of its own: it opens the row
        "plan",
        "shown_status",
        "shown_stage",
        "trial_end",
        "period_end",
        "doubled",
    )
    list_filter = ("status", "stage", "plan", ("doubled", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "plan", "next_plan", "comped_plan")
    search_fields = ("tenant__name", "tenant__slug", "customer", "stripe_id")
    fieldsets = (
        ("Plan", {"fields": ("tenant_link", "plan", "next_plan", "comped_plan", "comped_until")}),
        (
            "At Stripe",
            {
                "fields": (
                    *("status", "customer", "stripe_id", "doubled"),
                    *("card", "had_trial", "fetched_at"),
                )
            },
        ),
        ("When", {"fields": ("period_start", "period_end", "trial_end", "cancel_at", "ended_at")}),
        ("Missing payment", {"fields": ("stage", "grace_until", "release_at", "look_at")}),
    )
    readonly_fields = ("tenant_link",)
    actions_list = ("give_plan",)
    actions_detail = ("extend_trial", "comp_plan", "read_again")

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def shown_status(self, row: Subscription) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="stage", ordering="stage", label=STAGE_COLOURS)
    def shown_stage(self, row: Subscription) -> tuple[str, str]:
        return row.stage, row.get_stage_display()

    @action(description="Extend the trial", icon="event")
    def extend_trial(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for days and a reason."""

        def do(row: Subscription, form: forms.Form) -> str:
            services.extend_trial(
                tenant=row.tenant,
                actor=staff_actor(request),
                days=form.cleaned_data["days"],
                reason=form.cleaned_data["reason"],
            )
            return f"The trial of {row.tenant} is being extended."

        words = ("Extend the trial of {}", "Nothing is charged until the new end.", "Extend")
        return self._ask(request, object_id, ExtendTrialForm, words, do)

    @action(description="Give a plan", icon="redeem")
    def comp_plan(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for plan, days and a reason."""

        def do(row: Subscription, form: forms.Form) -> str:
            plan = _comp(request, row.tenant, form)
            return f"{row.tenant} has {plan} for nothing." if plan else f"{row.tenant} pays for itself again."

        return self._ask(request, object_id, CompForm, ("Give {} a plan", _COMP_MEANS, "Give it"), do)

    @action(description="Give somebody a plan", icon="redeem")
    def give_plan(self, request: HttpRequest) -> HttpResponse:
        """Ask for an organisation, which need not have looked at plans yet, a plan, days and a reason."""
        form = GiveForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            tenant = form.cleaned_data["organisation"]
            messages.success(request, f"{tenant} has {_comp(request, tenant, form)} for nothing.")
            return HttpResponseRedirect(reverse("admin:billing_subscription_changelist"))
        return self.ask(request, "Give somebody a plan", _COMP_MEANS, "Give it", form)

    @action(description="Read again from Stripe", icon="sync")
    def read_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason."""

        def do(row: Subscription, form: forms.Form) -> str:
            services.refresh(
                tenant=row.tenant, actor=staff_actor(request), reason=form.cleaned_data["reason"]
            )
            return f"Plan and invoices of {row.tenant} are being read again."

        explanation = "For when what you see here is not what Stripe shows."
        words = ("Read plan and invoices of {} again", explanation, "Read again")
        return self._ask(request, object_id, ReasonForm, words, do)

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        form_class: type[ReasonForm],
        words: tuple[str, str, str],
        do: Callable[[Subscription, forms.Form], str],
    ) -> HttpResponse:
        row = get_object_or_404(Subscription.objects.select_related("tenant"), pk=object_id)
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                messages.success(request, do(row, form))
                return HttpResponseRedirect(reverse("admin:billing_subscription_change", args=[row.pk]))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            except ValidationError as error:
                form.add_error(None, " ".join(error.messages))
        title, explanation, button = words
        return self.ask(request, title.format(row.tenant), explanation, button, form)


def _comp(request: HttpRequest, tenant: Tenant, form: forms.Form) -> Plan | None:
    plan, days = form.cleaned_data["plan"], form.cleaned_data["days"]
    services.comp_plan(
        tenant=tenant,
        actor=staff_actor(request),
        plan=plan,
        until=timezone.now() + timedelta(days=days) if days else None,
        reason=form.cleaned_data["reason"],
    )
    return plan


@admin.register(Invoice)
class InvoiceAdmin(OfTenantAdmin):
    """What was charged, and given back."""

    list_display = (
        "number",
        "tenant_link",
        "status",
        "shown_total",
        "shown_refunded",
        "shown_disputed",
        "issued_at",
        "paid_at",
    )
    list_filter = ("status", "issued_at")
    search_fields = ("number", "stripe_id", "tenant__name")
    readonly_fields = ("tenant_link",)
    date_hierarchy = "issued_at"

    @admin.display(description="total", ordering="total")
    def shown_total(self, invoice: Invoice) -> str:
        return amount_words(invoice.total, invoice.currency)

    @admin.display(description="refunded", ordering="refunded")
    def shown_refunded(self, invoice: Invoice) -> str:
        return amount_words(invoice.refunded, invoice.currency) if invoice.refunded else ""

    @admin.display(description="disputed", ordering="disputed")
    def shown_disputed(self, invoice: Invoice) -> str:
        return amount_words(invoice.disputed, invoice.currency) if invoice.disputed else ""


@admin.register(Notice)
class NoticeAdmin(OfTenantAdmin):
    """What was announced by mail."""

    list_display = ("kind", "tenant_link", "about", "created_at")
    list_filter = ("kind", "created_at")
    search_fields = ("tenant__name",)
    readonly_fields = ("tenant_link",)
    actions_detail = ("send_again",)

    @action(description="Send again", icon="send")
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason, then mail it again."""
        notice = get_object_or_404(Notice.objects.select_related("tenant"), pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                count = services.resend_notice(
                    tenant=notice.tenant,
                    actor=staff_actor(request),
                    notice=notice,
                    reason=form.cleaned_data["reason"],
                )
                messages.success(request, f"{count} {'mail is' if count == 1 else 'mails are'} on the way.")
                return HttpResponseRedirect(reverse("admin:billing_notice_change", args=[notice.pk]))
            except Refused as refusal:
                form.add_error(None, str(refusal))
        explanation = f"“{notice}” goes to the owners of {notice.tenant} and to those who look after billing."
        return self.ask(request, "Send the announcement again", explanation, "Send again", form)


@admin.register(BillingRequest)
class BillingRequestAdmin(OfTenantAdmin):
    """What was asked of Stripe, and how it went. Where it leads is never shown."""

    list_display = ("kind", "tenant_link", "plan", "shown_state", "attempts", "error", "created_at")
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("tenant", "plan")
    search_fields = ("tenant__name", "id", "actor_label")
    exclude = ("url",)
    readonly_fields = ("tenant_link",)

    @display(description="state", ordering="state", label=WORK_COLOURS)
    def shown_state(self, row: BillingRequest) -> tuple[str, str]:
        return row.state, row.get_state_display()


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """What Stripe told us, and what became of it."""

    list_display = ("kind", "customer", "shown_state", "attempts", "error", "happened_at", "received_at")
    list_filter = ("state", "received_at")
    search_fields = ("event_id", "customer", "object_id", "kind")
    show_full_result_count = False

    @display(description="state", ordering="state", label=WORK_COLOURS)
    def shown_state(self, event: StripeEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()
