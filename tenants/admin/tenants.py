"""Tenants at the support desk: everything that changes one goes through its services."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import Resolver404, URLPattern, path, resolve, reverse
from django.utils.html import format_html_join
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from callsphere.lib.errors import VersionConflict
from tenants.admin.base import ReadOnlyInline, ReasonForm, SupportAdmin, admin_link, staff_actor
from tenants.conflicts import conflict_rows
from tenants.models import Membership, Tenant
from tenants.services import update_tenant
from tenants.services.editing import check_version, lock_tenant
from tenants.support import begin_visit
from tenants.time_zones import zone_choices

THEIR_ROWS = (
    ("trunks_trunk", "Trunks"),
    ("trunks_phonenumber", "Numbers"),
    ("trunks_numberjob", "Work on numbers"),
    ("trunks_provideraccount", "Account at Twilio"),
    ("trunks_trunkprovision", "Set-ups at Twilio"),
    ("billing_subscription", "Plan"),
    ("billing_invoice", "Invoices"),
)


def page_of_visit(request: HttpRequest, tenant: Tenant) -> str:
    """Return the page of the tenant that the request asks for, or else its first page."""
    target = request.GET.get("next", "")
    try:
        asked = resolve(target).kwargs.get("tenant") == tenant.slug
    except Resolver404:
        asked = False
    return target if asked else reverse("web:dashboard", kwargs={"tenant": tenant.slug})


class MembershipInline(ReadOnlyInline):
    """Who belongs to the tenant."""

    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields


class TenantForm(ModelForm):
    """Time zone and limits, the version they were changed from, and the reason that the customer reads."""

    time_zone = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    # The model's own `version` is not to be edited, and the admin refuses a form's field of that name.
    from_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        max_length=254,
        help_text="The customer reads this in their audit log.",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Tenant
        fields = (
            "time_zone",
            "number_limit",
            "trunk_limit",
            "member_limit",
            "api_key_limit",
            "api_requests_per_minute",
            "concurrent_call_limit",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_version"].initial = self.instance.version
        zones = cast(forms.ChoiceField, self.fields["time_zone"])
        zones.choices = zone_choices(self.instance.time_zone)

    def clean(self) -> dict[str, Any]:
        """Show both versions when somebody else saved the tenant in the meantime."""
        cleaned = super().clean() or {}
        try:
            check_version(lock_tenant(self.instance), cleaned.get("from_version"), self.changes(cleaned))
        except VersionConflict as conflict:
            self.data = {**cast(QueryDict, self.data).dict(), "from_version": conflict.current_version}
            self.add_error(None, str(conflict))
            for row in conflict_rows(self, conflict, {}):
                self.add_error(None, f"{row['label']}: saved now {row['theirs']}, yours {row['yours']}.")
        return cleaned

    def changes(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """Return what differs from what is stored."""
        return {
            name: cleaned[name]
            for name in TenantForm.Meta.fields
            if name in self.changed_data and name in cleaned
        }


@admin.register(Tenant)
class TenantAdmin(SupportAdmin):
    """Customers."""

    form = TenantForm
    list_display = ("name", "slug", "people", "is_active", "created_at")
    list_filter = ("is_active", "created_at")
    search_fields = ("name", "slug", "members__user__email")
    readonly_fields = ("id", "name", "slug", "their", "created_at")
    fields = ("name", "slug", "their", "id", "created_at", *TenantForm.Meta.fields, "from_version", "reason")
    inlines = (MembershipInline,)
    actions_detail = ("see_customers_page",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return super().get_queryset(request).annotate(people_count=Count("members"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Tenant], search_term: str
    ) -> tuple[QuerySet[Tenant], bool]:
        """Find tenants by name, slug, id, or a member's e-mail address."""
        if not search_term:
            return queryset, False
        members = Membership.objects.filter(user__email__icontains=search_term).values("tenant_id")
        found = Q(name__icontains=search_term) | Q(slug__icontains=search_term) | Q(pk__in=members)
        return queryset.filter(found), False

    @admin.display(ordering="people_count", description="people")
    def people(self, tenant: Any) -> int:
        return int(tenant.people_count)

    def their(self, tenant: Tenant) -> str:
        links = (
            admin_link(f"{reverse(f'admin:{name}_changelist')}?tenant__id__exact={tenant.pk}", words)
            for name, words in THEIR_ROWS
        )
        return format_html_join(" · ", "{}", ((link,) for link in links))

    def has_change_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return True

    def save_model(self, request: HttpRequest, obj: Tenant, form: TenantForm, change: bool) -> None:
        update_tenant(
            tenant=obj,
            actor=staff_actor(request),
            expected_version=form.cleaned_data["from_version"],
            reason=form.cleaned_data["reason"],
            **form.changes(form.cleaned_data),
        )

    def get_urls(self) -> list[URLPattern]:
        visit = path("<uuid:pk>/visit/", self.admin_site.admin_view(self.visit), name="tenants_tenant_visit")
        return [visit, *super().get_urls()]

    @action(description="See the customer's page", icon="visibility")
    def see_customers_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:tenants_tenant_visit", args=[object_id]))

    def visit(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask for a reason, then open the customer's pages, read-only, for an hour."""
        tenant = get_object_or_404(Tenant, pk=pk)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            begin_visit(
                request, tenant=tenant, actor=staff_actor(request), reason=form.cleaned_data["reason"]
            )
            messages.info(request, f"You may read {tenant.name}'s pages for an hour.")
            return HttpResponseRedirect(page_of_visit(request, tenant))
        explanation = "You will read the pages as they see them, change nothing, and be out after an hour."
        return self.ask_for_reason(request, form, f"See {tenant.name}'s pages", explanation, "Open the pages")
