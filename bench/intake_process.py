"""A web process that takes what is told of calls, or one with a bare view that stores a row: `bare` under the
settings of ours, `stripped` without any middleware.

Takes a number of requests from each line of standard input, and prints as JSON the seconds that they took.
"""

# ruff: noqa: E402  # models can be imported once Django is set up
from __future__ import annotations

import io
import json
import logging
import os
import secrets
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from twilio.request_validator import RequestValidator

from callsphere.lib.ids import uuid7
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.enums import RouteKind
from tenants.keys import seal_for
from tenants.models import Tenant, TenantRoute, User
from tenants.services import create_tenant
from tenants.tokens import hash_token
from trunks.models import PhoneNumber, ProviderAccount

TOKEN = secrets.token_hex(16)
SID = "AC" + secrets.token_hex(16)
_INSERT = "INSERT INTO bench_event (id, payload) VALUES (%s, %s)"


@csrf_exempt  # as ours is
def bare(request: HttpRequest, place: str) -> HttpResponse:
    """Store what came, proven by nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [uuid7(), json.dumps(request.POST.dict())])
    return HttpResponse(status=204)


urlpatterns = [path("bare/<path:place>", bare), path("", include("callsphere.urls"))]


def make_number() -> uuid.UUID:
    """Give somebody a number that can be called."""
    owner = User.objects.create_user(f"{secrets.token_hex(4)}@example.com")
    tenant: Tenant = create_tenant(name="Bench", owner=owner, actor=Actor.system("bench"))
    with tenant_context(tenant):
        account = ProviderAccount(tenant=tenant, sid=SID, status="active")
        account.auth_token = seal_for(account, "auth_token", TOKEN)
        account.save()
        TenantRoute.objects.create(hash=hash_token(SID), kind=RouteKind.PROVIDER_ACCOUNT, tenant=tenant)
        number = PhoneNumber.objects.create(
            tenant=tenant,
            number="+14155550101",
            source="bought",
            provider_sid="PN" + secrets.token_hex(16),
            state="active",
            active_at=timezone.now(),
        )
    return number.pk


def requests(address: str, count: int) -> list[dict[str, Any]]:
    """Return signed requests, each about another call, as a WSGI server hands them over."""
    validator, made = RequestValidator(TOKEN), []
    for _ in range(count):
        fields = {
            "AccountSid": SID,
            "CallSid": "CA" + secrets.token_hex(16),
            "CallStatus": "completed",
            "CallDuration": "17",
            "Direction": "inbound",
            "From": "+12125550100",
            "To": "+14155550101",
            "FromCity": "NEW YORK",
            "SequenceNumber": "3",
            "Timestamp": "Thu, 05 Nov 2026 10:00:00 +0000",
        }
        body = urlencode(fields).encode()
        made.append(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": address,
                "QUERY_STRING": "",
                "CONTENT_TYPE": "application/x-www-form-urlencoded",
                "CONTENT_LENGTH": str(len(body)),
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "REMOTE_ADDR": "127.0.0.1",
                "HTTP_HOST": settings.ALLOWED_HOSTS[0].lstrip("."),
                "HTTP_X_TWILIO_SIGNATURE": validator.compute_signature(
                    f"{settings.PUBLIC_URL}{address}", fields
                ),
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(body),
                "wsgi.errors": sys.stderr,
            }
        )
    return made


def _started(status: str, _headers: Any, _problem: Any = None, /) -> Callable[[bytes], object]:
    if status != "204 No Content":
        raise RuntimeError(f"answered with {status}")
    return bytes


def serve(application: WSGIHandler, waiting: list[dict[str, Any]]) -> dict[str, float]:
    """Answer all, one after another; return the seconds of clock and CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    for environ in waiting:
        answer = application(environ, _started)
        b"".join(answer)
        answer.close()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def main(side: str) -> None:
    """Serve as one side until standard input ends."""
    logging.disable(logging.CRITICAL)
    if side == "ours":
        address = f"/voice/{make_number()}/status/"
    else:
        address, settings.ROOT_URLCONF = f"/bare/{uuid.uuid4()}/status/", __name__
    if side == "stripped":
        settings.MIDDLEWARE = []
    application = WSGIHandler()
    for line in sys.stdin:
        found = serve(application, requests(address, int(line)))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
