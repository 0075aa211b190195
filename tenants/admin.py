"""The support desk: tenants and people. Everything that changes a tenant goes through its services."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, URLPattern, path, resolve, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from callsphere.lib.errors import VersionConflict
from tenants.audit import Actor
from tenants.conflicts import conflict_rows
from tenants.middleware import current_request_id
from tenants.models import ApiKey, AuditEvent, Invitation, Membership, Tenant, User
from tenants.services import update_tenant
from tenants.services.editing import check_version, lock_tenant
from tenants.services.second_factor import reset_second_factor
from tenants.services.users import update_user
from tenants.support import begin_visit


def staff_actor(request: HttpRequest) -> Actor:
    """Name the member of staff for the customer's audit log."""
    assert isinstance(request.user, User)  # noqa: S101 (the admin site lets nobody else in)
    return Actor.staff(request.user, ip=request.META.get("REMOTE_ADDR"), request_id=current_request_id())


def is_superuser(request: HttpRequest) -> bool:
    """Whether the member of staff may decide about other staff."""
    return isinstance(request.user, User) and request.user.is_superuser


def admin_link(url: str, text: str) -> str:
    """Return a link in the colour of links, which the admin's own style sheet leaves out."""
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, text)


def page_of_visit(request: HttpRequest, tenant: Tenant) -> str:
    """Return the page of the tenant that the request asks for, or else its first page."""
    target = request.GET.get("next", "")
    try:
        asked = resolve(target).kwargs.get("tenant") == tenant.slug
    except Resolver404:
        asked = False
    return target if asked else reverse("web:dashboard", kwargs={"tenant": tenant.slug})


class UserForm(ModelForm):
    """Rank and access, and the reason that the person's tenants will read."""

    reason = forms.CharField(
        max_length=254,
        help_text="The person's tenants read this in their audit log.",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = User
        fields = ("name", "is_active", "is_staff", "is_superuser")


class ReasonForm(forms.Form):
    """Why support does something that the customer may ask about."""

    reason = forms.CharField(
        max_length=254,
        label="Reason",
        help_text="The customer reads this.",
        widget=UnfoldAdminTextInputWidget,
    )


class SupportAdmin(ModelAdmin):
    """Every member of staff whom the site lets in may look; the rest depends on the model."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def ask_for_reason(
        self, request: HttpRequest, form: ReasonForm, title: str, explanation: str, button: str
    ) -> HttpResponse:
        """Show the form that asks for a reason."""
        context = {
            "title": title,
            "explanation": explanation,
            "button": button,
            "form": form,
            "opts": self.model._meta,
        }
        site = self.admin_site.each_context(request)
        return render(request, "admin/tenants/reason.html", {**site, **context})


class ReadOnlyAdmin(SupportAdmin):
    """Rows that support looks at and does not edit."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(TabularInline):
    """Who belongs to the tenant."""

    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class UserMembershipInline(MembershipInline):
    """Where the person belongs."""

    fields = ("tenant", "role", "created_at")
    readonly_fields = fields


class TenantForm(ModelForm):
    """Limits, the version that they were changed from, and the reason that the customer will read."""

    # The model's own `version` is not to be edited, and the admin refuses a form's field of that name.
    from_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        max_length=254,
        help_text="The customer reads this in their audit log.",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Tenant
        fields = ("trunk_limit", "member_limit", "api_key_limit", "api_requests_per_minute", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Show both versions when somebody else saved the tenant in the meantime."""
        cleaned = super().clean() or {}
        try:
            check_version(lock_tenant(self.instance), cleaned.get("from_version"), self.changes(cleaned))
        except VersionConflict as conflict:
            self.data = {**self.data.dict(), "from_version": conflict.current_version}  # type: ignore[attr-defined]
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
    readonly_fields = ("id", "name", "slug", "trunks", "created_at")
    fields = ("name", "slug", "trunks", "id", "created_at", *TenantForm.Meta.fields, "from_version", "reason")
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

    def trunks(self, tenant: Tenant) -> str:
        url = reverse("admin:trunks_trunk_changelist")
        return admin_link(f"{url}?tenant__id__exact={tenant.pk}", "See their trunks")

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


@admin.register(User)
class UserAdmin(SupportAdmin):
    """People."""

    form = UserForm
    list_display = ("email", "name", "is_staff", "is_active", "last_login", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name", "id")
    ordering = ("email",)
    fields = ("email", *UserForm.Meta.fields, "last_login", "date_joined", "reason")
    inlines = (UserMembershipInline,)
    actions_detail = ("reset_second_factor",)

    @action(description="Reset second factor", icon="lock_reset")
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason, then let the person sign in with the password alone."""
        user = get_object_or_404(User, pk=object_id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            reset_second_factor(user=user, actor=staff_actor(request), reason=reason)
            self.log_change(request, user, f"Reset second factor: {reason}")
            messages.success(
                request, f"{user.email} signs in with the password alone until they set it up again."
            )
            return HttpResponseRedirect(reverse("admin:tenants_user_change", args=[user.pk]))
        explanation = "Be sure who is asking: whoever knows the password gets in without a code afterwards."
        title = f"Reset the second factor of {user.email}"
        return self.ask_for_reason(request, form, title, explanation, "Reset second factor")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes staff."""
        fixed = ("email", "last_login", "date_joined")
        return fixed if is_superuser(request) else (*fixed, "is_staff", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody changes their own account here, and only a superuser that of staff."""
        if obj is None:
            return True
        return obj.pk != request.user.pk and (is_superuser(request) or not obj.is_staff)

    def save_model(self, request: HttpRequest, obj: User, form: UserForm, change: bool) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name != "reason"}
        fresh = User.objects.get(pk=obj.pk)
        update_user(user=fresh, actor=staff_actor(request), reason=form.cleaned_data["reason"], **changed)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys: never their secrets, of which only hashes exist."""

    list_display = ("name", "tenant", "public_id", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("tenant",)
    search_fields = ("name", "public_id", "tenant__name")
    exclude = ("secret_hash",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Open and past invitations."""

    list_display = ("email", "tenant", "role", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("tenant",)
    search_fields = ("email", "tenant__name")
    exclude = ("token_hash",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What was done, in every tenant."""

    list_display = ("created_at", "tenant_link", "actor_label", "verb", "object_label", "reason")
    list_filter = ("actor_kind", "object_kind")
    list_select_related = ("tenant",)
    search_fields = ("actor_label", "object_label", "verb", "tenant__name", "request_id")
    date_hierarchy = "created_at"
    show_full_result_count = False

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, event: AuditEvent) -> str:
        url = reverse("admin:tenants_tenant_change", args=[event.tenant_id])
        return admin_link(url, str(event.tenant))
