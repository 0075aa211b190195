"""The support desk: trunks with their state. Secrets are never shown; edits are the customer's."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from unfold.decorators import action, display

from callsphere.lib.errors import Refused
from callsphere.sip.causes import CAUSES
from tenants.admin import ReadOnlyAdmin, admin_link, staff_actor
from tenants.admin.base import ReadOnlyInline
from trunks.certificates.admin import ClientCertificateAdmin, TrustedAuthorityAdmin
from trunks.checks.admin import CheckReasonForm, ReadinessCheckAdmin
from trunks.enums import HealthState
from trunks.models import (
    AllowedNetwork,
    DigestCredential,
    Gateway,
    SessionTimerPolicy,
    StatusChange,
    Trunk,
)
from trunks.number_format import RULE_FIELDS
from trunks.numbers.admin import (
    NumberJobAdmin,
    NumberSearchAdmin,
    PhoneNumberAdmin,
    ProviderAccountAdmin,
)
from trunks.overdue import KNOWN
from trunks.provisioning.admin import TrunkProvisionAdmin
from trunks.queries import gap_of, gateway_headline_of, with_state
from trunks.registrations.admin import LOOKS, RegistrationAdmin
from trunks.services import probe_now, start_check
from trunks.session_timers.policy import policy_sentences
from trunks.support import (
    WHO,
    gateways_at,
    headline_with_time,
    last_answer,
    problems_of,
    state_of,
    worst_first,
)
from trunks.wording import authentication_words, direction_words

# Django looks for what is registered here alone: the nouns' own are imported for that.
__all__ = [
    "ClientCertificateAdmin",
    "NumberJobAdmin",
    "NumberSearchAdmin",
    "PhoneNumberAdmin",
    "ProviderAccountAdmin",
    "ReadinessCheckAdmin",
    "RegistrationAdmin",
    "TrunkAdmin",
    "TrunkProvisionAdmin",
    "TrustedAuthorityAdmin",
]
STATE_COLOURS = {**LOOKS, "unready": "warning"}


class GatewayInline(ReadOnlyInline):
    """Where the carrier takes calls, and what is known of it."""

    model = Gateway
    fields = ("uri", "priority", "weight", "is_enabled", "state", "last_answer", "cause")
    readonly_fields = ("state", "last_answer", "cause")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Gateway]:
        return super().get_queryset(request).select_related("health", "trunk__health_policy")

    def state(self, gateway: Gateway) -> str:
        return headline_with_time(gateway_headline_of(gateway))

    def last_answer(self, gateway: Gateway) -> str:
        return last_answer(gateway.health)

    def cause(self, gateway: Gateway) -> str:
        code = gateway.health.cause
        return CAUSES[code].title if code in CAUSES else code


class AllowedNetworkInline(ReadOnlyInline):
    """The allowlist."""

    model = AllowedNetwork
    fields = ("cidr", "note", "wide_confirmed")


class DigestCredentialInline(ReadOnlyInline):
    """Credentials without their secrets."""

    model = DigestCredential
    fields = ("direction", "username", "realm", "password")
    readonly_fields = ("password",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DigestCredential]:
        return super().get_queryset(request).defer("secret")

    def password(self, credential: DigestCredential) -> str:
        if credential.secret_set_at is None:
            because = credential.get_cleared_because_display()
            return f"cleared, because {because}" if because else "cleared"
        bound = f", for {', '.join(credential.bound_hosts)} alone" if credential.bound_hosts else ""
        return f"set {credential.secret_set_at:%Y-%m-%d %H:%M} UTC{bound}"


class StatusChangeInline(ReadOnlyInline):
    """The latest changes of state."""

    model = StatusChange
    fields = ("at", "led_to", "from_state", "to_state", "status", "cause", "detail")
    readonly_fields = ("led_to",)

    @admin.display(description="gateway")
    def led_to(self, change: StatusChange) -> str:
        return change.gateway_uri

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kwargs["max_num"] = 20
        return super().get_formset(request, obj, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatusChange]:
        return super().get_queryset(request).select_related("gateway").order_by("-at")


class StateFilter(admin.SimpleListFilter):
    """Trunks in the state that the list shows."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in HealthState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        if not self.value():
            return queryset
        # one pass over all gateways, where the list's own annotation would take one for each trunk
        found = with_state(Trunk.objects.all()).order_by().filter(state=self.value())
        return queryset.filter(pk__in=found.values("pk"))


@admin.register(Trunk)
class TrunkAdmin(ReadOnlyAdmin):
    """Trunks of all tenants."""

    list_display = ("name", "tenant_link", "state", "since", "gateway_count", "direction", "is_enabled")
    list_filter = (StateFilter, "direction", "is_enabled")
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name", "gateways__host", "id")
    fieldsets = (
        ("State", {"fields": ("tenant_link", "state_in_words", "problems", "more_about_it")}),
        (
            "Settings",
            {"fields": ("name", "calls", "recognised_by", "session_timers", "is_enabled", "notes", "id")},
        ),
        ("Numbers", {"fields": RULE_FIELDS}),
        ("Carrier preset", {"fields": ("preset_key", "preset_version")}),
    )
    readonly_fields = (
        *("tenant_link", "state_in_words", "problems", "more_about_it"),
        *("calls", "recognised_by", "session_timers", "id"),
        *("preset_key", "preset_version"),
    )
    inlines = (GatewayInline, AllowedNetworkInline, DigestCredentialInline, StatusChangeInline)
    actions_detail = ("check_now", "check_line", "see_customers_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trunk]:
        # Worked out trunk by trunk, so that it costs as much as there are rows on the page.
        own = with_state(Trunk.objects.filter(pk=OuterRef("pk"))).order_by()
        return (
            super()
            .get_queryset(request)
            .annotate(
                state=Subquery(own.values("state")),
                state_since=Subquery(own.values("state_since")),
                unchecked_since=Subquery(own.values("unchecked_since")),
                gap_code=Subquery(own.values("gap_code")),
                gateway_count=Subquery(own.values("gateway_count")),
            )
        )

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return worst_first(), "name"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Trunk], search_term: str
    ) -> tuple[QuerySet[Trunk], bool]:
        """Find trunks by name, tenant, gateway as customers paste it, or a member's e-mail address."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        gateways = gateways_at(search_term)
        if gateways is not None:
            found = found | queryset.filter(pk__in=gateways.values("trunk_id"))
            distinct = True
        if "@" in search_term:
            found = found | queryset.filter(tenant__members__user__email__icontains=search_term)
            distinct = True
        return found, distinct

    @display(description="state", label=STATE_COLOURS)
    def state(self, trunk: Any) -> tuple[str, str]:
        state = HealthState(trunk.state)
        if state in KNOWN and trunk.unchecked_since:
            return "unready", f"Not checked, {state.label.lower()} until then"
        if state == HealthState.UP and trunk.gap_code:
            return "unready", "Up, not ready"
        return state, state.label

    @admin.display(ordering="state_since")
    def since(self, trunk: Any) -> Any:
        return trunk.state_since

    @admin.display(ordering="gateway_count", description="gateways")
    def gateway_count(self, trunk: Any) -> int:
        return int(trunk.gateway_count)

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, trunk: Trunk) -> str:
        url = reverse("admin:tenants_tenant_change", args=[trunk.tenant_id])
        return admin_link(url, str(trunk.tenant))

    @admin.display(description="state")
    def state_in_words(self, trunk: Trunk) -> str:
        return state_of(trunk)

    @admin.display(description="what is wrong")
    def problems(self, trunk: Trunk) -> str:
        gap = gap_of(trunk)
        told = [(gap.title, gap.text, gap.fix, WHO["you"], f"on the {gap.tab} page")] if gap else []
        told += [
            (each.cause.title, each.cause.meaning, each.cause.fix, each.who, ", ".join(each.uris))
            for each in problems_of(trunk)
        ]
        one = "<p><strong>{}.</strong> {}</p><p>What to do: {}</p><p>{} · {}</p>"
        return format_html_join("", one, told) or "nothing known"

    @admin.display(description="more about it")
    def more_about_it(self, trunk: Trunk) -> str:
        lists = (
            ("registration", "trunks_registration", f"trunk__id__exact={trunk.pk}"),
            ("set-up at Twilio", "trunks_trunkprovision", f"q={trunk.pk}"),
            ("readiness checks", "trunks_readinesscheck", f"trunk__id__exact={trunk.pk}"),
            ("incidents", "alerts_incident", f"q={trunk.pk}"),
        )
        links = (
            (admin_link(f"{reverse(f'admin:{model}_changelist')}?{query}", text),)
            for text, model, query in lists
        )
        return format_html_join(" · ", "{}", links)

    @admin.display(description="direction")
    def calls(self, trunk: Trunk) -> str:
        return direction_words(trunk.direction)

    @admin.display(description="authentication")
    def recognised_by(self, trunk: Trunk) -> str:
        return authentication_words(trunk.authentication) or "none chosen"

    @admin.display(description="session timers")
    def session_timers(self, trunk: Trunk) -> str:
        sentences = policy_sentences(SessionTimerPolicy.objects.get(trunk=trunk))
        return format_html_join("", "<p>{}</p>", ((each,) for each in sentences))

    @action(description="Check now", icon="network_check")
    def check_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make the gateways due at once, after a click that no other site can fake."""
        trunk = get_object_or_404(Trunk.objects.select_related("tenant"), pk=object_id)
        if request.method != "POST":
            context = {"title": f"Check {trunk.name} now", "opts": self.model._meta, "trunk": trunk}
            site = self.admin_site.each_context(request)
            return render(request, "admin/trunks/check_now.html", {**site, **context})
        try:
            count = probe_now(tenant=trunk.tenant, actor=staff_actor(request), trunk=trunk)
            looked_at = "1 gateway is" if count == 1 else f"{count} gateways are"
            messages.success(request, f"{looked_at} being looked at. Reload in a few seconds.")
        except Refused as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:trunks_trunk_change", args=[object_id]))

    @action(description="Start a readiness check", icon="troubleshoot")
    def check_line(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, and for a number where a call is wanted; then have the line checked."""
        trunk = get_object_or_404(Trunk.objects.select_related("tenant"), pk=object_id)
        form = CheckReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                check = start_check(
                    tenant=trunk.tenant, actor=staff_actor(request), trunk=trunk, **form.cleaned_data
                )
            except ValidationError as error:
                form.add_error(None, error)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "The check is under way. Reload in a few seconds.")
                return HttpResponseRedirect(reverse("admin:trunks_readinesscheck_change", args=[check.pk]))
        explanation = "A call is placed with the customer's account at the carrier, and at their cost."
        return self.ask_for_reason(request, form, f"Check {trunk.name}", explanation, "Start the check")

    @action(description="See the customer's page", icon="visibility")
    def see_customers_page(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """Ask for the reason first, then open this trunk's page."""
        trunk = get_object_or_404(Trunk.objects.select_related("tenant"), pk=object_id)
        page = reverse("trunks:detail", kwargs={"tenant": trunk.tenant.slug, "trunk_id": trunk.pk})
        visit = reverse("admin:tenants_tenant_visit", args=[trunk.tenant_id])
        return HttpResponseRedirect(f"{visit}?{urlencode({'next': page})}")
