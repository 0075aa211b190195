"""The OpenAPI document, the page that shows it, and the answer for addresses that do not exist."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView

from tenants.errors import CONTENT_TYPE, problem

schema = SpectacularJSONAPIView.as_view(urlconf="callsphere.urls")


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show the API to people: every operation, with what it takes and answers, to be tried out."""
    return render(request, "api/docs.html")


@csrf_exempt  # it changes nothing, and whoever posts here should read that, not a page about cookies
def unknown(request: HttpRequest) -> JsonResponse:
    """Answer for an address below /api/v1/ that does not exist."""
    detail = "There is no such address."
    if not request.path.endswith("/"):
        detail += " Addresses end in a slash."
    return JsonResponse(problem(404, "not_found", detail), status=404, content_type=CONTENT_TYPE)
