"""Where affiliates' links lead."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing.affiliates.attribution import active_affiliate, remember_touch
from billing.affiliates.clicks import count_click
from tenants.context import platform_context


@never_cache
@require_safe
def follow_link(request: HttpRequest, code: str) -> HttpResponse:
    """Lead to the prices, and remember through whom; a code that nobody has leads there too."""
    response = HttpResponseRedirect(reverse("billing:pricing"))
    is_person = request.method == "GET" and "Sec-Purpose" not in request.headers  # no prefetch
    if is_person:
        now = timezone.now()
        with platform_context("follow an affiliate's link"):
            affiliate = active_affiliate(code)
            if affiliate is not None:
                address = request.META.get("REMOTE_ADDR", "")
                count_click(affiliate, address, request.headers.get("User-Agent", "")[:500], now)
        if affiliate is not None:
            remember_touch(request, response, affiliate, now)
    return response
