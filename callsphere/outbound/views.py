"""The addresses that the provider asks and tells about calls that we placed."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from callsphere.calls.intake import NotACall, Unproven
from callsphere.calls.views import is_form, refused, signed
from callsphere.outbound import intake
from callsphere.outbound.enums import OrderTold
from callsphere.providers.twilio import twiml


@csrf_exempt  # the signature proves more than a token would
@require_POST
def of_order(request: HttpRequest, order_id: uuid.UUID, claim: int, kind: OrderTold) -> HttpResponse:
    """Take what is told of a call that was placed, or answer what to do with it."""
    if not is_form(request):
        return refused("no_form", order_id)
    told = intake.Told(order_id=order_id, claim=claim, kind=kind, **signed(request))
    try:
        document = intake.take(told)
    except Unproven as error:
        return refused(str(error), order_id)
    except NotACall:
        return HttpResponse("CallSid is missing.\n", status=400, content_type="text/plain")
    if not document:
        return HttpResponse(status=204)
    return HttpResponse(document, content_type=twiml.CONTENT_TYPE)
