"""Where Stripe tells what happened."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.inbox import store_event
from callsphere.providers.stripe import read_event


@csrf_exempt  # the signature proves more than a token would
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Store a proven event and answer at once; a worker does the rest. The same event again is taken too."""
    secret = settings.STRIPE_WEBHOOK_SECRET
    event = read_event(request.body, request.headers.get("Stripe-Signature", ""), secret) if secret else None
    if event is None:
        return HttpResponse("The signature does not prove this.\n", status=400, content_type="text/plain")
    store_event(event)
    return HttpResponse("Stored.\n", content_type="text/plain")
