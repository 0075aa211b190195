"""`Idempotency-Key` on POST: the same request again gets the same answer, and is not done twice.

The key is a row, inserted in the request's own transaction: two equal requests at once wait for each
other at the unique constraint. Answers are kept, encrypted, for a day.
"""

import hmac
import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.errors import WrongParameter
from tenants.keys import reveal, seal_for
from tenants.models import IdempotentRequest, Tenant

LIFETIME = timedelta(hours=24)
_LONGEST_KEY = 255


class KeyReused(APIException):
    """The key came with another request before."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for a different request. Use a new key for a new request."


def begin(request: Request, tenant: Tenant) -> tuple[IdempotentRequest | None, Response | None]:
    """Claim the request's key. Returns the row to `finish`, or the answer given before, or neither."""
    key = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not key:
        return None, None
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise WrongParameter({"Idempotency-Key": f"Use up to {_LONGEST_KEY} printable characters."})
    digest = _digest(request)
    row = IdempotentRequest(tenant=tenant, key=key, endpoint=request.path, request_hash=digest)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
        return row, None
    except IntegrityError:
        return _earlier(tenant, key, digest, row)


def finish(row: IdempotentRequest, response: Response) -> None:
    """Keep a success to be given again; forget a refusal, so that the corrected request may use the key."""
    if response.status_code >= 500:  # the transaction is rolled back, and the key with it
        return
    if response.status_code >= 300:
        row.delete()
        return
    row.status = response.status_code
    row.body = seal_for(row, "body", json.dumps(response.data, default=str))
    row.save(update_fields=["status", "body"])


def _earlier(
    tenant: Tenant, key: str, digest: bytes, fresh: IdempotentRequest
) -> tuple[IdempotentRequest | None, Response | None]:
    row = IdempotentRequest.objects.select_for_update().get(tenant=tenant, key=key)
    if row.created_at < timezone.now() - LIFETIME:
        row.delete()
        fresh.save(force_insert=True)
        return fresh, None
    if bytes(row.request_hash) != digest:
        raise KeyReused
    body: Any = json.loads(reveal(row, "body"))
    return None, Response(body, status=row.status, headers={"Idempotent-Replayed": "true"})


def _digest(request: Request) -> bytes:
    # Keyed, since a body may hold a secret that could be guessed from a plain hash.
    content = request.path.encode() + b"\n" + bytes(request._request.body)
    return hmac.digest(settings.SECRET_KEY.encode(), content, "sha256")
