"""How many requests somebody's API keys may make."""

import uuid
from math import ceil

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class OwnersRateThrottle(SimpleRateThrottle):
    """The limit a minute of whoever has the keys, over all. While Redis is away nothing is counted."""

    rate = "the owner's"  # DRF counts nothing without one; the figure is the owner's

    def __init__(self, kind: str, owner: uuid.UUID, limit: int) -> None:
        self.scope = kind
        self.owner = owner
        self.num_requests = limit
        self.duration = 60

    def get_cache_key(self, request: object, view: object) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.owner}


def seconds_to_wait(request: HttpRequest, kind: str, owner: uuid.UUID, limit: int) -> int | None:
    """Count a request with a key of this owner's; return None when it may go on, else how long to wait.

    `kind` says what the owner is, `limit` how many a minute they may make. Asks Redis: call it while no
    transaction is open.
    """
    throttle = OwnersRateThrottle(kind, owner, limit)
    if throttle.allow_request(Request(request), APIView()):
        return None
    return ceil(throttle.wait() or throttle.duration)
