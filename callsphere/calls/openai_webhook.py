"""Where OpenAI tells of calls that reached the project's SIP address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from callsphere.calls.realtime.offers import take_offer
from callsphere.calls.refusals import note_refusal
from callsphere.providers.openai import WebhookRefused, unwrap_webhook

LONGEST_BODY = 64 * 1024


@csrf_exempt  # the signature proves more than a token would
@require_POST
def openai(request: HttpRequest) -> HttpResponse:
    """Store a call that waits, and answer at once; a worker accepts or rejects it.

    What OpenAI did send and is no call is taken too, since it would be sent again otherwise.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        note_refusal("too_long", "openai")
        return _said(413, "Too long.")
    try:
        call = unwrap_webhook(request.body, request.headers)
    except WebhookRefused as error:
        if error.is_signed:
            return _said(200, "Not needed.")
        note_refusal("wrong_signature", "openai")
        return _said(400, "The signature does not prove this.")
    take_offer(call)
    return _said(200, "Stored.")


def _said(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain")
