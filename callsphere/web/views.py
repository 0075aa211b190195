"""Pages that belong to no single area."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from callsphere.web import gallery, introduction


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Say what CallSphere is to whoever is not signed in; take everybody else to their own first page."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "web/landing.html", introduction.context())


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component of the design system with made-up data. Mounted only while DEBUG is on."""
    return render(request, "web/components.html", gallery.context())
