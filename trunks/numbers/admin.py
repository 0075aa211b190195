"""The support desk's phone numbers, the work on them and the accounts that hold them. Keys are never read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.decorators import action, display

from callsphere.lib.errors import Refused
from tenants.admin import ReadOnlyAdmin, ReasonForm, admin_link, staff_actor
from tenants.admin.base import ReadOnlyInline
from trunks.enums import AccountStatus, JobState, NumberState, Verification
from trunks.models import NumberJob, NumberSearch, NumberVerification, PhoneNumber, ProviderAccount
from trunks.numbers.retrying import retry_account, retry_job
from trunks.numbers.services import verify_own_number, withdraw_verification

NUMBER_COLOURS = {
    NumberState.ACTIVE: "success",
    NumberState.ORDERED: "info",
    NumberState.RELEASING: "info",
    NumberState.UNVERIFIED: "warning",
    NumberState.FAILED: "danger",
    NumberState.RELEASED: "info",
}
JOB_COLOURS = {
    JobState.WAITING: "info",
    JobState.UNDOING: "warning",
    JobState.DONE: "success",
    JobState.FAILED: "danger",
}
ACCOUNT_COLOURS = {
    AccountStatus.ACTIVE: "success",
    AccountStatus.SUSPENDED: "warning",
    AccountStatus.CLOSED: "info",
}


class NumbersAdmin(ReadOnlyAdmin):
    """What belongs to a tenant's numbers: looked at, and acted on for a reason."""

    list_select_related: Any = ("tenant",)
    show_full_result_count = False

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: Any) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[row.tenant_id]), str(row.tenant))

    def act(
        self,
        request: HttpRequest,
        object_id: str,
        do: Callable[[Any, str], object],
        *,
        title: str,
        explanation: str,
        button: str,
        done: str,
    ) -> HttpResponse:
        """Ask for the reason, then do it with the row and the reason; say what it refused."""
        row = get_object_or_404(self.model._default_manager.select_related("tenant"), pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                do(row, form.cleaned_data["reason"])
            except ValidationError as error:
                form.add_error(None, " ".join(error.messages))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, done)
                meta = self.model._meta
                name = f"admin:{meta.app_label}_{meta.model_name}_change"
                return HttpResponseRedirect(reverse(name, args=[object_id]))
        return self.ask_for_reason(request, form, f"{title} {row}", explanation, button)


class NumberJobInline(ReadOnlyInline):
    """What was, or is, to be done to it at the provider."""

    model = NumberJob
    fields = ("created_at", "kind", "state", "attempts", "due_at", "error", "actor_label", "ended_at")
    readonly_fields = ("created_at",)


class VerificationInline(ReadOnlyInline):
    """The calls that were to verify it, without their codes."""

    model = NumberVerification
    fields = ("created_at", "state", "extension", "called_at", "error", "actor_label", "ended_at")
    readonly_fields = ("created_at",)


@admin.register(PhoneNumber)
class PhoneNumberAdmin(NumbersAdmin):
    """Numbers of all tenants. Edits are the customer's; whose an own number is, support may decide."""

    list_display = (
        "number",
        "label",
        "tenant_link",
        "state_label",
        "source",
        "trunk",
        "attestation",
        "error",
    )
    list_filter = ("state", "source", "country", "kind", "attestation", "emergency_state", "messaging_state")
    list_select_related = ("tenant", "trunk")
    search_fields = ("number", "label", "provider_sid", "tenant__name", "=id")
    date_hierarchy = "created_at"
    fieldsets = (
        ("Number", {"fields": ("tenant_link", "number", "label", "source", "state", "error", "trunk", "id")}),
        ("Verified", {"fields": ("verified_by", "verified_at")}),
        (
            "At the provider",
            {
                "fields": (
                    *("provider_sid", "address_sid", "bundle_sid", "country", "kind"),
                    *("has_voice", "has_sms", "has_mms", "attestation", "emergency_state"),
                    *("messaging_state", "messaging_detail"),
                )
            },
        ),
        ("When", {"fields": ("created_at", "active_at", "over_at", "version")}),
    )
    readonly_fields = (
        *("tenant_link", "id", "state", "error", "verified_by", "verified_at", "provider_sid"),
        *("has_voice", "has_sms", "has_mms", "attestation", "emergency_state", "messaging_state"),
        *("messaging_detail", "created_at", "active_at", "over_at", "version"),
    )
    inlines = (NumberJobInline, VerificationInline)
    actions_detail = ("verify", "withdraw")

    @display(description="state", label=NUMBER_COLOURS, ordering="state")
    def state_label(self, number: PhoneNumber) -> tuple[str, str]:
        return number.state, number.get_state_display()

    @action(description="Verify", icon="verified")
    def verify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Decide that an own number is the customer's."""
        return self.act(
            request,
            object_id,
            lambda number, reason: verify_own_number(
                tenant=number.tenant,
                actor=staff_actor(request),
                number=number,
                by=Verification.SUPPORT,
                reason=reason,
            ),
            title="Verify",
            explanation="The customer's agents may show it when they call. See a bill of its carrier first.",
            button="Verify",
            done="The number is verified.",
        )

    @action(description="Withdraw the verification", icon="gpp_bad")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Decide that it is not."""
        return self.act(
            request,
            object_id,
            lambda number, reason: withdraw_verification(
                tenant=number.tenant, actor=staff_actor(request), number=number, reason=reason
            ),
            title="Withdraw the verification of",
            explanation="The customer's agents may not show it any more until it is verified again.",
            button="Withdraw",
            done="The verification is withdrawn.",
        )


@admin.register(NumberJob)
class NumberJobAdmin(NumbersAdmin):
    """Purchases, releases and what they wait for."""

    list_display = ("phone_number", "tenant_link", "kind", "state_label", "attempts", "due_at", "error")
    list_filter = ("kind", "state", "error_code")
    list_select_related = ("tenant", "phone_number")
    search_fields = ("phone_number__number", "tenant__name", "error_code", "=id")
    date_hierarchy = "created_at"
    fields = (
        *("tenant_link", "number_link", "kind", "state", "attempts", "due_at", "error", "error_code"),
        *("unsure_at", "claim", "actor_label", "created_at", "ended_at", "id"),
    )
    readonly_fields = ("tenant_link", "number_link", "created_at", "id")
    actions_detail = ("try_now",)

    @display(description="state", label=JOB_COLOURS, ordering="state")
    def state_label(self, job: NumberJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @admin.display(description="number")
    def number_link(self, job: NumberJob) -> str:
        url = reverse("admin:trunks_phonenumber_change", args=[job.phone_number_id])
        return admin_link(url, str(job.phone_number))

    @action(description="Try again now", icon="sync")
    def try_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have a worker try it at once."""
        return self.act(
            request,
            object_id,
            lambda job, reason: retry_job(
                tenant=job.tenant, actor=staff_actor(request), job=job, reason=reason
            ),
            title="Try again:",
            explanation="A worker looks at once; what is done already is not done twice.",
            button="Try again now",
            done="A worker tries it now. Reload in a few seconds.",
        )


@admin.register(ProviderAccount)
class ProviderAccountAdmin(NumbersAdmin):
    """The tenants' subaccounts, without tokens and keys."""

    list_display = ("account", "tenant_link", "status_label", "wanted", "attempts", "due_at", "error")
    list_filter = ("status", "wanted", "error_code")
    search_fields = ("sid", "tenant__name", "=id")
    fields = (
        *("tenant_link", "sid", "status", "wanted", "has_key", "attempts", "due_at", "error", "error_code"),
        *("claim", "created_at", "id"),
    )
    readonly_fields = ("tenant_link", "has_key", "created_at", "id")
    actions_detail = ("try_now",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderAccount]:
        return super().get_queryset(request).defer("auth_token", "key_secret")

    @admin.display(description="account", ordering="sid")
    def account(self, account: ProviderAccount) -> str:
        return str(account)

    @display(description="is", label=ACCOUNT_COLOURS, ordering="status")
    def status_label(self, account: ProviderAccount) -> tuple[str, str]:
        return account.status, account.get_status_display()

    @admin.display(description="has its key", boolean=True)
    def has_key(self, account: ProviderAccount) -> bool:
        return bool(account.key_sid)

    @action(description="Try again now", icon="sync")
    def try_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have a worker look at it at once."""
        return self.act(
            request,
            object_id,
            lambda account, reason: retry_account(
                tenant=account.tenant, actor=staff_actor(request), account=account, reason=reason
            ),
            title="Try again:",
            explanation="A worker makes it what it should be; an account that is there is not made twice.",
            button="Try again now",
            done="A worker looks at it now. Reload in a few seconds.",
        )


@admin.register(NumberSearch)
class NumberSearchAdmin(NumbersAdmin):
    """What customers looked for within the last day, and what they were shown."""

    list_display = ("created_at", "tenant_link", "wanted", "state_label", "count", "error")
    list_filter = ("state", "country", "kind")
    search_fields = ("country", "tenant__name", "=id")
    fields = (
        *("tenant_link", "wanted", "needs_voice", "needs_sms", "needs_mms", "state", "attempts"),
        *("error", "error_code", "created_at", "ended_at", "numbers", "papers", "id"),
    )
    readonly_fields = ("tenant_link", "wanted", "numbers", "papers", "created_at", "id")

    @display(description="state", label=JOB_COLOURS, ordering="state")
    def state_label(self, search: NumberSearch) -> tuple[str, str]:
        return search.state, search.get_state_display()

    def wanted(self, search: NumberSearch) -> str:
        return str(search)

    @admin.display(description="found")
    def count(self, search: NumberSearch) -> int:
        return len(search.found)

    def numbers(self, search: NumberSearch) -> str:
        found = ((each["number"], each["locality"] or each["region"]) for each in search.found)
        return format_html_join("", "<p>{} {}</p>", found) or "none"

    def papers(self, search: NumberSearch) -> str:
        return format_html_join("", "<p>{}</p>", ((each["name"],) for each in search.regulations)) or "none"
