"""The support desk's registrations: how they are, why, and what was tried. Passwords are never shown."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display

from callsphere.lib.errors import Refused
from callsphere.sip.causes import CAUSES
from tenants.admin import ReadOnlyAdmin, ReasonForm, admin_link, staff_actor
from tenants.admin.base import ReadOnlyInline
from trunks.bindings.wording import told, trouble
from trunks.enums import HealthState, RegistrationState
from trunks.models import Registration, RegistrationAttempt
from trunks.registrations.services import register_now
from trunks.registrations.summaries import known_of
from trunks.support import WHO

LOOKS: dict[str, str] = {
    HealthState.UP: "success",
    HealthState.IMPAIRED: "warning",
    HealthState.DOWN: "danger",
    HealthState.UNKNOWN: "info",
    HealthState.PAUSED: "info",
}


class StateFilter(admin.SimpleListFilter):
    """Registrations in a state as the workers left it."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(RegistrationState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        return queryset.filter(status__state=self.value()) if self.value() else queryset


class AttemptInline(ReadOnlyInline):
    """The last attempts with their messages, secrets taken out, and with their true causes."""

    model = RegistrationAttempt
    fields = ("at", "step", "code", "cause_in_words", "target", "duration_ms", "exchange")
    readonly_fields = ("cause_in_words", "exchange")
    ordering = ("-at",)

    @admin.display(description="cause")
    def cause_in_words(self, attempt: RegistrationAttempt) -> str:
        known = CAUSES.get(attempt.cause)
        title = known.title if known else attempt.cause
        return f"{title} ({attempt.detail})" if attempt.detail else title

    @admin.display(description="messages")
    def exchange(self, attempt: RegistrationAttempt) -> str:
        texts = ((each["summary"], each["text"]) for each in attempt.messages)
        one = "<details><summary>{}</summary><pre>{}</pre></details>"
        return format_html_join("", one, texts) or "none"


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    """Registrations of all tenants. Edits are the customer's."""

    list_display = ("name", "trunk", "tenant_link", "state", "since", "expires_at", "next_attempt_at")
    list_filter = (StateFilter, "is_paused", "transport")
    search_fields = ("username", "host", "trunk__name", "tenant__name", "status__call_id", "id")
    show_full_result_count = False
    fieldsets = (
        ("State", {"fields": ("tenant_link", "trunk_link", "state_in_words", "what_is_wrong", "binding")}),
        ("Settings", {"fields": ("registrar", "username", "signs_in_with", "expires_s", "is_paused", "id")}),
    )
    readonly_fields = (
        *("tenant_link", "trunk_link", "state_in_words", "what_is_wrong", "binding", "signs_in_with", "id"),
    )
    inlines = (AttemptInline,)
    actions_detail = ("register_at_once",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return super().get_queryset(request).select_related("tenant", "trunk", "status")

    @admin.display(description="registration", ordering="host")
    def name(self, registration: Registration) -> str:
        return str(registration)

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, registration: Registration) -> str:
        url = reverse("admin:tenants_tenant_change", args=[registration.tenant_id])
        return admin_link(url, str(registration.tenant))

    @admin.display(description="trunk")
    def trunk_link(self, registration: Registration) -> str:
        url = reverse("admin:trunks_trunk_change", args=[registration.trunk_id])
        return admin_link(url, registration.trunk.name)

    @display(description="state", label=LOOKS, ordering="status__state")
    def state(self, registration: Registration) -> tuple[str, str]:
        said = told(known_of(registration), timezone.now())
        return said.looks, said.label

    @admin.display(ordering="status__since")
    def since(self, registration: Registration) -> Any:
        return registration.status.since

    @admin.display(description="lasts until", ordering="status__expires_at")
    def expires_at(self, registration: Registration) -> Any:
        return registration.status.expires_at

    @admin.display(description="next attempt", ordering="status__next_attempt_at")
    def next_attempt_at(self, registration: Registration) -> Any:
        return registration.status.next_attempt_at

    @admin.display(description="state")
    def state_in_words(self, registration: Registration) -> str:
        now = timezone.now()
        return told(known_of(registration), now).text(now)

    @admin.display(description="what is wrong")
    def what_is_wrong(self, registration: Registration) -> str:
        """Tell the true cause, where the customer reads another."""
        status = registration.status
        found = trouble(known_of(registration), timezone.now())
        if found is None:
            return "nothing known"
        true = CAUSES.get(status.cause)
        title, meaning, fix, who = (
            (true.title, true.meaning, true.fix, true.who)
            if true
            else (found.title, found.meaning, found.fix, found.who)
        )
        one = "<p><strong>{}.</strong> {} {}</p><p>What to do: {}</p><p>{} · {}</p>"
        return format_html(one, title, meaning, status.detail, fix, WHO[who], found.plan)

    @admin.display(description="as the carrier knows it")
    def binding(self, registration: Registration) -> str:
        status = registration.status
        return f"{status.contact or 'no Contact yet'}, Call-ID {status.call_id}, CSeq {status.cseq}"

    @admin.display(description="signs in with")
    def signs_in_with(self, registration: Registration) -> str:
        chosen = registration.credential
        if chosen is None:
            return "nothing"
        return f"{chosen}, {'its password was cleared' if chosen.secret_set_at is None else 'password set'}"

    @action(description="Register now", icon="sync")
    def register_at_once(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then make an attempt due."""
        registration = get_object_or_404(Registration.objects.select_related("tenant"), pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                register_now(
                    tenant=registration.tenant,
                    actor=staff_actor(request),
                    registration=registration,
                    reason=form.cleaned_data["reason"],
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "The registration is under way. Reload in a few seconds.")
                return HttpResponseRedirect(reverse("admin:trunks_registration_change", args=[object_id]))
        explanation = "The customer's user name and password are sent to their carrier."
        return self.ask_for_reason(request, form, f"Register {registration}", explanation, "Register now")
