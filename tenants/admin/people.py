"""People at the support desk: their rank, access and second factor."""

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.admin.base import ReadOnlyInline, ReasonForm, SupportAdmin, is_superuser, staff_actor
from tenants.admin.tenants import MembershipInline
from tenants.models import User
from tenants.services.second_factor import reset_second_factor
from tenants.services.users import update_user


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


class UserMembershipInline(MembershipInline):
    """Where the person belongs."""

    fields = ("tenant", "role", "created_at")
    readonly_fields = fields


class EmailAddressInline(ReadOnlyInline):
    """The addresses that the person signs in with."""

    model = EmailAddress
    fields = ("email", "verified", "primary")
    readonly_fields = fields


@admin.register(User)
class UserAdmin(SupportAdmin):
    """People."""

    form = UserForm
    list_display = ("email", "name", "is_staff", "is_active", "last_login", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name", "id")
    ordering = ("email",)
    fields = ("email", *UserForm.Meta.fields, "last_login", "date_joined", "reason")
    inlines = (UserMembershipInline, EmailAddressInline)
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
