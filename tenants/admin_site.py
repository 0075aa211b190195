"""The admin: for staff who proved a second factor in this session."""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_otp.admin import OTPAdminSite
from unfold.sites import UnfoldAdminSite

OWN_APPS = ("tenants", "trunks", "agents", "calls", "alerts", "billing")


class AdminSite(UnfoldAdminSite, OTPAdminSite):
    """unfold's look, django-otp's permission. Its login is the product's, then the one-time code."""

    site_header = "CallSphere support"
    site_title = "CallSphere support"
    index_title = "Support desk"
    login_form = None

    def admin_view(
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        """Give every page of the admin the policy that unfold needs, and no other page."""
        wrapped: Callable[..., HttpResponseBase] = super().admin_view(view, cacheable)
        return csp(settings.ADMIN_CONTENT_SECURITY_POLICY)(wrapped)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """List what support works with, and not the tables of sign-in libraries."""
        apps: list[Any] = super().get_app_list(request, app_label)
        return [app for app in apps if app["app_label"] in OWN_APPS]

    def has_permission(self, request: HttpRequest) -> bool:
        return OTPAdminSite.has_permission(self, request)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send people to the step that is missing: signing in, or the one-time code."""
        target = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        if not request.user.is_authenticated:
            return redirect(f"{reverse(settings.LOGIN_URL)}?{target}")
        return redirect(f"{reverse('tenants:second-factor')}?{target}")
