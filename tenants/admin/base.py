"""What every page of the support desk stands on."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.audit import Actor
from tenants.middleware import current_request_id
from tenants.models import User


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


class ReasonForm(forms.Form):
    """Why support does something that the customer may ask about. `told` says where it is written."""

    told = "the customer's audit log"
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
        return self.ask(request, title, explanation, button, form)

    def ask(
        self, request: HttpRequest, title: str, explanation: str, button: str, form: ReasonForm | None = None
    ) -> HttpResponse:
        """Show a page that asks once more."""
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


class ReadOnlyInline(TabularInline):
    """Rows below another that support looks at and does not edit."""

    extra = 0
    can_delete = False
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
