"""The addresses that the provider asks and tells about calls."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from callsphere.calls import intake, text_intake, text_replies
from callsphere.calls.enums import EventKind
from callsphere.calls.refusals import note_refusal
from callsphere.calls.tokens import published_keys
from callsphere.providers.twilio import twiml
from trunks.models import PhoneNumber, Trunk

LONGEST_BODY = 64 * 1024
_FORM = "application/x-www-form-urlencoded"


@csrf_exempt  # the signature proves more than a token would
@require_POST
def of_number(request: HttpRequest, number_id: uuid.UUID, kind: EventKind) -> HttpResponse:
    """Take what is told of a bought number."""
    return _take(request, PhoneNumber, number_id, kind)


@csrf_exempt  # as above
@require_POST
def of_trunk(request: HttpRequest, trunk_id: uuid.UUID, kind: EventKind) -> HttpResponse:
    """Take what is told of a call over a trunk of the customer's."""
    return _take(request, Trunk, trunk_id, kind)


@csrf_exempt  # as above
@require_POST
def of_text(request: HttpRequest, number_id: uuid.UUID, text_id: uuid.UUID) -> HttpResponse:
    """Take what is told of a text message from a bought number."""
    if not is_form(request):
        return refused("no_form", text_id)
    told = text_intake.ToldOfText(number_id=number_id, text_id=text_id, **signed(request))
    try:
        text_intake.take(told)
    except intake.Unproven as error:
        return refused(str(error), text_id)
    except text_intake.NotAText:
        return HttpResponse("MessageSid is missing.\n", status=400, content_type="text/plain")
    return HttpResponse(status=204)


@csrf_exempt  # as above
@require_POST
def of_reply(request: HttpRequest, number_id: uuid.UUID) -> HttpResponse:
    """Take a text message that came to a bought number. Nothing is answered."""
    if not is_form(request):
        return refused("no_form", number_id)
    try:
        text_replies.take(text_replies.ToldOfReply(number_id=number_id, **signed(request)))
    except intake.Unproven as error:
        return refused(str(error), number_id)
    except text_intake.NotAText:
        return HttpResponse("MessageSid is missing.\n", status=400, content_type="text/plain")
    return HttpResponse(twiml.nothing(), content_type=twiml.CONTENT_TYPE)


@require_safe
def stream_keys(_request: HttpRequest) -> HttpResponse:
    """Publish the keys with which a media stream's token is checked."""
    answer = JsonResponse(published_keys())
    answer["Cache-Control"] = "public, max-age=300"
    return answer


def _take(
    request: HttpRequest, place: type[PhoneNumber] | type[Trunk], place_id: uuid.UUID, kind: EventKind
) -> HttpResponse:
    if not is_form(request):
        return refused("no_form", place_id)
    told = intake.Told(
        kind=kind,
        place=place,
        place_id=place_id,
        after=request.GET.get("after", "") if kind == EventKind.DIALLED else "",
        **signed(request),
    )
    try:
        document = intake.take(told)
    except intake.Unproven as error:
        return refused(str(error), place_id)
    except intake.NotACall:
        return HttpResponse("CallSid is missing.\n", status=400, content_type="text/plain")
    if not document:
        return HttpResponse(status=204)
    return HttpResponse(document, content_type=twiml.CONTENT_TYPE)


def is_form(request: HttpRequest) -> bool:
    """Say whether the provider may have sent this: a form, of a length that it sends."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    return request.content_type == _FORM and length <= LONGEST_BODY


def signed(request: HttpRequest) -> dict[str, Any]:
    """Return what is signed, as the provider was told the address, and the signature."""
    return {
        "url": f"{settings.PUBLIC_URL}{request.get_full_path()}",
        "form": request.POST,
        # not from request.headers, which reads all there are for each request
        "signature": request.META.get("HTTP_X_TWILIO_SIGNATURE", ""),
        "signature_settings": request.META.get("HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS", ""),
    }


def refused(why: str, place_id: uuid.UUID) -> HttpResponse:
    """Answer alike whatever is wrong: nobody learns which numbers and accounts there are."""
    note_refusal(why, str(place_id))
    return HttpResponse("The signature does not prove this.\n", status=403, content_type="text/plain")
